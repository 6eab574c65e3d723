"""Deleting an account: what goes, what stays, and that nothing is forgotten."""

import pytest

from chat.models import Message, Person
from chat.protocol import Post
from chat.services import people, rooms
from chat.services.people import DELETED
from tests import wire

# The rows that refer to a person and stay, with the reason.
KEPT = {
    "messages": "others have read them",
    "reaction": "others have seen them",
    "change": "they hold no text of the person",
    "memberships": "deleted, except bans",
    "mentions": "they belong to the messages",
    "visits": "they end with their board",
    "room": "created_by",
    "invitation": "created_by",
    "logentry": "the log of the admin",
}


def delete(browser, password="correct horse"):
    return browser.delete("/api/profile/", {"password": password}, content_type="application/json")


def test_every_row_of_a_person_is_either_deleted_or_kept_for_a_reason():
    relations = {field.name for field in Person._meta.get_fields() if field.auto_created and not field.concrete}
    assert relations == set(DELETED) | set(KEPT)


def test_the_messages_stay_without_a_name_and_the_rest_goes(alice, bob, room):
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "Hello"))
    people.change_profile(alice, {"name": "Alice Liddell"})
    people.make_token(alice, "bot")
    browser = wire.calm(wire.browser_of(alice))
    assert delete(browser).status_code == 204
    gone = Person.objects.get(id=alice.id)
    assert gone.handle == f"deleted-{alice.id}" and not gone.is_active and not gone.has_usable_password()
    assert Message.objects.get().body == "Hello"
    for name in DELETED:
        field = Person._meta.get_field(name)
        assert not field.related_model.objects.filter(**{field.field.name: gone}).exists(), name
    assert not gone.memberships.exists()
    assert browser.get("/api/session/").json()["handle"] is None


def test_the_handle_becomes_free(alice):
    delete(wire.calm(wire.browser_of(alice)))
    assert people.sign_up("Alice", "another secret").id != alice.id


@pytest.mark.django_db(transaction=True)
def test_open_sockets_are_closed(enter, alice):
    socket = enter(alice)
    delete(wire.calm(socket.browser))
    socket.read()
    assert socket.code == 4401


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_deletes_nothing(alice, password):
    response = delete(wire.calm(wire.browser_of(alice)), password)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert Person.objects.get(id=alice.id).is_active


def test_a_banned_person_does_not_lose_the_ban(alice, bob, room):
    rooms.apply_role(rooms.join_room(bob, "garden"), "banned")
    delete(wire.calm(wire.browser_of(bob)), "battery staple")
    assert Person.objects.get(id=bob.id).memberships.get().role == "banned"

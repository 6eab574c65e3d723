"""Deleting an account: the rows that are deleted, and the rows that stay. Each kind is in one of the two lists."""

import pytest
from django.contrib.admin.models import LogEntry

from chat.models import (
    AccountEntry,
    Announcement,
    AuditEntry,
    Change,
    CustomEmoji,
    EarlierBody,
    Hold,
    Hook,
    Invitation,
    Member,
    Mention,
    Message,
    Person,
    PollVote,
    Reaction,
    Report,
    Room,
    Upload,
    Visitor,
)
from chat.protocol import Post
from chat.services import blocks, bookmarks, people, rooms
from chat.services.people import DELETED
from tests import wire
from tests.chat.helpers import assert_refused

# The rows that refer to a person and stay, with the reason.
KEPT = {
    (Message, "author"): "others have read them",
    (Reaction, "person"): "others have seen them",
    (PollVote, "person"): "others have counted them",
    (EarlierBody, "replaced_by"): "they belong to the messages",
    (Mention, "person"): "they belong to the messages",
    (Change, "person"): "they hold no text of the person",
    (Member, "person"): "deleted, except bans and direct conversations",
    (Report, "reporter"): "the record of moderation",
    (Report, "closed_by"): "the record of moderation",
    (AuditEntry, "actor"): "the record of moderation",
    (AuditEntry, "person"): "the record of moderation",
    (AccountEntry, "actor"): "it belongs to the accounts of others",
    (Upload, "person"): "deleted, except the files of messages",
    (Visitor, "person"): "they end with their board",
    (Room, "created_by"): "others use it",
    (CustomEmoji, "added_by"): "others use it",
    (Hold, "person"): "operators need it as long as the hold lasts",
    (Invitation, "created_by"): "it is not valid without the membership, and expires",
    (Announcement, "created_by"): "others read it",
    (Hook, "created_by"): "it belongs to the room, whose owners can delete it",
    (Hook, "person"): "a bot has no login, and no account that anybody could delete",
    (LogEntry, "user"): "the log of the admin",
}


def delete(browser, password="correct horse"):
    return browser.delete("/api/profile/", {"password": password}, content_type="application/json")


def test_every_row_of_a_person_is_either_deleted_or_kept_for_a_reason():
    fields = [field for field in Person._meta.get_fields(include_hidden=True) if field.auto_created]
    relations = {(field.related_model, field.field.name) for field in fields if not field.concrete}
    assert relations == {*DELETED, *KEPT}


def test_the_messages_stay_without_a_name_and_the_rows_of_the_list_are_deleted(alice, bob, room):
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "Hello"))
    people.change_profile(alice, {"name": "Alice Liddell"})
    people.make_token(alice, "bot")
    bookmarks.set_bookmark(alice, "garden", 1)
    blocks.block_person(alice, bob)
    blocks.block_person(bob, alice)
    browser = wire.calm(wire.browser_of(alice))
    assert delete(browser).status_code == 204
    gone = Person.objects.get(id=alice.id)
    assert gone.handle == f"deleted-{alice.id}" and not gone.is_active and not gone.has_usable_password()
    assert Message.objects.get().body == "Hello"
    for model, field in DELETED:
        assert not model.objects.filter(**{field: gone}).exists(), model
    assert not gone.memberships.exists()
    assert browser.get("/api/session/").json()["handle"] is None


def test_the_handle_becomes_free(alice):
    delete(wire.calm(wire.browser_of(alice)))
    assert people.sign_up("Alice", "another secret").id != alice.id


def test_other_people_cannot_take_the_name_under_which_the_messages_stay(alice, bob, room):
    delete(wire.calm(wire.browser_of(alice)))
    for handle in (f"deleted-{alice.id}", f"Deleted-{alice.id}"):
        assert_refused("taken", people.sign_up, handle, "another secret")
        assert_refused("taken", people.sign_up_guest, handle)
    people.sign_up(f"deleted-{bob.id}", "another secret")
    delete(wire.calm(wire.browser_of(bob)), "battery staple")
    gone = Person.objects.get(id=bob.id)
    assert gone.handle.startswith(f"deleted-{bob.id}-") and not gone.is_active


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

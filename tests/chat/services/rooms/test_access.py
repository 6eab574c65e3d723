"""Rooms are created, found, entered and deleted; private rooms and boards stay hidden."""

import contextlib
import threading
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection

from chat import protocol
from chat.models import Member, Room
from chat.protocol import ChatError
from chat.services import moderation, rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import post

pytestmark = pytest.mark.django_db


def test_the_creator_of_a_room_owns_it(alice, room):
    assert Member.objects.get(room=room).role == "owner"
    assert rooms.join_room(alice, "garden").is_moderator


@pytest.mark.django_db(transaction=True)
def test_the_lobby_gets_an_event_for_a_new_room(alice, read_events):
    rooms.create_room(alice, "attic", "Attic")
    assert read_events() == [{"type": "updated"}]


def test_a_guest_cannot_create_a_room(charlie):
    assert_refused("forbidden", rooms.create_room, charlie, "attic", "Attic")


@pytest.mark.parametrize(
    "slug, name, topic, code",
    [
        ("garden", "Other", "", "taken"),
        ("Garden", "A", "", "invalid_field"),
        ("attic", " ", "", "empty"),
        ("attic", "x" * 81, "", "too_long"),
        ("attic", "A", "x" * 501, "too_long"),
        ("attic", "a\nb", "", "invalid_field"),
        (None, "A", "", "invalid_field"),
        ("attic", None, "", "invalid_field"),
    ],
)
def test_a_room_needs_a_free_slug_and_valid_texts(alice, room, slug, name, topic, code):
    assert_refused(code, rooms.create_room, alice, slug, name, topic)
    assert Room.objects.count() == 1


def test_a_person_who_enters_becomes_a_member_once(bob, charlie, room):
    assert rooms.join_room(bob, "garden").role == "member"
    assert rooms.join_room(charlie, "garden").role == "guest"
    assert rooms.join_room(bob, "garden").id == Member.objects.get(person=bob).id


@pytest.mark.parametrize("slug", ["attic", "", "Garden", "garden\n", "a\0", "x" * 60])
def test_an_unknown_slug_is_not_found(bob, room, slug):
    assert_refused("not_found", rooms.join_room, bob, slug)
    assert_refused("not_found", rooms.get_readable_room, bob, slug)


def test_a_banned_member_can_neither_enter_nor_read(bob, member_of):
    member_of(bob, Member.BANNED)
    assert_refused("forbidden", rooms.join_room, bob, "garden")
    assert_refused("forbidden", rooms.get_readable_room, bob, "garden")


def test_the_room_with_the_newest_message_is_listed_first_and_empty_rooms_last(alice):
    for slug in ("one", "two", "three", "four"):
        rooms.create_room(alice, slug, slug.title(), "silence" if slug == "four" else "")
    post(rooms.join_room(alice, "three"), "r1")
    post(rooms.join_room(alice, "one"), "r2")
    assert [room.slug for room in rooms.find_rooms(AnonymousUser())[0]] == ["one", "three", "four", "two"]


def test_rooms_are_found_by_slug_name_and_topic_in_pages(alice):
    rooms.create_room(alice, "one", "First", "apples")
    rooms.create_room(alice, "two", "Second", "pears")
    for text, slugs in [("ON", ["two", "one"]), ("fir", ["one"]), ("PEAR", ["two"]), ("%", []), ("_", []), ("'", [])]:
        assert [room.slug for room in rooms.find_rooms(AnonymousUser(), text)[0]] == slugs
    pages = [rooms.find_rooms(AnonymousUser(), page=page, size=1) for page in (0, 1)]
    assert [(room.slug, more) for [room], more in pages] == [("two", True), ("one", False)]
    assert rooms.find_rooms(AnonymousUser(), page=2, size=1) == ([], False)


def test_the_first_room_is_created_only_if_there_is_none(db, capsys):
    call_command("firstroom")
    call_command("firstroom")
    assert [room.slug for room in Room.objects.all()] == ["welcome"]
    assert capsys.readouterr().out.count("/rooms/welcome/") == 1


@pytest.mark.django_db(transaction=True)
def test_a_deleted_room_closes_its_connections(enter, alice, room):
    socket = enter(alice)
    rooms.delete_room(room)
    socket.read()
    assert socket.code == 4404


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")
@pytest.mark.django_db(transaction=True)
def test_a_room_can_be_deleted_while_people_post_in_it(alice, room, member_of):
    member, acks = member_of(alice), []
    thread = threading.Thread(target=post_until_the_room_is_deleted, args=[member, acks])
    thread.start()
    while thread.is_alive() and len(acks) < 300:
        time.sleep(0.01)
    rooms.delete_room(room)
    thread.join(30)
    assert not thread.is_alive() and not Room.objects.exists()


def post_until_the_room_is_deleted(member, acks):
    with contextlib.suppress(Room.DoesNotExist), contextlib.closing(connection):
        while True:
            acks.append(post(member, f"r{len(acks)}"))


@pytest.fixture
def set_access(room):
    """Return a function that sets the access of the room `garden`."""

    def set_to(access):
        Room.objects.filter(id=room.id).update(access=access)

    return set_to


def test_only_members_can_enter_and_read_a_private_room(alice, bob, set_access):
    set_access(Room.PRIVATE)
    assert rooms.join_room(alice, "garden").role == Member.OWNER
    assert rooms.get_readable_room(alice, "garden").slug == "garden"
    for enter in (rooms.join_room, rooms.get_readable_room):
        with pytest.raises(ChatError) as caught:
            enter(bob, "garden")
        with pytest.raises(ChatError) as unknown:
            enter(bob, "nowhere")
        assert (caught.value.code, caught.value.detail) == (unknown.value.code, unknown.value.detail)
    assert not Member.objects.filter(person=bob).exists()


def test_a_boards_room_cannot_be_entered_from_the_lobby_even_by_its_members(alice, set_access):
    set_access(Room.BOARD)
    for enter in (rooms.join_room, rooms.get_readable_room):
        with pytest.raises(ChatError, match="no such room"):
            enter(alice, "garden")
    assert rooms.find_rooms(alice) == ([], False)


def test_the_list_of_rooms_has_only_the_private_rooms_that_the_person_may_enter(alice, bob, charlie, set_access):
    rooms.join_room(bob, "garden")
    rooms.apply_role(rooms.join_room(charlie, "garden"), Member.BANNED)
    set_access(Room.PRIVATE)
    found = {person: len(rooms.find_rooms(person)[0]) for person in (alice, bob, charlie, AnonymousUser())}
    assert list(found.values()) == [1, 1, 0, 0]


def test_a_change_in_a_room_that_was_deleted_meanwhile_is_refused(alice, bob, room):
    owner, member = rooms.join_room(alice, "garden"), rooms.join_room(bob, "garden")
    Room.objects.filter(id=room.id).delete()
    for change, *arguments in (
        (rooms.post_message, member, protocol.Post("r1", "Hello")),
        (rooms.remove_message, member, protocol.Remove("x1", 1)),
        (moderation.change_role, alice, owner.room, bob, Member.MUTED),
        (moderation.remove_member, None, member),
    ):
        assert_refused("not_found", change, *arguments)

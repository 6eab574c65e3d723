"""A person receives each announcement until the person dismisses it or it expires."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat import protocol
from chat.models import Announcement, Member, Person, Receipt, Room
from chat.services import announcements, people, rooms
from tests import wire
from tests.chat.helpers import Browser, assert_refused
from tests.chat.services.announcements.helpers import dismiss, received

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_event_has_the_fields_of_the_protocol(alice, enter):
    socket = enter(alice)
    announcement = announcements.announce("We close at six.", "urgent")
    event = {
        "type": "announcement",
        "id": announcement.id,
        "text": "We close at six.",
        "level": "urgent",
        "at": protocol.format_time(announcement.created_at),
        "expires_at": protocol.format_time(announcement.expires_at),
    }
    assert socket.seen("announcement") == [event]
    whisper = announcements.whisper("alice", "Psst")
    assert socket.seen("announcement")[1] == {
        "type": "announcement",
        "id": whisper.id,
        "text": "Psst",
        "level": "info",
        "private": True,
        "at": protocol.format_time(whisper.created_at),
        "expires_at": protocol.format_time(whisper.expires_at),
    }


def test_an_announcement_is_received_in_two_tabs_and_in_another_room(alice, bob, enter, enter_attic):
    sockets = enter(alice), enter(alice), enter_attic(bob)
    announcements.announce("Hello all")
    assert [received(socket) for socket in sockets] == [["Hello all"]] * 3


def test_an_announcement_to_a_room_is_received_in_that_room_only(alice, bob, enter, enter_attic):
    in_garden, in_attic = enter(alice), enter_attic(bob)
    announcements.announce("Roses", slug="garden")
    assert (received(in_garden), received(in_attic)) == (["Roses"], [])
    assert received(enter_attic(alice)) == []
    assert received(enter(bob)) == ["Roses"]


def test_a_whisper_is_received_by_one_person_in_all_their_tabs(alice, bob, enter, enter_attic):
    tabs, other = (enter(bob), enter_attic(bob)), enter(alice)
    announcements.whisper("BOB", "For you")
    assert [received(tab) for tab in tabs] == [["For you"]] * 2
    assert received(other) == [] and received(enter(alice)) == []


def test_an_announcement_stays_until_it_is_dismissed(alice, bob, enter, enter_attic):
    present = enter(alice)
    announcements.announce("Hello all", "urgent")
    assert received(present) == received(enter(alice)) == received(enter_attic(alice)) == ["Hello all"]
    assert received(enter(bob)) == received(enter(bob)) == received(enter_attic(bob)) == ["Hello all"]
    dismiss(present, "Hello all")
    assert received(enter(alice)) == received(enter_attic(alice)) == []
    assert received(enter(bob)) == ["Hello all"]


@pytest.mark.parametrize("query", ["", "announced=0"])
def test_a_guests_dismissal_applies_to_later_connections(charlie, enter, query):
    announcements.announce("Hello all")
    dismiss(enter(charlie), "Hello all")
    assert received(enter(charlie, query=query)) == []


def test_a_dismissal_reaches_the_persons_other_tabs_only(alice, bob, enter, enter_attic):
    tabs, other = (enter(alice), enter(alice), enter_attic(alice)), enter(bob)
    announcement = announcements.announce("Hello all")
    dismiss(tabs[0], "Hello all")
    dismiss(tabs[0], "Hello all")
    assert all({"type": "dismissed", "id": announcement.id} in tab.seen("dismissed") for tab in tabs)
    assert other.seen("dismissed") == [] and Receipt.objects.count() == 1


def test_a_person_cannot_dismiss_an_announcement_to_another_person(alice, bob, enter):
    socket = enter(bob)
    whisper = announcements.whisper("Alice", "For you")
    for id in (whisper.id, whisper.id + 1, 0):
        socket.say("dismiss", id=id)
    assert not Receipt.objects.exists() and socket.seen("rejected") == []


def test_open_pages_remove_a_withdrawn_announcement(alice, bob, enter, enter_attic):
    in_garden, in_attic = enter(alice), enter_attic(bob)
    for announcement in (announcements.announce("All"), announcements.announce("Here", slug="garden")):
        announcements.withdraw_announcement(announcement.id)
    assert (len(in_garden.seen("dismissed")), len(in_attic.seen("dismissed"))) == (2, 1)


def test_a_whisper_is_received_when_its_person_connects(alice, bob, enter, enter_attic):
    announcements.whisper("Bob", "For you")
    assert received(enter(alice)) == []
    socket = enter_attic(bob)
    assert received(socket) == received(enter(bob)) == ["For you"]
    dismiss(socket, "For you")
    assert received(enter(bob)) == []


def test_an_expired_announcement_is_not_received(alice, enter):
    announcement = announcements.announce("Soon over", expires_in=3600)
    Announcement.objects.filter(id=announcement.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert received(enter(alice)) == []


def test_a_withdrawn_announcement_is_not_received(alice, enter):
    announcement = announcements.announce("A mistake")
    announcements.withdraw_announcement(announcement.id)
    assert received(enter(alice)) == []
    for announcement_id in (announcement.id, 2**60):
        assert_refused("not_found", announcements.withdraw_announcement, announcement_id)


def test_several_announcements_are_received_in_order_before_synced(alice, enter):
    for text in ("one", "two", "three"):
        announcements.announce(text)
    socket = enter(alice)
    kinds = [event["type"] for event in socket.events]
    assert received(socket) == ["one", "two", "three"]
    assert kinds[0] == "joined" and kinds.index("synced") > kinds.index("announcement")


def test_a_private_rooms_announcement_is_received_by_its_members_only(alice, bob, enter_attic, attic):
    Room.objects.filter(id=attic.id).update(access=Room.PRIVATE)
    announcements.announce("Among us", slug="attic")
    outsider = enter_attic(bob)
    assert (outsider.code, received(outsider)) == (4404, [])
    assert received(enter_attic(alice)) == ["Among us"]


def test_visitors_of_a_board_receive_announcements_to_everybody(alice, bob, enter_attic, attic):
    visitor = enter_attic(bob)
    Room.objects.filter(id=attic.id).update(access=Room.BOARD)
    announcements.announce("Hello all")
    assert received(visitor) == ["Hello all"]


def test_a_banned_person_receives_no_announcement_to_the_room(alice, bob, enter, room):
    socket = enter(bob)
    rooms.apply_role(Member.objects.get(room=room, person=bob), Member.BANNED)
    wire.work()
    socket.disconnect()
    announcements.announce("Roses", slug="garden")
    again = enter(bob)
    assert (received(socket), received(again), again.code) == ([], [], 4403)
    assert not Receipt.objects.exists()


def test_receipts_survive_a_deactivation_and_are_deleted_with_the_room(alice, bob, enter, room):
    announcements.announce("Roses", slug="garden", by=alice)
    dismiss(enter(bob), "Roses")
    Person.objects.filter(id=bob.id).update(is_active=False)
    assert Receipt.objects.filter(person=bob).count() == 1
    rooms.delete_room(room)
    assert not Announcement.objects.exists() and not Receipt.objects.exists()


def test_a_person_with_the_same_handle_as_a_visitor_receives_the_announcement(alice, room):
    board = Browser().make_board(handle="Alice").room()
    announcements.announce("We close at six.")
    assert received(board) == ["We close at six."]
    socket = wire.Socket("/chat/garden/", wire.browser_of(alice)).connect()
    assert received(socket) == ["We close at six."]


def test_a_visitor_of_a_board_can_dismiss_an_announcement(db):
    owner = Browser().make_board(handle="Alice")
    socket = owner.room()
    announcements.announce("We close at six.")
    assert received(socket) == received(owner.room()) == ["We close at six."]
    dismiss(socket, "We close at six.")
    assert received(owner.room()) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \u200b "}, "empty"),
        ({"text": "x" * 1001}, "too_long"),
        ({"text": 5}, "invalid_field"),
        ({"text": "a\0b"}, "invalid_field"),
        ({"level": "loud"}, "invalid_field"),
        ({"level": ["info"]}, "invalid_field"),
        ({"expires_in": 0}, "invalid_field"),
        ({"expires_in": 10**9}, "invalid_field"),
        ({"expires_in": "1h"}, "invalid_field"),
    ],
)
def test_invalid_announcements_are_rejected(alice, fields, code):
    text = fields.pop("text", "Hello")
    assert_refused(code, announcements.announce, text, **fields)
    assert_refused(code, announcements.whisper, "Alice", text, **fields)
    assert not Announcement.objects.exists()


def test_unknown_people_and_rooms_are_not_found(alice, charlie, room):
    Person.objects.filter(id=charlie.id).update(is_active=False)
    for handle in ("Nobody", "Charlie", "", "x" * 100):
        assert_refused("not_found", announcements.whisper, handle, "Hello")
        assert_refused("not_found", people.disconnect, handle)
    assert_refused("invalid_field", people.disconnect, "a\0b")
    assert_refused("not_found", announcements.announce, "Hello", slug="nowhere")
    assert_refused("not_found", people.disconnect, "Alice", "nowhere")
    assert_refused("not_found", people.disconnect, "Alice", "../x")


def test_the_levels_are_the_levels_of_the_protocol():
    assert [level for level, _ in Announcement.LEVELS] == list(protocol.LEVELS)

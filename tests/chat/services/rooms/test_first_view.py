"""The first view of a room, which its page contains."""

import pytest

from chat.models import Member, Room
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.rooms import first_view
from tests.chat.services.rooms.actions import fill
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("read", "first", "last", "more_after"),
    [(170, 121, 170, False), (120, 121, 170, False), (119, 71, 170, False), (60, 12, 111, True), (0, 1, 100, True)],
)
def test_a_page_has_the_newest_messages_or_those_around_the_first_unread_one(
    alice, bob, member_of, room, read, first, last, more_after
):
    member = member_of(bob)
    fill(member_of(alice), 170)
    Member.objects.filter(id=member.id).update(read_offset=read)
    view = rooms.get_first_view(bob, room)
    assert [message["id"] for message in view["messages"]] == list(range(first, last + 1))
    assert [view["offset"], view["unread"], view["more_after"]] == [170, 170 - read, more_after]


def test_a_first_unread_message_that_was_just_deleted_is_no_error(alice, bob, member_of, room, monkeypatch):
    member_of(bob)
    fill(member_of(alice), 70)
    monkeypatch.setattr(first_view, "get_page_around", fail_with(ChatError("not_found", "There is no such message.")))
    assert rooms.get_first_view(bob, room)["messages"][-1]["id"] == 70


def test_a_person_who_is_not_a_member_has_nothing_unread_in_the_first_view(alice, bob, member_of, room):
    fill(member_of(alice), 2)
    view = rooms.get_first_view(bob, room)
    assert [view[name] for name in ("offset", "read", "unread", "first_unread")] == [2, 2, 0, None]


def test_a_room_that_is_deleted_while_its_page_is_made_is_not_found(bob, room):
    rooms.delete_room(Room.objects.get())
    with pytest.raises(ChatError) as raised:
        rooms.get_first_view(bob, room)
    assert raised.value.code == "not_found"

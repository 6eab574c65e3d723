"""Backlogs after a cursor, pages of history, and read markers."""

import pytest

from chat import protocol
from chat.connections import Connection
from chat.models import Member, snapshot
from chat.protocol import Edit
from chat.services import rooms
from tests.chat.services.rooms.actions import fill, ids

pytestmark = pytest.mark.django_db


def test_without_a_cursor_a_backlog_has_the_newest_50_messages_by_id(alice, member_of, room):
    member = member_of(alice)
    assert rooms.get_backlog(room, None) == rooms.Backlog([], 0)
    fill(member, 51)
    rooms.edit_message(member, Edit("e1", 1, "Hi"))
    rooms.edit_message(member, Edit("e2", 20, "Hi"))
    backlog = rooms.get_backlog(room, None)
    assert ids(backlog.messages) == list(range(2, 52))
    assert (backlog.offset, backlog.more, backlog.reset) == (53, False, False)


def test_after_a_cursor_a_backlog_has_the_changes_in_order_of_offset(alice, member_of, room):
    member = member_of(alice)
    fill(member, 5)
    rooms.edit_message(member, Edit("e1", 2, "Hi"))
    backlog = rooms.get_backlog(room, 3)
    assert [(message["id"], message["offset"]) for message in backlog.messages] == [(4, 4), (5, 5), (2, 6)]
    assert (backlog.offset, backlog.more, backlog.reset) == (6, False, False)
    assert rooms.get_backlog(room, 6) == rooms.Backlog([], 6)


def test_a_backlog_has_only_the_latest_change_of_a_message(alice, member_of, room):
    member = member_of(alice)
    fill(member, 2)
    for number in range(5):
        rooms.edit_message(member, Edit(f"e{number}", 1, str(number)))
    backlog = rooms.get_backlog(room, 0)
    assert [message["offset"] for message in backlog.messages] == [2, 7]
    assert backlog.offset == 7


def test_a_cursor_beyond_the_rooms_offset_gives_a_reset(alice, member_of, room):
    fill(member_of(alice), 3)
    backlog = rooms.get_backlog(room, 4)
    assert (ids(backlog.messages), backlog.offset, backlog.reset) == ([1, 2, 3], 3, True)


def test_a_backlog_contains_changes_that_were_stored_after_its_offset_was_read(alice, member_of, room, monkeypatch):
    fill(member_of(alice), 3)
    for cursor in (None, 0):
        backlog = rooms.get_backlog(room, cursor, 1)
        assert (ids(backlog.messages), backlog.offset, backlog.more) == ([1, 2, 3], 3, False)
    monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", 2)
    backlog = rooms.get_backlog(room, 0, 1)
    assert (ids(backlog.messages), backlog.offset, backlog.more) == ([1, 2], 2, True)


@pytest.mark.parametrize("limit, more", [(3, True), (4, False), (5, False)])
def test_a_backlog_says_whether_more_changes_follow(alice, member_of, room, monkeypatch, limit, more):
    monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", limit)
    fill(member_of(alice), 4)
    backlog = rooms.get_backlog(room, 0)
    assert ids(backlog.messages) == list(range(1, 5))[:limit]
    assert (backlog.offset, backlog.more) == (3 if more else 4, more)


def test_a_limited_backlog_is_complete_up_to_its_offset(alice, member_of, room, monkeypatch):
    monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", 2)
    member = member_of(alice)
    fill(member, 4)
    rooms.edit_message(member, Edit("e1", 2, "Hi"))
    backlog = rooms.get_backlog(room, 0)
    assert (ids(backlog.messages), backlog.offset, backlog.more) == ([1, 3], 3, True)
    rest = rooms.get_backlog(room, backlog.offset)
    assert (ids(rest.messages), rest.offset, rest.more) == ([4, 2], 5, False)


def test_a_backlog_has_at_most_200_changes():
    assert rooms.reading.MAX_BACKLOG == protocol.MAX_BACKLOG == 200


def test_pages_go_back_by_id(alice, member_of, room):
    fill(member_of(alice), 5)
    assert [
        (ids(messages), more)
        for messages, more in [
            rooms.get_page(room, None, 2),
            rooms.get_page(room, 4, 2),
            rooms.get_page(room, 2, 2),
            rooms.get_page(room, 4, 3),
            rooms.get_page(room, 1, 2),
            rooms.get_page(room, 0, 2),
            rooms.get_page(room, 2**53 - 1, 5),
        ]
    ] == [
        ([4, 5], True),
        ([2, 3], True),
        ([1], False),
        ([1, 2, 3], False),
        ([], False),
        ([], False),
        ([1, 2, 3, 4, 5], False),
    ]


@pytest.mark.parametrize("size", [1, 8])
def test_a_backlog_of_any_length_takes_three_queries(alice, member_of, room, django_assert_num_queries, size):
    fill(member_of(alice), size)
    # The queries read the room's offset, the messages with their authors, and the reactions with their people.
    with django_assert_num_queries(3):
        rooms.get_backlog(room, 0)


@pytest.mark.django_db(transaction=True)
def test_a_backlog_a_page_and_changes_are_each_read_in_one_snapshot(alice, member_of, room, monkeypatch):
    snapshots = []
    monkeypatch.setattr(rooms.reading, "snapshot", lambda: snapshots.append(1) or snapshot())
    rooms.get_backlog(room, 0)
    rooms.get_page(room, None, 1)
    rooms.get_changes(room, 0, 1)
    assert len(snapshots) == 3


def test_a_read_marker_moves_only_forward_and_not_beyond_the_rooms_offset(alice, member_of):
    fill(member_of(alice), 3)
    for offset, marker in [(2, 2), (1, 2), (99, 3), (0, 3)]:
        rooms.mark_read(member_of(alice), offset, Connection("nobody", {}, "unknown"))
        assert Member.objects.get(person=alice).read_offset == marker

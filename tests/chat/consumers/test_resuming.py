"""Resuming a room's socket: a client with a cursor gets the changes after it."""

import pytest

from chat.protocol import EVENTS
from chat.services import rooms

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_client_with_a_cursor_gets_the_changes_after_it(alice, enter):
    first = enter(alice)
    for number in range(3):
        first.post(f"r{number}")
    first.ask("edit", ref="e1", id=1, body="Hi")
    socket = enter(alice, query="cursor=2")
    assert [(event["id"], event["offset"]) for event in socket.seen("message")] == [(3, 3), (1, 4)]
    assert socket.seen("synced") == [{"type": "synced", "offset": 4, "more": False}]
    assert "reset" not in socket.seen("joined")[0]


def test_a_cursor_that_equals_the_offset_gets_no_messages(alice, enter):
    enter(alice).post("r1")
    socket = enter(alice, query="cursor=1")
    assert socket.seen("message") == [] and socket.seen("synced")[0]["offset"] == 1
    assert "reset" not in socket.seen("joined")[0]


@pytest.mark.parametrize(
    "query",
    [
        "cursor=2",
        "cursor=9007199254740991",
        "cursor=",
        "cursor",
        "cursor=-1",
        "cursor=1.0",
        "cursor=true",
        "cursor=%00",
        "cursor=99999999999999999999",
        "cursor=0&cursor=x",
        "cursor=%ff",
        "cursor=%D9%A3",
    ],
)
def test_a_cursor_that_is_malformed_or_beyond_the_offset_gets_a_reset(alice, enter, query):
    enter(alice).post("r1")
    socket = enter(alice, query=query)
    assert socket.seen("joined")[0]["reset"] is True
    assert [event["id"] for event in socket.seen("message")] == [1]
    assert socket.seen("synced")[0]["offset"] == 1


def test_other_query_parameters_are_ignored(alice, enter):
    socket = enter(alice, query="a=1;b&Cursor=5&&cursor2=x")
    assert "reset" not in socket.seen("joined")[0]


def test_a_long_backlog_is_sent_in_parts_of_200(alice, enter, room):
    member = rooms.join_room(alice, "garden")
    for number in range(201):
        rooms.post_message(member, EVENTS["post"](f"r{number}", "Hello"))
    socket = enter(alice, query="cursor=0")
    assert len(socket.seen("message")) == 200
    assert socket.seen("synced") == [{"type": "synced", "offset": 200, "more": True}]
    events = socket.say("sync", cursor=200)
    assert [event.get("offset") for event in events if event["type"] != "presence"] == [201, 201]
    assert events[-1] == {"type": "synced", "offset": 201, "more": False}
    assert len(enter(alice).seen("message")) == 50

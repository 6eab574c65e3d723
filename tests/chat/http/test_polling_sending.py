"""Polling: frames that a client sends, and how they are answered."""

import json

import pytest

from chat import broadcast, protocol
from chat.consumers import frames
from chat.http.api.polling import MAX_FRAME_BYTES, MAX_FRAMES
from chat.services import announcements, limits, presence
from tests.chat.helpers import types
from tests.chat.polling import ban, channels_of, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_frames_are_answered_as_on_a_socket(enter, poller, alice, bob):
    bobs_client, socket = poller(bob), enter(alice)
    bobs_client.start()
    frames_to_send = [
        post("r1", "one"),
        {"type": "edit", "ref": "r2", "id": 1, "body": "two"},
        {"type": "react", "ref": "r3", "id": 1, "emoji": "👍", "on": True},
        {"type": "fetch", "ref": "r4", "limit": 5, "around": 1},
        {"type": "sync", "cursor": 0},
        post("r1", "other"),
        {"type": "nonsense"},
        7,
        {"type": "post", "ref": "r5"},
        {"type": "typing", "on": True},
        {"type": "remove", "ref": "r6", "id": 1},
    ]
    events = bobs_client.say(*frames_to_send).body["events"]
    assert types(events) == ["ack", "ack", "ack", "page", "message", "synced", *["rejected"] * 4, "ack"]
    assert [event.get("ref") for event in events[:4]] == ["r1", "r2", "r3", "r4"]
    assert [event["code"] for event in events if event["type"] == "rejected"] == [
        "ref_conflict",
        "unknown_type",
        "not_an_object",
        "missing_field",
    ]
    assert [event["body"] for event in socket.seen("message")] == ["one", "two", "two", ""]
    assert socket.seen("typing") == [{"type": "typing", "handle": "Bob", "on": True}]


def test_one_frame_needs_no_list_and_the_same_ref_gets_the_same_ack(poller, room, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    first, again = bobs_client.say(post("r1")).body, bobs_client.say(post("r1")).body
    assert first == again == {"events": [{"type": "ack", "ref": "r1", "id": 1, "offset": 1}]}
    assert room.messages.count() == 1


def test_a_sync_renews_the_leases_and_joins_no_group(poller, room, bob, clock):
    bobs_client = poller(bob)
    bobs_client.start()
    clock.pass_by(70)
    bobs_client.say({"type": "sync", "cursor": 0})
    clock.pass_by(70)
    assert presence.count_present([room.id]) == [1]
    assert channels_of(broadcast.room_group(room.id)) == []


@pytest.mark.parametrize(
    "body, code",
    [
        (b"[", "invalid_json"),
        (b"[{}", "invalid_json"),
        (b"[{} {}]", "invalid_json"),
        (b"[{},]", "invalid_json"),
        (b"[{}] []", "invalid_json"),
        (b"[NaN]", "invalid_json"),
        (b'[{"a": 1, "a": 2}]', "invalid_json"),
        (b"\xff", "invalid_json"),
        (b"[" * 100000, "invalid_json"),
    ],
)
def test_an_invalid_list_is_refused_as_a_whole(poller, room, bob, body, code):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.request("POST", f"poll={bobs_client.poll}", body)
    assert (response.status, response.body["code"]) == (400, code)


def test_an_invalid_frame_is_rejected_as_on_a_socket(enter, poller, bob):
    bobs_client, socket = poller(bob), enter(bob)
    bobs_client.start()
    for text in ("nonsense", "NaN", '{"type": 1}', "7", " {} ", " "):
        response = bobs_client.request("POST", f"poll={bobs_client.poll}", text.encode())
        assert types(response.body["events"]) == ["rejected"]
        assert response.body["events"] == socket.send(text)


def test_an_empty_list_of_frames_gets_no_answers(poller, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    assert bobs_client.request("POST", f"poll={bobs_client.poll}", b" [ ] ").body == {"events": []}


def test_a_frame_that_is_too_large_gets_the_close_code_of_a_socket(poller, room, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.say(post("r1"), post("r2", "x" * MAX_FRAME_BYTES))
    assert (response.status, response.body["code"], response.body["close"]) == (413, "too_large", 1009)
    assert room.messages.count() == 0


def test_frames_above_the_maximum_number_are_all_refused(poller, room, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.say(*[{"type": "typing", "on": False}] * (MAX_FRAMES + 1))
    assert (response.status, response.body["code"]) == (400, "too_long")


def test_frames_after_a_close_are_not_handled(poller, room, bob, monkeypatch):
    bobs_client = poller(bob)
    bobs_client.start()
    verdicts = iter([None, protocol.CloseConnection(4429), None])

    def check_frame(*arguments):
        if verdict := next(verdicts):
            raise verdict

    monkeypatch.setattr(limits, "check_frame", check_frame)
    response = bobs_client.say(post("r1"), post("r2"), post("r3"))
    assert response.body == {"close": 4429, "events": [{"type": "ack", "ref": "r1", "id": 1, "offset": 1}]}
    assert room.messages.count() == 1


def test_a_ban_between_two_frames_applies_from_the_next_frame(poller, room, bob, monkeypatch):
    bobs_client = poller(bob)
    bobs_client.start()
    typing = frames.HANDLERS["typing"]

    def ban_bob_first(*arguments):
        ban(bob)
        typing(*arguments)

    monkeypatch.setitem(frames.HANDLERS, "typing", ban_bob_first)
    response = bobs_client.say(post("r1"), {"type": "typing", "on": True}, post("r2"))
    assert (response.status, response.body["close"], types(response.body["events"])) == (200, 4403, ["ack"])
    assert room.messages.count() == 1


def test_a_post_by_polling_reaches_waiting_requests(poller, alice, bob):
    alices_client, bobs_client = poller(alice), poller(bob)
    alices_client.start()
    bobs_client.start()
    waiting = alices_client.poll_again()
    bobs_client.say(post("b1"))
    received = [json.loads(content["text"]) for content in waiting.read()]
    assert [event["ref"] for event in received if event["type"] == "message"] == ["b1"]


def test_announcements_between_two_polls_arrive_at_the_second(poller, bob, room):
    bobs_client = poller(bob)
    bobs_client.start()
    announcements.announce("Closing at eight")
    announcements.whisper("Bob", "You first")
    events = bobs_client.poll_again().body["events"]
    assert [event["text"] for event in events] == ["Closing at eight", "You first"]
    assert bobs_client.poll_again(wait=0).body["events"] == [protocol.synced(0, False)]


def test_a_poll_runs_five_statements(poller, bob, django_assert_num_queries):
    bobs_client = poller(bob)
    bobs_client.start()
    # Four statements read the login session, its person, the room with the member, and whether there are announcements
    # or tasks. After the request has joined its groups, one statement reads the member with its login again.
    with django_assert_num_queries(5):
        assert bobs_client.poll_again().later is not None

"""A room's socket from its handshake to its end: every answer, every code, and nothing that jams it."""

import json
import logging

import pytest
import redis
from channels import channel_layers
from channels.sessions import session_for_reply_channel
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from channels_transport import LogThrottle
from chat import broadcast
from chat.consumers.frames import HANDLERS
from chat.models import Change, Member, Message
from chat.protocol import EVENTS
from chat.services import people, rooms
from chat.store import store
from chat.version import CLIENT_VERSION
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def set_role(room):
    def set_role(person, role):
        rooms.apply_role(rooms.join_room(person, "garden"), role)

    return set_role


def statements(queries):
    """What was asked of the database, by first word and table, without the brackets of the transaction."""
    found = []
    for query in queries:
        words = query["sql"].split()
        if words[0] in ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "SET"):
            continue
        table = next(word for word in words if word.startswith(('"chat_', '"django_', "chat_")))
        found.append((words[0], table.split(".")[0].strip('"')))
    return found


# The handshake.


def test_who_enters_gets_joined_then_the_backlog_then_synced(alice, enter):
    enter(alice).post("r1")
    socket = enter(alice)
    assert [event["type"] for event in socket.events[:3]] == ["joined", "message", "synced"]
    joined = socket.events[0]
    assert joined["room"] == {"slug": "garden", "name": "The garden", "topic": "Roses and weeds"}
    assert (joined["you"]["handle"], joined["you"]["role"]) == ("Alice", "owner")
    assert (joined["offset"], joined["count"], joined["version"]) == (1, 1, CLIENT_VERSION)
    assert joined["present"] == [{"handle": "Alice", "role": "owner"}]
    assert socket.events[2] == {"type": "synced", "offset": 1, "more": False}
    assert socket.accepted and "reset" not in joined


def test_joined_travels_with_the_accept(alice, room):
    socket = wire.Socket("/chat/garden/", wire.browser_of(alice))
    socket.put("websocket.connect", **socket.handshake)
    wire.work()
    _, first = wire.layer().receive([socket.channel])
    assert first["accept"] is True and json.loads(first["text"])["type"] == "joined"


@pytest.mark.parametrize("path", ["/chat/garden/", "/chat/attic/", "/chat/No%20Slug/"])
def test_strangers_are_not_signed_in_whatever_they_ask_for(room, path):
    socket = wire.Socket(path).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4401, [])


@pytest.mark.parametrize(
    "path",
    [
        "/chat/attic/",
        "/chat/GARDEN/",
        "/chat//",
        "/chat/garden",
        "/chat/garden/more/",
        "/chat/" + "x" * 51 + "/",
        "/",
        "/chat/-a/",
        "/chat/garden\n/",
        "/chat/garden/\n",
        "/nowhere/",
        "/lobby",
        "/lobby/\n",
    ],
)
def test_there_is_nothing_elsewhere(alice, room, path):
    socket = wire.Socket(path, wire.browser_of(alice)).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])
    socket.send("Hello")
    socket.disconnect()


def test_the_banned_are_kept_out(bob, enter, set_role):
    set_role(bob, Member.BANNED)
    assert enter(bob).code == 4403


@pytest.mark.parametrize("path", ["/chat/garden/", "/lobby/", "/echo/"])
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://evil.example",
        "http://testserver.evil.example",
        "http://evil.example/testserver",
        "ftp://testserver",
        "http://testserver:81",
        "http://evil@testserver",
        "testserver",
        "HTTP://testserver/",
        "http://testserver/",
        "http://localhost",
    ],
)
def test_a_foreign_page_is_denied(alice, room, origin, path):
    socket = wire.Socket(path, wire.browser_of(alice), origin=origin).connect()
    assert (socket.accepted, socket.denied, socket.events) == (False, True, [])


@pytest.mark.parametrize(
    "origin, host",
    [
        ("http://testserver", "testserver"),
        ("https://testserver", "testserver"),
        ("http://localhost:8000", "localhost:8000"),
    ],
)
def test_a_page_of_ours_is_let_in(alice, enter, origin, host):
    assert enter(alice, origin=origin, headers={"host": host}).code is None


def test_a_host_that_is_not_ours_is_no_origin_either(alice, enter):
    assert enter(alice, origin="http://evil.example", headers={"host": "evil.example"}).denied


def test_a_public_site_has_one_origin(alice, enter, settings):
    settings.PUBLIC_URL = "https://chat.example"
    assert enter(alice, origin="https://chat.example", headers={"host": "inner:8000"}).code is None
    assert enter(alice, origin="http://chat.example").denied
    assert enter(alice).denied


@pytest.mark.parametrize("header", ["Basic YTpi", "token", ""])
def test_only_a_bearer_of_a_token_needs_no_origin(alice, enter, header):
    assert enter(alice, origin=None, headers={"authorization": header}).denied


def test_a_bot_comes_in_by_its_token(alice, room):
    _, key = people.make_token(alice, "bot")
    bot = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    assert bot.seen("joined")[0]["you"]["handle"] == "Alice"
    assert bot.post("r1")["type"] == "ack"
    wrong = wire.Socket("/chat/garden/", origin=None, headers={"authorization": "Bearer x"}).connect()
    assert (wrong.accepted, wrong.code) == (True, 4401)


def test_a_handshake_that_fails_is_closed_and_not_left_hanging(alice, enter, monkeypatch, caplog):
    def fail(*arguments):
        raise ZeroDivisionError("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.join_room", fail)
        socket = enter(alice)
    assert (socket.accepted, socket.code) == (True, 1013)
    assert "on purpose" in caplog.text
    socket.disconnect()


def test_while_the_database_is_away_a_handshake_is_closed_without_a_traceback(alice, enter, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.join_room", fail_with(OperationalError("away\n\tIs it running?")))
        socket = enter(alice)
    assert (socket.accepted, socket.code) == (True, 1013)
    assert "Traceback" not in caplog.text
    socket.disconnect()


# Resuming.


def test_with_a_cursor_one_gets_what_changed_since(alice, enter):
    first = enter(alice)
    for number in range(3):
        first.post(f"r{number}")
    first.ask("edit", ref="e1", id=1, body="Hi")
    socket = enter(alice, query="cursor=2")
    assert [(event["id"], event["offset"]) for event in socket.seen("message")] == [(3, 3), (1, 4)]
    assert socket.seen("synced") == [{"type": "synced", "offset": 4, "more": False}]
    assert "reset" not in socket.seen("joined")[0]


def test_a_cursor_that_equals_the_offset_needs_nothing(alice, enter):
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
def test_a_cursor_beyond_or_unreadable_resets(alice, enter, query):
    enter(alice).post("r1")
    socket = enter(alice, query=query)
    assert socket.seen("joined")[0]["reset"] is True
    assert [event["id"] for event in socket.seen("message")] == [1]
    assert socket.seen("synced")[0]["offset"] == 1


def test_other_parameters_mean_nothing(alice, enter):
    socket = enter(alice, query="a=1;b&Cursor=5&&cursor2=x")
    assert "reset" not in socket.seen("joined")[0]


def test_a_long_backlog_comes_in_parts_of_200(alice, enter, room):
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


# Frames that are no events.


POST = {"type": "post", "ref": "x1", "body": "Hello"}
BAD_FRAMES = [
    ("", "invalid_json", None),
    ("not json", "invalid_json", None),
    ("[" * 60_000, "invalid_json", None),
    ('{"type": "post", "ref": "x1", "body": NaN}', "invalid_json", None),
    ('{"type": "sync", "cursor": Infinity}', "invalid_json", None),
    ('{"type": "post", "ref": "x1", "ref": "x1", "body": "Hello"}', "invalid_json", None),
    ("[]", "not_an_object", None),
    ('"post"', "not_an_object", None),
    ("null", "not_an_object", None),
    ("{}", "missing_type", None),
    ('{"ref": "x1"}', "missing_type", "x1"),
    ('{"type": "dance", "ref": "x1"}', "unknown_type", "x1"),
    ('{"type": "joined"}', "unknown_type", None),
    ('{"type": 1}', "invalid_field", None),
    ('{"type": "post", "body": "Hello"}', "missing_field", None),
    ('{"type": "post", "ref": "x1"}', "missing_field", "x1"),
    ('{"type": "typing", "ref": "x1"}', "missing_field", "x1"),
    (json.dumps({**POST, "body": None}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": ["Hello"]}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": "a\0"}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": "\ud800"}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": "x" * 4001}), "too_long", "x1"),
    (json.dumps({**POST, "body": " \n\u200b"}), "empty", "x1"),
    (json.dumps({**POST, "body": ""}), "empty", "x1"),
    (json.dumps({**POST, "ref": "a b"}), "invalid_field", None),
    (json.dumps({**POST, "ref": 7}), "invalid_field", None),
    (json.dumps({**POST, "ref": "x" * 65}), "invalid_field", None),
    *(
        (json.dumps({**fields, field: value}), "invalid_field", fields.get("ref"))
        for fields, field in [
            (POST, "reply_to"),
            ({"type": "edit", "ref": "x1", "body": "Hi"}, "id"),
            ({"type": "sync"}, "cursor"),
            ({"type": "read"}, "offset"),
            ({"type": "fetch", "ref": "x1", "limit": 5}, "before"),
            ({"type": "fetch", "ref": "x1"}, "limit"),
        ]
        for value in (-1, 1.5, True, "1", 2**53, 10**30, [1])
    ),
    ('{"type": "sync", "cursor": 1e999}', "invalid_field", None),
    ('{"type": "sync", "cursor": ' + "9" * 5000 + "}", "invalid_field", None),
    (json.dumps({"type": "react", "ref": "x1", "id": 1, "emoji": "hi", "on": True}), "invalid_field", "x1"),
    (json.dumps({"type": "react", "ref": "x1", "id": 1, "emoji": "👍", "on": 1}), "invalid_field", "x1"),
    (json.dumps({"type": "fetch", "ref": "x1", "limit": 0}), "invalid_field", "x1"),
    (json.dumps({"type": "fetch", "ref": "x1", "limit": 101}), "invalid_field", "x1"),
    (json.dumps({"type": "edit", "ref": "x1", "id": 999, "body": "Hi"}), "not_found", "x1"),
    (json.dumps({"type": "remove", "ref": "x1", "id": 2**53 - 1}), "not_found", "x1"),
    (json.dumps({**POST, "reply_to": 999}), "not_found", "x1"),
]


def test_every_bad_frame_is_rejected_and_the_next_post_is_acked(alice, enter, settings):
    socket = enter(alice)
    settings.CHAT_LIMITS_ON = False
    for number, (text, code, ref) in enumerate(BAD_FRAMES):
        [rejected] = socket.send(text)
        assert (rejected["type"], rejected["code"], rejected["ref"]) == ("rejected", code, ref), text[:100]
        assert rejected["detail"] and "retry_after" not in rejected
        assert socket.post(f"p{number}")["id"] == number + 1
    assert socket.code is None
    # And a ref that was rejected is as good as new.
    assert socket.post("x1")["type"] == "ack"


@pytest.mark.parametrize("content", [b"\x00\xff", b"", b'{"type": "sync", "cursor": 0}'])
def test_binary_frames_are_not_supported(alice, enter, content):
    socket = enter(alice)
    [rejected] = socket.send(bytes=content)
    assert (rejected["code"], rejected["ref"]) == ("binary_not_supported", None)
    assert socket.post("r1")["type"] == "ack"


# What is answered.


def test_every_type_has_its_handler():
    assert HANDLERS.keys() == EVENTS.keys()


def test_a_post_is_acked_to_the_sender_and_told_to_all(alice, bob, enter):
    socket, second_tab, other = enter(alice), enter(alice), enter(bob)
    events = socket.say("post", ref="r1", body="Hello")
    assert sorted(event["type"] for event in events if event["type"] != "presence") == ["ack", "message"]
    for elsewhere in (second_tab, other):
        assert [event["ref"] for event in elsewhere.seen("message")] == ["r1"]
        assert elsewhere.seen("ack") == []


def test_the_wire_sees_edits_removals_and_reactions_too(alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    socket.post("r1")
    assert socket.ask("edit", ref="r2", id=1, body="Hi") == {"type": "ack", "ref": "r2", "id": 1, "offset": 2}
    assert other.ask("react", ref="r3", id=1, emoji="👍", on=True)["offset"] == 3
    assert socket.ask("remove", ref="r4", id=1)["offset"] == 4
    assert [event["offset"] for event in other.seen("message")] == [1, 2, 3, 4]


def test_a_resend_on_another_connection_gets_the_same_ack(alice, enter):
    first = enter(alice)
    ack = first.post("r1")
    first.disconnect()
    second = enter(alice)
    assert second.post("r1") == ack
    assert second.post("r1", "Other")["code"] == "ref_conflict"
    assert Message.objects.count() == 1


def test_what_one_may_not_do_is_rejected_with_its_code(alice, bob, enter, set_role):
    owner, other = enter(alice), enter(bob)
    owner.post("r1")
    assert other.ask("edit", ref="x1", id=1, body="Hi")["code"] == "forbidden"
    assert other.ask("remove", ref="x1", id=1)["code"] == "forbidden"
    set_role(bob, Member.MUTED)
    for fields in (
        {"type": "post", "body": "Hello"},
        {"type": "edit", "id": 1, "body": "Hi"},
        {"type": "remove", "id": 1},
        {"type": "react", "id": 1, "emoji": "👍", "on": True},
    ):
        assert other.ask(**fields, ref="x1")["code"] == "muted"
    set_role(bob, Member.MODERATOR)
    assert other.ask("remove", ref="x1", id=1)["type"] == "ack"
    assert other.code is None


def test_the_muted_still_read_and_fetch(alice, bob, enter, set_role):
    owner, muted = enter(alice), enter(bob)
    set_role(bob, Member.MUTED)
    owner.post("r1")
    assert len(muted.seen("message")) == 1
    assert muted.ask("fetch", ref="f1", limit=5)["messages"][0]["id"] == 1
    assert muted.say("sync", cursor=1)[-1]["type"] == "synced"


def test_fetch_is_answered_by_a_page(alice, enter):
    socket = enter(alice)
    for number in range(3):
        socket.post(f"r{number}")
    page = socket.ask("fetch", ref="f1", limit=2)
    assert (page["type"], page["more"]) == ("page", True)
    assert [message["id"] for message in page["messages"]] == [2, 3]
    assert page["messages"] == socket.seen("message")[1:]
    page = socket.ask("fetch", ref="f1", limit=2, before=2)
    assert ([message["id"] for message in page["messages"]], page["more"]) == ([1], False)
    assert not Change.objects.filter(ref="f1").exists()


def test_sync_is_answered_by_a_backlog_and_synced(alice, enter):
    socket = enter(alice)
    socket.post("r1")
    assert [event["type"] for event in socket.say("sync", cursor=0)] == ["message", "synced"]
    assert socket.say("sync", cursor=1) == [{"type": "synced", "offset": 1, "more": False}]
    events = socket.say("sync", cursor=2)
    assert [event["type"] for event in events] == ["message", "synced"]
    assert events[-1] == {"type": "synced", "offset": 1, "more": False, "reset": True}


def test_sync_renews_what_a_redis_forgot(alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    for group in list(wire.layer().channel_layer._groups):
        wire.layer().channel_layer._groups.pop(group)
    store.clear()
    other.post("r1")
    assert socket.read() == []
    socket.say("sync", cursor=0)
    other.say("sync", cursor=0)
    assert [event["id"] for event in socket.seen("message")] == [1]
    other.post("r2")
    assert [event["id"] for event in socket.seen("message")] == [1, 2]
    assert socket.seen("presence")[-1]["count"] in (1, 2)


def test_a_socket_whose_session_is_lost_is_closed_to_come_back(alice, enter):
    socket = enter(alice)
    session_for_reply_channel(socket.channel).delete()
    socket.say("sync", cursor=0)
    assert socket.code == 4408
    socket.disconnect()


def test_typing_is_told_to_the_others_and_not_back(alice, bob, enter, set_role):
    socket, second_tab, other = enter(alice), enter(alice), enter(bob)
    assert [event for event in socket.say("typing", on=True) if event["type"] == "typing"] == []
    for elsewhere in (second_tab, other):
        assert elsewhere.seen("typing") == [{"type": "typing", "handle": "Alice", "on": True}]
    socket.say("typing", on=False)
    assert other.seen("typing")[-1]["on"] is False
    set_role(bob, Member.MUTED)
    other.say("typing", on=True)
    assert socket.seen("typing") == []


def test_a_full_reply_list_stops_no_typing(alice, bob, enter, monkeypatch):
    socket, full, other = enter(alice), enter(bob), enter(bob)
    send = wire.layer().channel_layer.send

    def send_unless_full(channel, content):
        if channel == full.channel:
            raise wire.layer().ChannelFull
        send(channel, content)

    monkeypatch.setattr(wire.layer().channel_layer, "send", send_unless_full)
    socket.say("typing", on=True)
    assert len(other.seen("typing")) == 1


def test_read_markers_go_to_ones_other_tabs_only(alice, bob, enter):
    socket, second_tab, other = enter(alice), enter(alice), enter(bob)
    socket.post("r1")
    socket.post("r2")
    socket.say("read", offset=1)
    assert second_tab.seen("read") == [{"type": "read", "offset": 1}]
    assert socket.seen("read") == other.seen("read") == []
    socket.say("read", offset=1)
    socket.say("read", offset=0)
    assert len(second_tab.seen("read")) == 1
    socket.say("read", offset=99)
    assert second_tab.seen("read")[-1] == {"type": "read", "offset": 2}
    assert enter(alice).seen("joined")[0]["you"]["read"] == 2
    assert enter(bob).seen("joined")[0]["you"]["read"] == 0


def test_rooms_do_not_hear_each_other(alice, bob, enter):
    rooms.create_room(alice, "attic", "Attic")
    socket = enter(alice)
    elsewhere = wire.Socket("/chat/attic/", wire.browser_of(bob)).connect()
    socket.post("r1")
    socket.say("typing", on=True)
    socket.say("read", offset=1)
    assert [event["type"] for event in elsewhere.events + elsewhere.read()] == ["joined", "synced", "presence"]
    assert elsewhere.ask("edit", ref="x1", id=1, body="Hi")["code"] == "not_found"


def test_a_ban_closes_all_sockets_in_that_room_only(alice, bob, enter, set_role):
    rooms.create_room(alice, "attic", "Attic")
    socket, second_tab, owner = enter(bob), enter(bob), enter(alice)
    elsewhere = wire.Socket("/chat/attic/", socket.browser).connect()
    set_role(bob, Member.BANNED)
    for each in (socket, second_tab, owner, elsewhere):
        each.read()
    assert [each.code for each in (socket, second_tab, owner, elsewhere)] == [4403, 4403, None, None]


def test_a_frame_of_the_banned_that_was_under_way_says_nothing(bob, enter, set_role):
    socket = enter(bob)
    Member.objects.filter(person=bob).update(role=Member.BANNED)
    socket.say("post", ref="r1", body="Hello")
    assert socket.code == 4403 and not Message.objects.exists()


def test_in_a_room_that_is_gone_one_is_nowhere(alice, enter, room):
    socket = enter(alice)
    room.delete()
    socket.say("sync", cursor=0)
    assert socket.code == 4404


# Failures.


def fail_with(error):
    def fail(*arguments, **fields):
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [OperationalError("locked"), InterfaceError("closed"), redis.ConnectionError("away"), redis.TimeoutError("slow")],
)
@pytest.mark.parametrize(
    "place",
    ["chat.services.rooms.changes.insert", "chat.services.limits.check_event", "chat.services.rooms.find_member"],
)
def test_with_the_database_or_redis_away_one_may_try_again(alice, enter, monkeypatch, error, place):
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr(place, fail_with(error))
        rejected = socket.post("r1")
    assert rejected["code"] == "unavailable" and rejected["retry_after"] > 0
    assert str(error) not in rejected["detail"]
    assert socket.post("r1")["id"] == 1


def test_an_outage_is_said_once_for_many_frames_and_on_one_line(alice, enter, monkeypatch, caplog):
    monkeypatch.setattr("chat.consumers.frames.throttle", LogThrottle(logging.getLogger("chat.consumers.frames")))
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.changes.insert", fail_with(OperationalError("refused\n\tIs it running?")))
        for number in range(5):
            assert socket.post(f"r{number}")["code"] == "unavailable"
    said = [record.getMessage() for record in caplog.records if record.name == "chat.consumers.frames"]
    assert said == ["Frames cannot be handled for now: refused Is it running?"]


def test_a_fault_of_ours_is_internal_and_final(alice, enter, monkeypatch, caplog):
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.changes.insert", fail_with(ZeroDivisionError("on purpose")))
        rejected = socket.post("r1")
    assert rejected["code"] == "internal" and "retry_after" not in rejected
    assert "on purpose" not in rejected["detail"] and "on purpose" in caplog.text
    assert not Message.objects.exists()
    assert socket.post("r1")["id"] == 1


@pytest.mark.parametrize("error", [redis.TimeoutError("slow"), None])
def test_an_ack_that_cannot_be_sent_never_says_that_nothing_was_stored(alice, enter, monkeypatch, error):
    socket = enter(alice)
    reply = broadcast.reply

    def reply_unless_ack(channel, event):
        if event["type"] == "ack":
            raise error or wire.layer().ChannelFull
        reply(channel, event)

    with monkeypatch.context() as broken:
        broken.setattr(broadcast, "reply", reply_unless_ack)
        assert socket.post("r1")["code"] == "unavailable"
    assert Message.objects.count() == 1
    assert socket.post("r1") == {"type": "ack", "ref": "r1", "id": 1, "offset": 1}


def test_a_worker_survives_when_nobody_can_be_told(alice, enter, monkeypatch):
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr(broadcast, "reply", fail_with(redis.ConnectionError("away")))
        socket.say("post", ref="r1", body="Hello")
    assert socket.post("r1")["id"] == 1


# The end.


def test_nothing_is_left_of_a_socket_that_ended(alice, bob, enter, later):
    watcher, socket = enter(alice), enter(bob)
    socket.post("r1")
    socket.disconnect()
    watcher.post("r2")
    assert [event["type"] for event in socket.read()] == []
    groups = wire.layer().channel_layer._groups
    assert not [group for group, channels in groups.items() if socket.channel in channels]
    later.run()
    turns = wire.layer().channel_layer.connection_turns
    assert socket.channel not in turns._records


def test_frames_that_their_disconnect_overtook_are_stored(alice, bob, enter):
    watcher, socket = enter(alice), enter(bob)
    socket.put("websocket.receive", text=json.dumps({"type": "post", "ref": "r1", "body": "Last words"}))
    channel, content = wire.layer().receive(["websocket.receive"])
    socket.disconnect()
    wire.run(channel, content)
    assert [event["body"] for event in watcher.seen("message")] == ["Last words"]


def test_a_disconnect_of_a_socket_that_never_was_is_nothing(room):
    for path in ("/chat/garden/", "/lobby/", "/echo/", "/nowhere/"):
        wire.Socket(path).disconnect()


def test_a_disconnect_may_come_twice(alice, enter):
    socket = enter(alice)
    socket.disconnect()
    socket.disconnect()


def test_frames_out_of_order_are_answered_in_order(alice, enter):
    socket = enter(alice)
    contents = [
        socket.put("websocket.receive", text=json.dumps({"type": "post", "ref": f"r{number}", "body": "Hello"}))
        for number in range(4)
    ]
    while wire.layer().receive(["websocket.receive"])[0]:
        pass
    for content in (contents[2], contents[0], contents[0], contents[3], contents[1]):
        wire.layer().send("websocket.receive", content)
        wire.work()
    assert [(ack["ref"], ack["id"]) for ack in socket.seen("ack")] == [(f"r{n}", n + 1) for n in range(4)]


# The other sockets.


def test_the_lobby_hears_when_the_list_changed(alice, room):
    stranger = wire.Socket("/lobby/").connect()
    assert stranger.accepted and stranger.events == []
    rooms.create_room(alice, "attic", "Attic")
    assert stranger.read() == [{"type": "updated"}]
    assert stranger.send("Hello") == [] and stranger.code is None
    stranger.disconnect()
    rooms.create_room(alice, "cellar", "Cellar")
    assert stranger.read() == []


def test_an_echo_is_the_frame_itself(db):
    socket = wire.Socket("/echo/").connect()
    for text in ("a", '{"type": "post"}', "ü" * 30_000):
        socket.put("websocket.receive", text=text)
        wire.work()
        assert wire.layer().receive([socket.channel])[1] == {"text": text}
    assert socket.send("") == [] and socket.send(bytes=b"a") == []
    socket.disconnect()


def test_there_is_an_echo_only_where_it_is_wanted(db, settings):
    settings.CHAT_ECHO = False
    socket = wire.Socket("/echo/").connect()
    assert (socket.accepted, socket.code) == (True, 4404)
    socket.put("websocket.receive", text="Hello")
    wire.work()
    assert wire.layer().receive([socket.channel]) == (None, None)


# What a frame costs.


def test_a_connect_costs_nine_statements(alice, bob, enter):
    enter(alice)
    browser = enter(bob).browser
    with CaptureQueriesContext(connection) as queries:
        wire.Socket("/chat/garden/", browser).connect()
    assert statements(queries) == [
        ("SELECT", "django_session"),
        ("SELECT", "chat_person"),
        ("SELECT", "chat_room"),
        ("SELECT", "chat_member"),
        ("SELECT", "chat_member"),  # who is here
        ("SELECT", "chat_announcement"),  # the newest id
        ("SELECT", "chat_member"),  # whether they may stay, and tasks or announcements are there to tell
        ("SELECT", "chat_room"),  # the backlog: the room's offset,
        ("SELECT", "chat_message"),  # and the newest messages
    ]


@pytest.mark.parametrize("others", [0, 5])
def test_a_post_costs_four_statements_however_many_listen(alice, enter, others):
    socket = enter(alice)
    for number in range(others):
        enter(people.sign_up_guest(f"Guest {number}"))
    with CaptureQueriesContext(connection) as queries:
        assert socket.post("r1")["type"] == "ack"
    # And BEGIN and COMMIT around the last three.
    assert statements(queries) == [
        ("SELECT", "chat_member"),  # member, person, room, and whether the login still holds
        ("UPDATE", "chat_room"),  # the next offset, with RETURNING
        ("INSERT", "chat_message"),
        ("INSERT", "chat_change"),  # the ref is used up
    ]


def test_an_edit_costs_six_statements(alice, enter):
    socket = enter(alice)
    socket.post("r1")
    with CaptureQueriesContext(connection) as queries:
        assert socket.ask("edit", ref="r2", id=1, body="Hi")["type"] == "ack"
    assert statements(queries) == [
        ("SELECT", "chat_member"),
        ("UPDATE", "chat_room"),
        ("SELECT", "chat_message"),  # the message with its author
        ("SELECT", "chat_reaction"),  # its reactions, which the event tells too
        ("UPDATE", "chat_message"),
        ("INSERT", "chat_change"),
    ]


def test_a_heartbeat_costs_one_statement(alice, enter):
    socket = enter(alice)
    socket.post("r1")
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync", cursor=1)
    # Who it is, and that the room is still at this cursor.
    assert statements(queries) == [("SELECT", "chat_member")]
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync", cursor=0)
    assert [table for _, table in statements(queries)] == ["chat_member", "chat_room", "chat_message", "chat_reaction"]


def test_typing_costs_one_statement(alice, enter):
    socket = enter(alice)
    with CaptureQueriesContext(connection) as queries:
        socket.say("typing", on=True)
    assert statements(queries) == [("SELECT", "chat_member")]


def test_sockets_store_nothing_in_the_database_but_what_is_said(alice, enter):
    before = Session.objects.count()
    sockets = [enter(alice) for _ in range(3)]
    assert Session.objects.count() == before + 3  # the browsers' own logins
    for socket in sockets:
        socket.disconnect()
    assert channel_layers["default"].channel_layer.channel_session_backend is not None

"""The cost of each event in Redis: it is the same with 1,000 connections in the room as with 10."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_transport.texts import READS_TEXTS
from chat.protocol import EVENTS, Command, format_time
from chat.services import commands, limits, presence, rooms
from tests import wire
from tests.chat.redis_site import count, prepare
from tests.chat.services.rooms.actions import fill
from tests.redis_commands import CommandCount

pytestmark = pytest.mark.django_db(transaction=True)

FRAMES = {
    "dismiss": {"id": 1},
    "post": {"ref": "r1", "body": "Hello"},
    "edit": {"ref": "r2", "id": 1, "body": "Hi"},
    "react": {"ref": "r3", "id": 1, "emoji": "👍", "on": True},
    "pin": {"ref": "r8", "id": 1, "on": True},
    "remove": {"ref": "r4", "id": 2},
    "typing": {"on": True},
    "read": {"offset": 1},
    "sync": {"cursor": 0},
    "fetch": {"ref": "r5", "limit": 10},
    "start": {"ref": "r6", "task": "export", "params": {"format": "json", "from": None, "to": None}},
    "schedule": {"ref": "r7", "body": "Later", "at": "tomorrow"},
    "command": {"ref": "r9", "name": "me", "text": "waves"},
    "vote": {"ref": "r10", "options": [0]},
    "close_poll": {"ref": "r11"},
    "remind": {"ref": "r12", "id": 1, "at": "tomorrow"},
}


def post_poll(person, number):
    """Post a poll in the room, and return its id."""
    event = Command(f"poll-{number}", "poll", '"Lunch?" "Pizza" "Sushi"')
    return commands.run_command(rooms.join_room(person, "garden"), event).ack["id"]


def test_every_event_has_a_frame_in_these_tests():
    assert FRAMES.keys() == EVENTS.keys()


@pytest.mark.parametrize("type", FRAMES)
def test_an_event_costs_the_same_with_10_and_with_1000_connections(make_site, valkey_url, monkeypatch, type, alice):
    costs = []
    for number in (10, 1000):
        site = make_site(number)
        prepare(site)
        fields = dict(FRAMES[type])
        if "ref" in fields:
            fields["ref"] += f"-{number}"
        if type == "edit":
            fields["body"] = f"Hi {number}"
        if type in ("react", "pin"):
            fields["on"] = number == 10
        if type in ("vote", "close_poll"):
            fields["id"] = post_poll(alice, number)
        if type in ("schedule", "remind"):
            fields["at"] = format_time(timezone.now() + timedelta(days=1))
        if type in ("remove", "read"):
            fields.update({"id": number // 1000 + 1, "offset": number // 1000 + 1})
        costs.append(count(site, valkey_url, monkeypatch, type, fields))
        assert b"rejected" not in site.read()
    assert costs[0] == costs[1]


def test_a_post_waits_for_one_trip_to_redis_after_the_trip_that_fetches_it(make_site, valkey_url, monkeypatch):
    site = make_site(10)
    prepare(site)
    _, trips = count(site, valkey_url, monkeypatch, "post", {"ref": "one", "body": "Hello"})
    # One trip fetches the frame. The other trip carries the answer, the broadcast and the token.
    assert trips == 2


def test_a_backlog_of_any_length_is_one_item_and_costs_the_same(make_site, valkey_url, monkeypatch, alice, bob):
    # Whether an update of the present people is due depends on the time.
    monkeypatch.setattr(presence, "schedule_presence_update", lambda room_id: None)
    costs, member = [], rooms.join_room(alice, "garden")
    for number in (1, 50):
        fill(member, number)
        site = make_site(1)
        connect(site, bob, "first")
        connect(site, bob, "second")  # Redis has loaded every script now
        waiting = site.worker.layer.count_waiting(f"{READS_TEXTS}abc!")
        with CommandCount(valkey_url, monkeypatch) as counted:
            connect(site, bob, "third")
        # One item has `joined`, and the other one the messages and `synced`.
        assert site.worker.layer.count_waiting(f"{READS_TEXTS}abc!") == waiting + 2
        costs.append((counted.calls, counted.trips))
    assert costs[0] == costs[1]


def connect(site, person, name):
    """Let a person connect to the room, on an interface that reads several texts in one message."""
    socket = wire.Socket("/chat/garden/", wire.browser_of(person))
    socket.channel = f"{READS_TEXTS}abc!{name}"
    socket.put("websocket.connect", **socket.handshake)
    site.work("websocket.connect")


@pytest.mark.parametrize("type", ["sync", "fetch"])
def test_counting_what_is_read_needs_no_trip_of_its_own(make_site, valkey_url, monkeypatch, settings, type):
    costs = []
    for is_on in (True, False):
        site = make_site(10)
        prepare(site)
        settings.CHAT_LIMITS_ON = is_on
        fields = {**FRAMES[type], **({"ref": f"read-{is_on}"} if type == "fetch" else {})}
        costs.append(count(site, valkey_url, monkeypatch, type, fields)[1])
        settings.CHAT_LIMITS_ON = True
    assert costs[0] == costs[1]


def test_a_heartbeat_runs_few_commands_in_redis(make_site, valkey_url, monkeypatch):
    site = make_site(10)
    prepare(site)
    calls, trips = count(site, valkey_url, monkeypatch, "sync", {"cursor": 2})
    # Lower these numbers when a script needs fewer commands. Each idle socket causes them every 25 s.
    assert (sum(calls.values()) <= 41, trips) == (True, 2), calls


def test_a_connect_runs_few_commands_in_redis(make_site, valkey_url, monkeypatch, bob):
    site = make_site(10)
    prepare(site)
    sockets = [wire.Socket("/chat/garden/", wire.browser_of(bob)) for _ in range(2)]
    for number, socket in enumerate(sockets):
        socket.channel = f"daphne.response.abc!bob{number}"
        socket.put("websocket.connect", **socket.handshake)
        with CommandCount(valkey_url, monkeypatch) as counted:
            site.work("websocket.connect")
    # Two of the trips ask for a message. The others wait for the leases and the roster, and for the reply that
    # accepts the socket and the groups.
    assert (sum(counted.calls.values()) <= 94, counted.trips <= 4) == (True, True), (counted.calls, counted.trips)


def test_a_disconnect_waits_for_no_trip_to_redis(make_site, valkey_url, monkeypatch):
    site = make_site(10)
    prepare(site)
    site.socket.put("websocket.disconnect", code=1000)
    with CommandCount(valkey_url, monkeypatch) as counted:
        site.work("websocket.disconnect")
    # Two trips ask for a message. The third one publishes who left, if the room has had no such update in this second.
    assert (sum(counted.calls.values()) <= 50, counted.trips <= 3) == (True, True), (counted.calls, counted.trips)


def test_arrivals_and_departures_are_published_after_the_trip_that_reports_them(make_site, bob, room):
    site = make_site(10)
    prepare(site)
    socket = wire.Socket("/chat/garden/", wire.browser_of(bob))
    socket.channel = "daphne.response.abc!bob"
    for channel, content, text in (
        ("websocket.connect", socket.handshake, b'"came":["Bob"],"went":[]'),
        ("websocket.disconnect", {"code": 1000}, b'"came":[],"went":["Bob"]'),
    ):
        limits.store._client.delete(f"chat:count:presence:{room.id}")
        socket.put(channel, **content)
        site.work(channel)
        assert text in site.read()

"""Frames from an interface to Redis, with a fake clock and a fake Redis: what is sent again, and when."""

import pytest
from hiredis import ReplyError
from twisted.internet import defer, task

from channels_transport import upstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected

pytestmark = pytest.mark.no_database

A, B = "daphne.response.abc!a", "daphne.response.abc!b"


class Redis:
    """Accepts frames as ENQUEUE does, while it has `room`; `accepted` has the orders of each connection."""

    seconds_disconnected = 0
    is_connected = True

    def __init__(self):
        self.trips, self.accepted, self.room, self.failure = [], {}, 10**6, None
        self.held = None

    def call(self, *commands):
        self.trips.append(commands)
        if self.held is not None:
            self.held.append((defer.Deferred(), commands))
            return self.held[-1][0]
        if isinstance(self.failure, Disconnected):
            return defer.fail(self.failure)
        return defer.succeed([self.failure or self.accept(command) for command in commands])

    def accept(self, command):
        _, _, _, _, _, channel, reply, order, *_ = command
        if not channel.startswith("websocket."):
            return 1 if self.room else 0
        last = self.accepted.setdefault(reply, [])
        if last and order <= last[-1]:
            return b"again"
        if command[-1] == "next" and (not last or order != last[-1] + 1):
            return b"gap"
        if not self.room:
            return b"full"
        self.room -= 1
        last.append(order)
        return b"ok"


class Line:
    """An interface's upstream, which notes what it pauses, resumes and refuses."""

    def __init__(self, clock):
        self.clock, self.redis = clock, Redis()
        self.paused, self.log, self.refused = set(), [], []
        self.upstream = upstream.Upstream(RedisChannelLayer(), self.redis, self.pause, self.resume, self.refused.append)

    def pause(self, reply):
        self.paused.add(reply)
        self.log.append(("pause", reply))

    def resume(self, reply):
        self.paused.discard(reply)
        self.log.append(("resume", reply))

    def send(self, *orders, reply=A):
        for order in orders:
            self.upstream.send("websocket.receive", {"reply_channel": reply, "order": order})

    def request(self, reply=B):
        self.upstream.send("http.request", {"reply_channel": reply, "path": "/"})

    def pass_by(self, seconds=0):
        self.clock.pump([0.01] * round(seconds / 0.01) or [0])


@pytest.fixture
def line(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(upstream, "reactor", clock)
    return Line(clock)


def test_all_messages_of_one_reactor_turn_leave_in_one_trip(line):
    line.send(0, 1, 2)
    line.send(0, 1, reply=B)
    line.request()
    assert line.redis.trips == []
    line.pass_by()
    assert len(line.redis.trips) == 1 and len(line.redis.trips[0]) == 6
    assert line.redis.accepted == {A: [0, 1, 2], B: [0, 1]}
    assert line.upstream.is_empty


def test_a_refused_frame_is_sent_again_until_it_is_accepted(line):
    line.redis.room = 2
    line.send(*range(5))
    line.pass_by(2)
    assert line.redis.accepted[A] == [0, 1] and A in line.paused
    line.redis.room = 2
    line.pass_by(2)
    assert line.redis.accepted[A] == [0, 1, 2, 3] and A in line.paused
    line.redis.room = 5
    line.pass_by(2)
    assert line.redis.accepted[A] == [0, 1, 2, 3, 4] and not line.paused
    assert line.upstream.is_empty


def test_retries_become_rarer_while_a_channel_is_full_and_stop_when_it_has_room(line):
    line.redis.room = 0
    line.send(0, 1)
    line.pass_by(10)
    assert 8 < len(line.redis.trips) < 20
    line.redis.room = 1
    while not line.redis.accepted[A]:
        line.pass_by(0.01)
    line.redis.room = 1
    line.pass_by(0.1)
    assert line.upstream.is_empty


def test_a_new_frame_leaves_behind_those_that_wait(line):
    line.redis.room = 0
    line.send(0)
    line.pass_by()
    line.redis.room = 10
    line.send(1, 2)
    line.pass_by()
    assert line.redis.accepted[A] == []
    line.pass_by(0.1)
    assert line.redis.accepted[A] == [0, 1, 2]


def test_a_connection_that_waits_does_not_delay_another(line):
    line.redis.room = 0
    line.send(0)
    line.pass_by()
    line.redis.room = 1
    line.send(0, reply=B)
    line.pass_by()
    assert line.redis.accepted[B] == [0] and line.paused == {A}


def test_a_connection_has_only_one_trip_in_flight(line):
    line.redis.held = []
    line.send(0)
    line.pass_by()
    line.send(1, 2)
    line.pass_by()
    assert len(line.redis.held) == 1
    (done, commands), line.redis.held = line.redis.held[0], None
    done.callback([line.redis.accept(command) for command in commands])
    line.pass_by()
    assert line.redis.accepted[A] == [0, 1, 2] and line.upstream.is_empty


def test_a_socket_with_too_many_waiting_frames_is_paused_until_all_are_accepted(line):
    line.redis.held = []
    line.send(*range(upstream.MAX_WAITING_FRAMES - 1))
    assert line.log == []
    line.send(upstream.MAX_WAITING_FRAMES - 1, upstream.MAX_WAITING_FRAMES)
    assert line.log == [("pause", A)]
    line.pass_by()
    (done, commands), line.redis.held = line.redis.held[0], None
    done.callback([line.redis.accept(command) for command in commands])
    assert line.log == [("pause", A), ("resume", A)]


def test_after_a_broken_connection_all_frames_are_sent_again_and_none_is_accepted_twice(line):
    line.redis.held = []
    line.send(0, 1, 2)
    line.pass_by()
    (done, commands), line.redis.held = line.redis.held[0], None
    # Redis accepted two of them before the connection broke, and the interface does not know that.
    for command in commands[:2]:
        line.redis.accept(command)
    line.redis.failure = Disconnected("on purpose")
    done.errback(line.redis.failure)
    line.send(3)
    line.pass_by(5)
    assert A in line.paused and line.redis.accepted[A] == [0, 1]
    line.redis.failure = None
    line.upstream.resume_all()
    line.pass_by()
    assert line.redis.accepted[A] == [0, 1, 2, 3] and not line.paused


def test_frames_that_are_sent_during_an_outage_wait_for_redis(line):
    line.redis.failure = Disconnected("away")
    line.send(0, 1)
    line.pass_by(3)
    assert len(line.redis.trips) == 1
    line.redis.failure = None
    line.upstream.resume_all()
    line.pass_by()
    assert line.redis.accepted[A] == [0, 1]


@pytest.mark.parametrize("failure", [Disconnected("away"), ReplyError("OOM command not allowed")])
def test_a_request_that_cannot_be_sent_is_refused(line, failure):
    line.redis.failure = failure
    line.request()
    line.pass_by()
    assert line.refused == [B] and line.upstream.is_empty


def test_a_request_before_the_first_connection_waits_for_it(line):
    line.redis.failure, line.redis.is_connected = Disconnected("not yet"), False
    line.request()
    line.pass_by(0.5)
    assert line.refused == [] and not line.upstream.is_empty
    line.redis.failure, line.redis.is_connected = None, True
    line.pass_by(0.1)
    assert line.refused == [] and line.upstream.is_empty
    assert [command[5] for command in line.redis.trips[-1]] == ["http.request"]


def test_a_request_is_refused_after_a_long_outage(line):
    line.redis.failure, line.redis.is_connected = Disconnected("away"), False
    line.request()
    line.redis.seconds_disconnected = upstream.MAX_DISCONNECTED_SECONDS + 0.1
    line.pass_by(0.1)
    assert line.refused == [B] and line.upstream.is_empty


def test_a_request_to_a_full_channel_is_refused(line):
    line.redis.room = 0
    line.request()
    line.pass_by()
    assert line.refused == [B]


def test_frames_wait_while_redis_refuses_them_and_one_line_is_logged(line, caplog):
    line.redis.failure = ReplyError("OOM command not allowed")
    for number in range(20):
        line.send(0, reply=f"daphne.response.abc!{number}")
    line.pass_by(9)
    assert len(caplog.records) == 1
    line.redis.failure = None
    line.pass_by(1.1)
    assert line.upstream.is_empty and len(line.redis.accepted) == 20


# Heartbeats of many sockets.


@pytest.fixture
def silent_sockets(line):
    """Five hundred sockets that each sent one frame, and then nothing for a while. Returns their reply channels."""
    for number in range(500):
        line.send(0, reply=f"daphne.response.abc!{number}")
    line.pass_by(0.1)
    line.clock.advance(upstream.SILENCE_SECONDS + 1)
    line.redis.trips.clear()
    return [f"daphne.response.abc!{number}" for number in range(500)]


def test_a_frame_after_a_long_silence_waits_for_others(line, silent_sockets):
    for reply in silent_sockets[:5]:
        line.send(1, reply=reply)
        line.clock.advance(0.001)
    assert line.redis.trips == []
    line.clock.advance(0.01)
    assert [len(commands) for commands in line.redis.trips] == [5]


def test_a_frame_without_a_silence_leaves_at_once_with_all_that_wait(line, silent_sockets):
    line.send(1, reply=silent_sockets[0])
    line.clock.advance(0.001)
    line.send(0)
    line.pass_by()
    assert [len(commands) for commands in line.redis.trips] == [2]
    line.send(2, reply=silent_sockets[0])
    line.pass_by()
    assert [len(commands) for commands in line.redis.trips] == [2, 1], "the socket is no longer silent"


def test_with_few_sockets_no_frame_waits(line):
    line.send(0)
    line.pass_by(0.1)
    line.clock.advance(upstream.SILENCE_SECONDS + 1)
    line.redis.trips.clear()
    line.send(1)
    line.pass_by()
    assert len(line.redis.trips) == 1


def test_a_connection_that_ended_is_forgotten(line, silent_sockets):
    for reply in silent_sockets:
        line.upstream.send("websocket.disconnect", {"reply_channel": reply, "order": 1})
    line.pass_by(0.2)
    assert line.upstream.is_empty and not line.upstream._last_frame_at

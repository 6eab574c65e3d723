"""The interface's way up, on a clock and a Redis that only pretend: what is offered again, and when."""

import pytest
from hiredis import ReplyError
from twisted.internet import defer, task

from channels_transport import upstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected

pytestmark = pytest.mark.no_database

A, B = "daphne.response.abc!a", "daphne.response.abc!b"


class Redis:
    """Takes frames as ENQUEUE does, for as long as it is told to; `taken` are the orders by connection."""

    seconds_away = 0
    is_connected = True

    def __init__(self):
        self.trips, self.taken, self.room, self.trouble = [], {}, 10**6, None
        self.held = None

    def call(self, *commands):
        self.trips.append(commands)
        if self.held is not None:
            self.held.append((defer.Deferred(), commands))
            return self.held[-1][0]
        if isinstance(self.trouble, Disconnected):
            return defer.fail(self.trouble)
        return defer.succeed([self.trouble or self.take(command) for command in commands])

    def take(self, command):
        _, _, _, _, _, channel, reply, order, *_ = command
        if not channel.startswith("websocket."):
            return 1 if self.room else 0
        last = self.taken.setdefault(reply, [])
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


def test_everything_of_one_turn_goes_in_one_trip(line):
    line.send(0, 1, 2)
    line.send(0, 1, reply=B)
    line.request()
    assert line.redis.trips == []
    line.pass_by()
    assert len(line.redis.trips) == 1 and len(line.redis.trips[0]) == 6
    assert line.redis.taken == {A: [0, 1, 2], B: [0, 1]}
    assert line.upstream.is_empty


def test_what_is_refused_is_offered_again_until_it_is_taken(line):
    line.redis.room = 2
    line.send(*range(5))
    line.pass_by(2)
    assert line.redis.taken[A] == [0, 1] and A in line.paused
    line.redis.room = 2
    line.pass_by(2)
    assert line.redis.taken[A] == [0, 1, 2, 3] and A in line.paused
    line.redis.room = 5
    line.pass_by(2)
    assert line.redis.taken[A] == [0, 1, 2, 3, 4] and not line.paused
    assert line.upstream.is_empty


def test_it_asks_less_and_less_often_while_there_is_no_room_and_at_once_again_when_there_is_some(line):
    line.redis.room = 0
    line.send(0, 1)
    line.pass_by(10)
    assert 8 < len(line.redis.trips) < 20
    line.redis.room = 1
    while not line.redis.taken[A]:
        line.pass_by(0.01)
    line.redis.room = 1
    line.pass_by(0.1)
    assert line.upstream.is_empty


def test_a_frame_that_comes_while_others_wait_goes_behind_them(line):
    line.redis.room = 0
    line.send(0)
    line.pass_by()
    line.redis.room = 10
    line.send(1, 2)
    line.pass_by()
    assert line.redis.taken[A] == []
    line.pass_by(0.1)
    assert line.redis.taken[A] == [0, 1, 2]


def test_one_connection_that_waits_keeps_no_other_waiting(line):
    line.redis.room = 0
    line.send(0)
    line.pass_by()
    line.redis.room = 1
    line.send(0, reply=B)
    line.pass_by()
    assert line.redis.taken[B] == [0] and line.paused == {A}


def test_of_one_connection_no_second_trip_leaves_before_the_first_is_back(line):
    line.redis.held = []
    line.send(0)
    line.pass_by()
    line.send(1, 2)
    line.pass_by()
    assert len(line.redis.held) == 1
    (done, commands), line.redis.held = line.redis.held[0], None
    done.callback([line.redis.take(command) for command in commands])
    line.pass_by()
    assert line.redis.taken[A] == [0, 1, 2] and line.upstream.is_empty


def test_a_socket_with_too_much_on_its_way_is_not_read_until_all_has_left(line):
    line.redis.held = []
    line.send(*range(upstream.MAX_WAITING_FRAMES - 1))
    assert line.log == []
    line.send(upstream.MAX_WAITING_FRAMES - 1, upstream.MAX_WAITING_FRAMES)
    assert line.log == [("pause", A)]
    line.pass_by()
    (done, commands), line.redis.held = line.redis.held[0], None
    done.callback([line.redis.take(command) for command in commands])
    assert line.log == [("pause", A), ("resume", A)]


def test_after_a_broken_connection_all_is_sent_again_and_nothing_runs_twice(line):
    line.redis.held = []
    line.send(0, 1, 2)
    line.pass_by()
    (done, commands), line.redis.held = line.redis.held[0], None
    # Redis has taken two of them before the connection broke; nobody here knows.
    for command in commands[:2]:
        line.redis.take(command)
    line.redis.trouble = Disconnected("on purpose")
    done.errback(line.redis.trouble)
    line.send(3)
    line.pass_by(5)
    assert A in line.paused and line.redis.taken[A] == [0, 1]
    line.redis.trouble = None
    line.upstream.resume_all()
    line.pass_by()
    assert line.redis.taken[A] == [0, 1, 2, 3] and not line.paused


def test_frames_that_fail_at_once_wait_for_redis_too(line):
    line.redis.trouble = Disconnected("away")
    line.send(0, 1)
    line.pass_by(3)
    assert len(line.redis.trips) == 1
    line.redis.trouble = None
    line.upstream.resume_all()
    line.pass_by()
    assert line.redis.taken[A] == [0, 1]


@pytest.mark.parametrize("trouble", [Disconnected("away"), ReplyError("OOM command not allowed")])
def test_a_request_that_cannot_be_passed_on_is_refused(line, trouble):
    line.redis.trouble = trouble
    line.request()
    line.pass_by()
    assert line.refused == [B] and line.upstream.is_empty


def test_a_request_before_the_first_connection_waits_for_it(line):
    line.redis.trouble, line.redis.is_connected = Disconnected("not yet"), False
    line.request()
    line.pass_by(0.5)
    assert line.refused == [] and not line.upstream.is_empty
    line.redis.trouble, line.redis.is_connected = None, True
    line.pass_by(0.1)
    assert line.refused == [] and line.upstream.is_empty
    assert [command[5] for command in line.redis.trips[-1]] == ["http.request"]


def test_a_request_that_waits_for_redis_in_vain_is_refused(line):
    line.redis.trouble, line.redis.is_connected = Disconnected("away"), False
    line.request()
    line.redis.seconds_away = upstream.MAX_AWAY_SECONDS + 0.1
    line.pass_by(0.1)
    assert line.refused == [B] and line.upstream.is_empty


def test_a_request_that_there_is_no_room_for_is_refused(line):
    line.redis.room = 0
    line.request()
    line.pass_by()
    assert line.refused == [B]


def test_a_refusal_by_redis_itself_is_waited_out_and_logged_once(line, caplog):
    line.redis.trouble = ReplyError("OOM command not allowed")
    for number in range(20):
        line.send(0, reply=f"daphne.response.abc!{number}")
    line.pass_by(9)
    assert len(caplog.records) == 1
    line.redis.trouble = None
    line.pass_by(1.1)
    assert line.upstream.is_empty and len(line.redis.taken) == 20


# Heartbeats of a crowd.


@pytest.fixture
def crowd(line):
    """Five hundred sockets that have each said one thing, and then nothing for a while."""
    for number in range(500):
        line.send(0, reply=f"daphne.response.abc!{number}")
    line.pass_by(0.1)
    line.clock.advance(upstream.SILENCE_SECONDS + 1)
    line.redis.trips.clear()
    return [f"daphne.response.abc!{number}" for number in range(500)]


def test_what_comes_after_a_long_silence_waits_for_its_like(line, crowd):
    for reply in crowd[:5]:
        line.send(1, reply=reply)
        line.clock.advance(0.001)
    assert line.redis.trips == []
    line.clock.advance(0.01)
    assert [len(commands) for commands in line.redis.trips] == [5]


def test_what_does_not_come_after_a_silence_waits_for_nothing_and_takes_all_along(line, crowd):
    line.send(1, reply=crowd[0])
    line.clock.advance(0.001)
    line.send(0)
    line.pass_by()
    assert [len(commands) for commands in line.redis.trips] == [2]
    line.send(2, reply=crowd[0])
    line.pass_by()
    assert [len(commands) for commands in line.redis.trips] == [2, 1], "it is silent no more"


def test_where_few_are_connected_nobody_waits(line):
    line.send(0)
    line.pass_by(0.1)
    line.clock.advance(upstream.SILENCE_SECONDS + 1)
    line.redis.trips.clear()
    line.send(1)
    line.pass_by()
    assert len(line.redis.trips) == 1


def test_who_left_is_not_remembered(line, crowd):
    for reply in crowd:
        line.upstream.send("websocket.disconnect", {"reply_channel": reply, "order": 1})
    line.pass_by(0.2)
    assert line.upstream.is_empty and not line.upstream._last_frame_at

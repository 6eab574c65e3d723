"""Frames from an interface to Redis, with a fake clock and a fake Redis: refused frames are sent again later."""

import pytest
from hiredis import ReplyError
from twisted.internet import defer, task

from channels_transport import upstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected

pytestmark = pytest.mark.no_database

A, B = "daphne.response.abc!a", "daphne.response.abc!b"


class Redis:
    """
    A fake Redis. It accepts frames, like the script ENQUEUE, while it has `room`.

    `accepted` has the orders of each connection's accepted frames.
    """

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


class UpstreamRig:
    """An interface's upstream with a fake Redis. It records the calls of pause, resume and refuse."""

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
def rig(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(upstream, "reactor", clock)
    return UpstreamRig(clock)


def test_all_messages_of_one_reactor_turn_are_sent_in_one_trip(rig):
    rig.send(0, 1, 2)
    rig.send(0, 1, reply=B)
    rig.request()
    assert rig.redis.trips == []
    rig.pass_by()
    assert len(rig.redis.trips) == 1 and len(rig.redis.trips[0]) == 6
    assert rig.redis.accepted == {A: [0, 1, 2], B: [0, 1]}
    assert rig.upstream.is_empty


def test_a_lone_frame_is_sent_at_once_and_the_frames_after_it_wait_for_its_answer_together(rig):
    rig.send(0)
    rig.pass_by()
    rig.redis.held = []
    rig.send(1)
    rig.send(0, 1, reply=B)
    rig.send(2)
    assert [len(commands) for commands in rig.redis.trips] == [1, 1], "without a turn of the reactor"
    rig.pass_by()
    assert [len(commands) for commands in rig.redis.trips] == [1, 1, 2], "a connection has one trip in flight"
    held, rig.redis.held = rig.redis.held, None
    for done, commands in held:
        done.callback([rig.redis.accept(command) for command in commands])
    rig.pass_by()
    assert rig.redis.accepted == {A: [0, 1, 2], B: [0, 1]} and rig.upstream.is_empty


def test_while_an_interface_is_busy_the_frames_of_each_turn_are_sent_together(rig):
    rig.send(0, 1)
    rig.pass_by()
    rig.send(2)
    rig.send(0, reply=B)
    assert len(rig.redis.trips) == 1
    rig.pass_by()
    assert [len(commands) for commands in rig.redis.trips] == [2, 2]


def test_a_refused_frame_is_sent_again_until_it_is_accepted(rig):
    rig.redis.room = 2
    rig.send(*range(5))
    rig.pass_by(2)
    assert rig.redis.accepted[A] == [0, 1] and A in rig.paused
    rig.redis.room = 2
    rig.pass_by(2)
    assert rig.redis.accepted[A] == [0, 1, 2, 3] and A in rig.paused
    rig.redis.room = 5
    rig.pass_by(2)
    assert rig.redis.accepted[A] == [0, 1, 2, 3, 4] and not rig.paused
    assert rig.upstream.is_empty


def test_retries_become_rarer_while_a_channel_is_full_and_stop_when_it_has_room(rig):
    rig.redis.room = 0
    rig.send(0, 1)
    rig.pass_by(10)
    assert 8 < len(rig.redis.trips) < 20
    rig.redis.room = 1
    while not rig.redis.accepted[A]:
        rig.pass_by(0.01)
    rig.redis.room = 1
    rig.pass_by(0.1)
    assert rig.upstream.is_empty


def test_a_new_frame_is_sent_after_the_waiting_frames(rig):
    rig.redis.room = 0
    rig.send(0)
    rig.pass_by()
    rig.redis.room = 10
    rig.send(1, 2)
    rig.pass_by()
    assert rig.redis.accepted[A] == []
    rig.pass_by(0.1)
    assert rig.redis.accepted[A] == [0, 1, 2]


def test_a_connection_that_waits_does_not_delay_another(rig):
    rig.redis.room = 0
    rig.send(0)
    rig.pass_by()
    rig.redis.room = 1
    rig.send(0, reply=B)
    rig.pass_by()
    assert rig.redis.accepted[B] == [0] and rig.paused == {A}


def test_a_connection_has_only_one_trip_in_flight(rig):
    rig.redis.held = []
    rig.send(0)
    rig.pass_by()
    rig.send(1, 2)
    rig.pass_by()
    assert len(rig.redis.held) == 1
    (done, commands), rig.redis.held = rig.redis.held[0], None
    done.callback([rig.redis.accept(command) for command in commands])
    rig.pass_by()
    assert rig.redis.accepted[A] == [0, 1, 2] and rig.upstream.is_empty


def test_a_socket_with_too_many_waiting_frames_is_paused_until_all_are_accepted(rig):
    rig.redis.held = []
    rig.send(*range(upstream.MAX_WAITING_FRAMES - 1))
    assert rig.log == []
    rig.send(upstream.MAX_WAITING_FRAMES - 1, upstream.MAX_WAITING_FRAMES)
    assert rig.log == [("pause", A)]
    rig.pass_by()
    (done, commands), rig.redis.held = rig.redis.held[0], None
    done.callback([rig.redis.accept(command) for command in commands])
    assert rig.log == [("pause", A), ("resume", A)]


def test_after_a_broken_connection_all_frames_are_sent_again_and_none_is_accepted_twice(rig):
    rig.redis.held = []
    rig.send(0, 1, 2)
    rig.pass_by()
    (done, commands), rig.redis.held = rig.redis.held[0], None
    # Redis accepted two of the frames before the connection broke, and the interface does not know that.
    for command in commands[:2]:
        rig.redis.accept(command)
    rig.redis.failure = Disconnected("on purpose")
    done.errback(rig.redis.failure)
    rig.send(3)
    rig.pass_by(5)
    assert A in rig.paused and rig.redis.accepted[A] == [0, 1]
    rig.redis.failure = None
    rig.upstream.resume_all()
    rig.pass_by()
    assert rig.redis.accepted[A] == [0, 1, 2, 3] and not rig.paused


def test_frames_that_are_sent_during_an_outage_wait_for_redis(rig):
    rig.redis.failure = Disconnected("away")
    rig.send(0, 1)
    rig.pass_by(3)
    assert len(rig.redis.trips) == 1
    rig.redis.failure = None
    rig.upstream.resume_all()
    rig.pass_by()
    assert rig.redis.accepted[A] == [0, 1]


@pytest.mark.parametrize("failure", [Disconnected("away"), ReplyError("OOM command not allowed")])
def test_a_request_that_cannot_be_sent_is_refused(rig, failure):
    rig.redis.failure = failure
    rig.request()
    rig.pass_by()
    assert rig.refused == [B] and rig.upstream.is_empty


def test_a_request_before_the_first_connection_waits_for_it(rig):
    rig.redis.failure, rig.redis.is_connected = Disconnected("not yet"), False
    rig.request()
    rig.pass_by(0.5)
    assert rig.refused == [] and not rig.upstream.is_empty
    rig.redis.failure, rig.redis.is_connected = None, True
    rig.pass_by(0.1)
    assert rig.refused == [] and rig.upstream.is_empty
    assert [command[5] for command in rig.redis.trips[-1]] == ["http.request"]


def test_a_request_is_refused_after_a_long_outage(rig):
    rig.redis.failure, rig.redis.is_connected = Disconnected("away"), False
    rig.request()
    rig.redis.seconds_disconnected = upstream.MAX_DISCONNECTED_SECONDS + 0.1
    rig.pass_by(0.1)
    assert rig.refused == [B] and rig.upstream.is_empty


def test_a_request_to_a_full_channel_is_refused(rig):
    rig.redis.room = 0
    rig.request()
    rig.pass_by()
    assert rig.refused == [B]


def test_frames_wait_while_redis_refuses_them_and_one_line_is_logged(rig, caplog):
    rig.redis.failure = ReplyError("OOM command not allowed")
    for number in range(20):
        rig.send(0, reply=f"daphne.response.abc!{number}")
    rig.pass_by(9)
    assert len(caplog.records) == 1
    rig.redis.failure = None
    rig.pass_by(1.1)
    assert rig.upstream.is_empty and len(rig.redis.accepted) == 20


# In the next tests, many sockets send only heartbeats.


@pytest.fixture
def silent_sockets(rig):
    """Return the reply channels of five hundred sockets that each sent one frame, and then nothing for a while."""
    for number in range(500):
        rig.send(0, reply=f"daphne.response.abc!{number}")
    rig.pass_by(0.1)
    rig.clock.advance(upstream.SILENCE_SECONDS + 1)
    rig.redis.trips.clear()
    return [f"daphne.response.abc!{number}" for number in range(500)]


def test_a_frame_after_a_long_silence_waits_for_others(rig, silent_sockets):
    for reply in silent_sockets[:5]:
        rig.send(1, reply=reply)
        rig.clock.advance(0.001)
    assert rig.redis.trips == []
    rig.clock.advance(0.01)
    assert [len(commands) for commands in rig.redis.trips] == [5]


def test_a_frame_without_a_silence_is_sent_at_once_with_all_waiting_frames(rig, silent_sockets):
    rig.send(1, reply=silent_sockets[0])
    rig.clock.advance(0.001)
    rig.send(0)
    rig.pass_by()
    assert [len(commands) for commands in rig.redis.trips] == [2]
    rig.send(2, reply=silent_sockets[0])
    rig.pass_by()
    assert [len(commands) for commands in rig.redis.trips] == [2, 1], "the socket is no longer silent"


def test_with_few_sockets_no_frame_waits(rig):
    rig.send(0)
    rig.pass_by(0.1)
    rig.clock.advance(upstream.SILENCE_SECONDS + 1)
    rig.redis.trips.clear()
    rig.send(1)
    rig.pass_by()
    assert len(rig.redis.trips) == 1


def test_the_state_of_an_ended_connection_is_deleted(rig, silent_sockets):
    for reply in silent_sockets:
        rig.upstream.send("websocket.disconnect", {"reply_channel": reply, "order": 1})
    rig.pass_by(0.2)
    assert rig.upstream.is_empty and not rig.upstream._last_frame_at


# In the next tests, clients send more than Redis accepts at once, or disconnect.


def test_a_flood_does_not_fill_the_connection_to_redis(rig):
    rig.redis.held = []
    for number in range(200):
        rig.send(*range(200), reply=f"daphne.response.abc!{number}")
    rig.pass_by(0.1)
    sent = [len(commands) for _, commands in rig.redis.held]
    assert max(sent) <= upstream.MAX_COMMANDS_PER_TRIP + upstream.MAX_FRAMES_PER_CONNECTION
    assert sum(sent) <= upstream.MAX_COMMANDS_IN_FLIGHT + max(sent)
    held, rig.redis.held = rig.redis.held, None
    for done, commands in held:
        done.callback([rig.redis.accept(command) for command in commands])
    rig.pass_by(5)
    assert rig.upstream.is_empty
    assert {len(orders) for orders in rig.redis.accepted.values()} == {200}


def test_large_frames_are_sent_in_smaller_trips(rig):
    rig.redis.held = []
    for order in range(64):
        message = {"reply_channel": A, "order": order, "text": "x" * 60000}
        rig.upstream.send("websocket.receive", message)
    rig.pass_by()
    assert 0 < sum(len(command[upstream.BODY]) for _, commands in rig.redis.held for command in commands) < 300000
    assert rig.log == [("pause", A)]


def test_one_frame_does_not_wait_for_all_frames_of_a_flood(rig):
    for number in range(50):
        rig.send(*range(200), reply=f"daphne.response.abc!{number}")
    rig.pass_by()
    rig.send(0)
    before = len(rig.redis.trips)
    while A not in rig.redis.accepted:
        rig.pass_by()
    assert len(rig.redis.trips) - before <= 10


def disconnect(rig, order):
    rig.upstream.forget(A)
    rig.upstream.send("websocket.disconnect", {"reply_channel": A, "order": order})


def test_frames_that_wait_are_forgotten_with_their_connection(rig):
    rig.redis.room = 2
    rig.send(*range(10))
    rig.pass_by()
    disconnect(rig, 10)
    rig.redis.room = 10**6
    rig.pass_by(2)
    assert rig.redis.accepted[A] == [0, 1, 10] and rig.upstream.is_empty
    assert rig.redis.trips[-1][-1][-1] == "forget"


def test_frames_in_flight_are_not_sent_again_after_they_were_forgotten(rig):
    rig.redis.held = []
    rig.send(*range(10))
    rig.pass_by()
    disconnect(rig, 10)
    (done, commands), rig.redis.held = rig.redis.held[0], None
    rig.redis.room = 3
    done.callback([rig.redis.accept(command) for command in commands])
    rig.redis.room = 10**6
    rig.pass_by(2)
    assert rig.redis.accepted[A] == [0, 1, 2, 10] and rig.upstream.is_empty

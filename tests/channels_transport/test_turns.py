"""
Whose turn it is, whatever happens in whichever order: an interface and three workers on a real Valkey, in which chance
decides who does what next, whose answers are lost, and who dies.

Whoever breaks this finds the shortest story that does at the end of hypothesis' report.
"""

import time
from functools import partial

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_transport import scripts
from channels_transport.layer import FAREWELL_ORDER, RedisChannelLayer
from channels_transport.receiving import Receiver
from channels_transport.shards import Shard, Waiter, wait_for_any

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"
CONNECTIONS = [PROCESS + name for name in "xyz"]
CONNECT, RECEIVE, DISCONNECT = "websocket.connect", "websocket.receive", "websocket.disconnect"
ALL = [CONNECT, RECEIVE, DISCONNECT]
# The last one is a runworker --only-channels.
LISTENS_TO = [ALL, ALL, [RECEIVE]]
LONG_AGO = -10
# Of the layer, not of any connection.
KEPT = {"turn-number", "interfaces", "reclaim", "forgotten", "memory"}


class Line(Shard):
    """A worker's way to Redis: something may happen just before its next question, whose answer may be lost."""

    def be_mended(self):
        self.is_broken, self.lost, self.before = False, None, None

    def ask(self, *commands):
        if commands[-1][0] != "EVALSHA":
            return super().ask(*commands)
        if self.before is not None:
            self.before()
        answers = super().ask(*commands)
        if self.is_broken:
            self.is_broken, self.lost = False, (commands[-1], answers[-1])
            raise redis.TimeoutError("The answer is lost.")
        return answers


class SlowWaiter(Waiter):
    """A worker's wait, whose claims leave only when `deliver` is called."""

    held = None

    def say(self, command):
        self.held = command

    def deliver(self):
        if self.held is not None:
            super().say(self.held)
            self.held = None
            assert wait_for_any([self], 10), "Redis answers a claim"


class FakeWorker:
    """What a worker does to Redis, one step at a time."""

    def __init__(self, layer, channels):
        self.layer, self.channels = layer, channels
        self.line = layer.shards[0]
        self.line.be_mended()
        self.be_born()

    def be_born(self):
        self.receiver = Receiver(self.layer)
        self.receiver._checked = True
        self.waiter = self.receiver._waiters[0] = SlowWaiter(self.line)
        self.in_hand = None  # (connection, order)
        self.has_popped = self.is_late = False

    def die(self):
        """What it has written to its socket still arrives."""
        self.waiter.deliver()
        self.waiter.drop()
        self.be_born()


class Story:
    """Each public method is one step of somebody. `begun` is what ran, in its order."""

    def __init__(self, interface, layers):
        self.interface, self.redis = interface, interface.shards[0]
        interface.flush()
        self.workers = [FakeWorker(layer, channels) for layer, channels in zip(layers, LISTENS_TO, strict=True)]
        self.sent = {connection: [] for connection in CONNECTIONS}
        self.begun = {connection: [] for connection in CONNECTIONS}
        self.excused = set()  # frames that were in hand when a worker died, or in an answer that was lost
        self._lease(10000)

    def end(self):
        """The interface dies, the workers do what there is to do, and all is as promised."""
        self._lease(-1)
        for number in range(len(self.workers)):
            self.stop(number)
            self.claim_arrives(number)
        self._work_until_nothing_is_left()
        self._check_that_all_ran()
        self._check_that_nothing_is_left()

    # The interface.

    def speak(self, connection):
        if not self._has_left(connection):
            self._send(connection, RECEIVE if self.sent[connection] else CONNECT)

    def leave(self, connection):
        if self.sent[connection] and not self._has_left(connection):
            self._send(connection, DISCONNECT)

    def say_the_last_frame_again(self, connection):
        if self.sent[connection]:
            order, channel = len(self.sent[connection]) - 1, self.sent[connection][-1]
            self.interface.send(channel, {"reply_channel": connection, "order": order})

    def _send(self, connection, channel):
        self.interface.send(channel, {"reply_channel": connection, "order": len(self.sent[connection])})
        self.sent[connection].append(channel)

    def _has_left(self, connection):
        return self.sent[connection][-1:] == [DISCONNECT]

    def _lease(self, milliseconds):
        self.redis.call(self.interface.command(scripts.LEASE_INTERFACE, PROCESS, milliseconds))

    # The workers.

    def ask(self, number):
        self._receive(self.workers[number])

    def ask_and_lose_the_answer(self, number):
        self.workers[number].line.is_broken = True
        self.ask(number)

    def ask_while_the_heart_beats(self, number):
        self.workers[number].line.before = partial(self.heart_beats, number)
        self.ask(number)

    def wait(self, number):
        """A worker that has nothing more to do waits, and its wait ends with a turn."""
        worker = self.workers[number]
        if worker.has_popped:
            return
        worker.receiver.finish()
        worker.in_hand = None
        lengths = self.redis.call(*(("LLEN", self.interface.prefix + channel) for channel in worker.channels))
        if any(lengths):
            assert worker.receiver._wait(worker.channels)
            worker.has_popped, worker.is_late = True, False

    def wait_and_begin(self, number):
        self.wait(number)
        self.ask(number)

    def wait_long(self, number):
        """The turn came when it had waited for seconds, or it was held up: it asks whether the turn is its own."""
        self.wait(number)
        self.workers[number].is_late = True

    def claim_arrives(self, number):
        self.workers[number].waiter.deliver()

    def heart_beats(self, number):
        claim = self.workers[number].receiver.claim()
        if claim is not None:
            self.redis.call(claim[1])

    def put_off(self, number):
        """ConsumeLater, of a worker whose claim has arrived."""
        worker = self.workers[number]
        if worker.in_hand is not None and worker.waiter.held is None:
            connection, order = worker.in_hand
            if self.begun[connection][-1:] == [order] and order != FAREWELL_ORDER:
                channel, message = self.sent[connection][order], {"reply_channel": connection, "order": order}
                worker.receiver.later(
                    0,
                    worker.layer.command(
                        scripts.GIVE_BACK, channel, connection, worker.layer.serialize(message), 60, 3600
                    ),
                )
                self.begun[connection].pop()
                self._receive(worker)

    def stop(self, number):
        """A worker that is told to."""
        worker = self.workers[number]
        worker.receiver.finish()
        worker.in_hand, worker.has_popped = None, False

    def die(self, number):
        worker = self.workers[number]
        if worker.in_hand is not None:
            self.excused.add(worker.in_hand)
        worker.die()

    def die_asking(self, number):
        """Redis has run what the worker asked, and the worker hears no answer."""
        self.ask_and_lose_the_answer(number)
        self.die(number)

    def end_leases(self):
        """Some seconds pass: the living renew what they have in hand, and all else ends."""
        for worker in self.workers:
            worker.is_late = True
        held = {worker.in_hand[0] for worker in self.workers if worker.in_hand is not None}
        for number in range(len(self.workers)):
            self.heart_beats(number)
        for connection in CONNECTIONS:
            if connection not in held:
                self._end_lease(connection)
        self._reclaim()

    def _end_lease(self, connection):
        self.redis.call(("ZADD", f"{self.interface.prefix}turns", "XX", 1, connection))

    def _reclaim(self):
        # Who was long about it, on a slow machine, was not away.
        self.redis.call(("DEL", f"{self.interface.prefix}reclaim"), self.interface.command(scripts.RECLAIM, 100))

    def _receive(self, worker):
        """Let a worker be done with what it has in hand, and notes what it begins with."""
        worker.in_hand = None
        if worker.has_popped:
            # It has just asked; unless it was held up for as long as it takes to be thought dead.
            worker.receiver._asked_at = LONG_AGO if worker.is_late else time.monotonic()
        try:
            channel, message = worker.receiver.receive(worker.channels, block=False) or (None, None)
        except redis.TimeoutError:
            self._note_what_was_lost(worker)
        else:
            worker.has_popped = False
            if channel is not None:
                self._begin(worker, channel, message)
        worker.line.be_mended()

    def _note_what_was_lost(self, worker):
        command, answer = worker.line.lost
        if command[1] == scripts.NEXT.sha and answer and len(answer) > 2:
            self._excuse(worker, answer[1])
        elif command[1] == scripts.CLAIM.sha and answer:
            self._excuse(worker, answer[0])

    def _excuse(self, worker, body):
        message = worker.layer.deserialize(body)
        self.excused.add((message["reply_channel"], message["order"]))

    def _begin(self, worker, channel, message):
        connection, order = message["reply_channel"], message["order"]
        others = [other.in_hand for other in self.workers if other is not worker and other.in_hand is not None]
        assert connection not in [other for other, _ in others], "one frame of a connection at a time"
        assert channel in worker.channels, "a worker gets what it listens to"
        if channel == DISCONNECT and (connection, order) in self.excused and order in self.begun[connection][-1:]:
            pass  # what cleans up is run once more
        else:
            assert order > max(self.begun[connection], default=-1), "each frame runs once, in its order"
            self.begun[connection].append(order)
        worker.in_hand = connection, order

    # What holds.

    def check_that_nothing_jams(self):
        """Where a frame waits, somebody will come for it."""
        waiting = self.redis.call(*(("EXISTS", f"{self.interface.prefix}frames:{name}") for name in CONNECTIONS))
        leases = self.redis.call(*(("ZSCORE", f"{self.interface.prefix}turns", name) for name in CONNECTIONS))
        assert all(lease is not None for is_there, lease in zip(waiting, leases, strict=True) if is_there)

    def _work_until_nothing_is_left(self):
        worker, idle = self.workers[0], 0
        while idle < 3:
            self._receive(worker)
            idle = 0 if worker.in_hand is not None else idle + 1
            if worker.in_hand is None:
                self.end_leases()
                self._reclaim()

    def _check_that_all_ran(self):
        for connection, channels in self.sent.items():
            wanted = set(range(len(channels)))
            if channels and not self._has_left(connection):
                wanted.add(FAREWELL_ORDER)
            missing = wanted - set(self.begun[connection])
            assert {(connection, order) for order in missing} <= self.excused, "only what died with a worker is lost"
            assert set(self.begun[connection]) <= wanted

    def _check_that_nothing_is_left(self):
        prefix = self.interface.prefix
        (keys,) = self.redis.call(("KEYS", f"{prefix}*"))
        names = {key.decode()[len(prefix) :] for key in keys}
        turns = {name for name in names if name.startswith("turn:")}
        assert names - turns <= KEPT, "all the rest has ended"
        for name in turns:
            (fields, seconds) = self.redis.call(("HKEYS", prefix + name), ("TTL", prefix + name))
            assert fields == [b"order"] and seconds > 0, "of a connection that is gone, its order is kept for a while"


def make_layer(url, shard_class):
    layer = RedisChannelLayer(hosts=[url])
    layer.shards = [shard_class(client) for client in layer._connection_list]
    return layer


OF_A_CONNECTION = ["speak", "leave", "say_the_last_frame_again"]
OF_A_WORKER = [
    "ask",
    "ask_and_lose_the_answer",
    "ask_while_the_heart_beats",
    "wait",
    "claim_arrives",
    "heart_beats",
    "put_off",
    "stop",
    "die",
    "die_asking",
]
ORDINARY_WORK = ["ask", "wait_and_begin", "wait_long"] * 3


def steps():
    of_connections = st.tuples(st.sampled_from([*OF_A_CONNECTION, "speak", "speak"]), st.sampled_from(CONNECTIONS))
    of_workers = st.tuples(st.sampled_from([*OF_A_WORKER, *ORDINARY_WORK]), st.sampled_from(range(len(LISTENS_TO))))
    return st.lists(of_connections | of_workers | st.just(("end_leases",)), min_size=25, max_size=60)


def test_each_frame_runs_once_and_in_its_order_whoever_dies(valkey_url):
    interface, *layers = make_layer(valkey_url, Shard), *(make_layer(valkey_url, Line) for _ in LISTENS_TO)

    @settings(max_examples=500)
    @given(steps())
    def tell(steps):
        story = Story(interface, layers)
        for name, *who in steps:
            getattr(story, name)(*who)
            story.check_that_nothing_jams()
        story.end()

    tell()

"""
An interface and three workers on a real Valkey. A test lets them act one step at a time.

`TurnModel` checks that the frames of a connection run in order, one at a time, and none twice except a lost disconnect.
Every frame runs, except frames that a dying worker, a lost answer or a flood may have lost.
"""

import contextlib
import time
from functools import partial

import redis

from channels_transport import scripts, shards
from channels_transport.polling import find_readable
from channels_transport.prefetching import MAX_PREFETCHED
from channels_transport.receiving import Receiver
from channels_transport.redis_sending import DISCONNECT_ORDER
from channels_transport.shards import Shard
from channels_transport.waiting import Waiter, wait_for_any

PROCESS = "daphne.response.abc!"
CONNECTIONS = [PROCESS + name for name in "xyz"]
CONNECT, RECEIVE, DISCONNECT = "websocket.connect", "websocket.receive", "websocket.disconnect"
ALL = [CONNECT, RECEIVE, DISCONNECT]
# The last worker is a `runworker --only-channels`.
LISTENS_TO = [ALL, ALL, [RECEIVE]]
LONG_AGO = -10
# These keys belong to the layer, not to a connection.
LAYER_KEYS = {"turn-number", "interfaces", "reclaim", "forgotten", "memory"}


class FaultyShard(Shard):
    """A worker's shard. It can run `before` just before its next command, and lose this command or its answer."""

    def repair(self):
        self.is_broken, self.is_cut, self.lost, self.before = False, False, None, None

    def write(self, *commands, on_answers):
        if self.before is not None:
            self.before()
        if self.is_broken or self.is_cut:
            if self.is_broken:
                super().ask(*commands)
            self.is_broken = self.is_cut = False
            on_answers(redis.ConnectionError("The connection ended before the answers."))
            return
        super().write(*commands, on_answers=on_answers)
        assert find_readable([shards._thread.written.connection._sock], 10), "Redis has run the commands"

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
    """A waiter that sends a claim when `deliver` is called, or with its next write. It can lose the answers."""

    unsent, is_broken = None, False

    def send(self, command):
        self.unsent = command

    def begin_after(self, commands, keys, seconds):
        self.deliver()
        answers = super().begin_after(commands, keys, seconds)
        if self.is_broken:
            raise redis.ConnectionError("The connection ended before the answers.")
        return answers

    def deliver(self):
        if self.unsent is not None:
            super().send(self.unsent)
            self.unsent = None
            assert wait_for_any([self], 10), "Redis answers a claim"


class FakeWorker:
    """A worker that acts one step at a time."""

    def __init__(self, layer, channels):
        self.layer, self.channels = layer, channels
        self.shard = layer.shards[0]
        self.shard.repair()
        self.start()

    def start(self):
        self.receiver = Receiver(self.layer)
        self.receiver._checked = True
        self.receiver.prefetched.get_limit = lambda last_seconds: MAX_PREFETCHED
        self.written = None
        self.waiter = self.receiver._waiters[0] = SlowWaiter(self.shard)
        self.current_frame = None  # (connection, order)
        self.has_popped = self.is_late = False

    @contextlib.contextmanager
    def acting(self):
        """Give this thread the answers that the worker has not read. Each worker has its own, as in a process."""
        shards._thread.written = self.written
        try:
            yield
        finally:
            self.written, shards._thread.written = shards._thread.written, None

    def die(self):
        """Kill the worker. A command that was written to the socket still arrives."""
        if self.written is not None:
            self.written.connection.disconnect()
            self.shard.pool.release(self.written.connection)
        self.waiter.deliver()
        self.waiter.drop()
        self.start()


class TurnModel:
    """
    The interface, the workers and their history. Each public method is one step.

    `begun` has, for each connection, the orders of the frames that ran.
    """

    def __init__(self, interface, layers):
        self.interface, self.redis = interface, interface.shards[0]
        interface.flush()
        self.workers = [FakeWorker(layer, channels) for layer, channels in zip(layers, LISTENS_TO)]
        self.sent = {connection: [] for connection in CONNECTIONS}
        self.begun = {connection: [] for connection in CONNECTIONS}
        # Frames of workers that died, frames in answers or commands that were lost, and frames that a flood dropped.
        self.may_be_lost = set()
        self._lease(10000)

    def open_all(self):
        """Let all connections open, so that a worker can prefetch their next frames."""
        for connection in CONNECTIONS:
            self.send_frame(connection)
            self.ask(0)
        self.stop(0)

    def end(self):
        """Let the interface die and the workers finish. Check that every frame ran and no state remains."""
        self._lease(-1)
        for number in range(len(self.workers)):
            self.stop(number)
            self.claim_arrives(number)
        self._work_until_nothing_is_left()
        self._check_that_all_ran()
        self._check_that_nothing_is_left()

    # The next methods are the steps of the interface.

    def send_frame(self, connection):
        if not self._has_left(connection):
            self._send(connection, RECEIVE if self.sent[connection] else CONNECT)

    def send_a_frame_of_each(self):
        for connection in CONNECTIONS:
            self.send_frame(connection)

    def disconnect(self, connection):
        if self.sent[connection] and not self._has_left(connection):
            self._send(connection, DISCONNECT)

    def flood(self, connection):
        """End a connection as after a flood: its waiting frames are dropped."""
        if self.sent[connection] and not self._has_left(connection):
            order = len(self.sent[connection])
            _, command = self.interface.send_command(DISCONNECT, {"reply_channel": connection, "order": order})
            self.redis.call((*command, "forget"))
            begun = max(self.begun[connection], default=-1)
            self.may_be_lost |= {(connection, lost) for lost in range(begun + 1, order)}
            self.sent[connection].append(DISCONNECT)

    def send_the_last_frame_again(self, connection):
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

    # The next methods are the steps of the workers.

    def ask(self, number):
        self._receive(self.workers[number])

    def ask_and_lose_the_answer(self, number):
        self.workers[number].shard.is_broken = True
        self.ask(number)

    def ask_over_a_cut_connection(self, number):
        """Lose what the worker writes, if it begins a prefetched turn. Its heartbeat uses another connection."""
        worker = self.workers[number]
        if worker.receiver.prefetched._items and not worker.has_popped:
            if worker.current_frame is not None:
                self.may_be_lost.add(worker.current_frame)
            worker.shard.is_cut = True
            self.ask(number)
            self.heartbeat(number)

    def return_prefetched(self, number):
        self.workers[number].receiver.prefetched.return_all()

    def ask_during_a_heartbeat(self, number):
        self.workers[number].shard.before = partial(self.heartbeat, number)
        self.ask(number)

    def wait(self, number):
        """Let an idle worker wait. The wait ends with a turn, if a turn is in a list."""
        worker = self.workers[number]
        if worker.has_popped:
            return
        with worker.acting():
            worker.receiver.finish()
        worker.current_frame = None
        lengths = self.redis.call(*(("LLEN", self.interface.prefix + channel) for channel in worker.channels))
        if any(lengths):
            assert worker.receiver._wait(worker.channels)
            worker.has_popped, worker.is_late = True, False

    def finish_and_wait(self, number):
        """Let a worker end its turn and wait with one write, as after a lone frame. The wait may end with a turn."""
        worker = self.workers[number]
        if worker.has_popped or worker.receiver.prefetched or not worker.waiter.is_open():
            return
        worker.current_frame = None
        with worker.acting():
            worker.has_popped, worker.is_late = worker.receiver._wait(worker.channels, ends_turn=True), False

    def finish_and_wait_over_a_broken_connection(self, number):
        self.workers[number].waiter.is_broken = True
        with contextlib.suppress(redis.ConnectionError):
            self.finish_and_wait(number)
        self.workers[number].waiter.is_broken = False

    def wait_and_begin(self, number):
        self.wait(number)
        self.ask(number)

    def wait_long(self, number):
        """Delay the turn or the worker, so that the worker must check whether it still owns the turn."""
        self.wait(number)
        self.workers[number].is_late = True

    def claim_arrives(self, number):
        self.workers[number].waiter.deliver()

    def heartbeat(self, number):
        claim = self.workers[number].receiver.claim_command()
        if claim is not None:
            self.redis.call(claim[1])

    def requeue(self, number):
        """Requeue the frame of a worker whose claim has arrived, as ConsumeLater does."""
        worker = self.workers[number]
        if worker.current_frame is not None and worker.waiter.unsent is None:
            connection, order = worker.current_frame
            if self.begun[connection][-1:] == [order] and order != DISCONNECT_ORDER:
                channel, message = self.sent[connection][order], {"reply_channel": connection, "order": order}
                worker.receiver.deferred.add(
                    0,
                    worker.layer.command(
                        scripts.REQUEUE, channel, connection, worker.layer.serialize(message), 60, 3600
                    ),
                )
                self.begun[connection].pop()
                self._receive(worker)

    def stop(self, number):
        """Stop a worker in the normal way."""
        worker = self.workers[number]
        with worker.acting():
            worker.receiver.finish()
        worker.current_frame, worker.has_popped = None, False

    def die(self, number):
        worker = self.workers[number]
        if worker.current_frame is not None:
            self.may_be_lost.add(worker.current_frame)
        worker.die()

    def die_asking(self, number):
        """Kill a worker after Redis has run its command and before the worker gets the answer."""
        self.ask_and_lose_the_answer(number)
        self.die(number)

    def end_leases(self):
        """Let seconds pass: live workers renew their current turns, and all other leases end."""
        for worker in self.workers:
            worker.is_late, worker.receiver.prefetched.popped_at = True, LONG_AGO
        current = {worker.current_frame[0] for worker in self.workers if worker.current_frame is not None}
        for number in range(len(self.workers)):
            self.heartbeat(number)
        for connection in CONNECTIONS:
            if connection not in current:
                self._end_lease(connection)
        self._reclaim()

    def _end_lease(self, connection):
        self.redis.call(("ZADD", f"{self.interface.prefix}turns", "XX", 1, connection))

    def _reclaim(self):
        # On a slow machine, a long step must not look like an outage of Redis.
        self.redis.call(("DEL", f"{self.interface.prefix}reclaim"), self.interface.command(scripts.RECLAIM, 100))

    def _receive(self, worker):
        """Let a worker finish the current frame, and note the frame that it begins."""
        worker.current_frame = None
        if worker.has_popped:
            # The worker has just popped the turn, unless it was delayed for longer than a lease.
            worker.receiver._empty_at = LONG_AGO if worker.is_late else time.monotonic()
        try:
            with worker.acting():
                channel, message = worker.receiver.receive(worker.channels, block=False) or (None, None)
        except redis.TimeoutError:
            self._note_what_was_lost(worker)
        else:
            worker.has_popped = False
            if channel is not None:
                self._begin(worker, channel, message)
        worker.shard.repair()

    def _note_what_was_lost(self, worker):
        command, answer = worker.shard.lost
        if command[1] == scripts.NEXT.sha and answer and len(answer) > 2:
            self._allow_loss(worker, answer[1])
        elif command[1] == scripts.CLAIM.sha and answer:
            self._allow_loss(worker, answer[0])

    def _allow_loss(self, worker, body):
        message = worker.layer.deserialize(body)
        self.may_be_lost.add((message["reply_channel"], message["order"]))

    def _begin(self, worker, channel, message):
        connection, order = message["reply_channel"], message["order"]
        frames = [other.current_frame for other in self.workers if other is not worker]
        busy = {frame[0] for frame in frames if frame is not None}
        assert connection not in busy, "one frame of a connection at a time"
        assert channel in worker.channels, "a worker receives only from its channels"
        if channel == DISCONNECT and (connection, order) in self.may_be_lost and order in self.begun[connection][-1:]:
            pass  # a lost disconnect runs a second time
        else:
            assert order > max(self.begun[connection], default=-1), "each frame runs once, in order"
            self.begun[connection].append(order)
        worker.current_frame = connection, order

    # The next methods check the state.

    def check_that_nothing_blocks(self):
        """Check that every connection with a waiting frame has a lease, after which RECLAIM finds it."""
        waiting = self.redis.call(*(("EXISTS", f"{self.interface.prefix}frames:{name}") for name in CONNECTIONS))
        leases = self.redis.call(*(("ZSCORE", f"{self.interface.prefix}turns", name) for name in CONNECTIONS))
        assert all(lease is not None for is_there, lease in zip(waiting, leases) if is_there)

    def _work_until_nothing_is_left(self):
        worker, idle = self.workers[0], 0
        while idle < 3:
            self._receive(worker)
            idle = 0 if worker.current_frame is not None else idle + 1
            if worker.current_frame is None:
                self.end_leases()
                self._reclaim()

    def _check_that_all_ran(self):
        for connection, channels in self.sent.items():
            wanted = set(range(len(channels)))
            if channels and not self._has_left(connection):
                wanted.add(DISCONNECT_ORDER)
            missing = wanted - set(self.begun[connection])
            assert {(connection, order) for order in missing} <= self.may_be_lost, "no other frame is lost"
            assert set(self.begun[connection]) <= wanted

    def _check_that_nothing_is_left(self):
        prefix = self.interface.prefix
        (keys,) = self.redis.call(("KEYS", f"{prefix}*"))
        names = {key.decode()[len(prefix) :] for key in keys}
        turns = {name for name in names if name.startswith("turn:")}
        assert names - turns <= LAYER_KEYS, "all other keys have been deleted"
        for name in turns:
            (fields, seconds) = self.redis.call(("HKEYS", prefix + name), ("TTL", prefix + name))
            assert fields == [b"order"] and seconds > 0, "the order of an ended connection is kept for a while"

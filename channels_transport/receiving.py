"""
The receiving side of one thread: its current message, the items that it has popped, and its waits for lists.

A thread finishes its current message by asking for the next one. Only then can a worker get the connection's next
message. The thread's waiting commands are sent in the same trip, before that request. Only the channel layer in Redis
uses this module.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import math
import os
import random
import socket
import time
from typing import TYPE_CHECKING, Any, Tuple

from redis.exceptions import ResponseError

from . import scripts
from .channel_layer import Message
from .channel_names import is_fixed
from .deferred import DeferredCommands
from .items import ITEMS, TurnItem, read_expiry, read_group_item, read_message_item, read_turn_item, remove_copy
from .leases import TURN_LEASE_SECONDS
from .outages import REDIS_OUTAGES
from .prefetching import CHANNEL as PREFETCHED_CHANNEL
from .prefetching import Prefetched
from .redis_info import check_version
from .shards import Unsent
from .waiting import Waiter, wait_for_any

if TYPE_CHECKING:
    from .layer import RedisChannelLayer

Received = Tuple[str, Message]

# A turn that is popped within this time after its list was empty cannot belong to another worker.
FRESH_SECONDS = 1

_numbers = itertools.count(1)


class Receiver:
    """The receiving side of one thread. Other threads may use only the claim commands, `name` and `wake_up`."""

    def __init__(self, layer: RedisChannelLayer) -> None:
        self.layer = layer
        self.name = f"{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.{random.randrange(10**9)}"
        self.reply, self.index = "", 0  # the connection of the current message, and its shard
        self.session: bytes | None = None  # that connection's session, as stored in Redis
        self.number = b""  # the number of the current turn; each turn has a different number
        self.deferred = DeferredCommands(layer)
        self.sending_seconds = 0.0  # how long the last trip took that sent a consumer's messages; 0 if there were none
        self.wake_up: int | None = None  # a file that ends a wait when it can be read
        self._empty_at = -math.inf  # no message waited at this monotonic time (s), with one shard
        self._came_alone = False  # whether the current turn was the only one in its list
        self._popped: collections.deque[tuple[int, str, bytes]] = collections.deque()
        self.prefetched = Prefetched(layer)
        # The turns whose end Redis may not have received: {connection: number}.
        self._unended: dict[str, bytes] = {}
        self._returned_at = 0.0  # when `receive` returned the current message
        self._waiters: dict[int, Waiter] = {}  # by the index of the shard
        self._begun: dict[int, Waiter] = {}  # those that wait now
        self._checked = False

    def receive(self, channels: list[str], block: bool) -> Received | None:
        """Return (channel, message), or None if no message waits. With `block`, wait up to `blpop_timeout` seconds."""
        if self.layer.expanded and (expanded := self._pop_expanded(channels)) is not None:
            return expanded
        if not self._checked:
            for shard in self.layer.shards:
                check_version(shard)
            self._checked = True
        # If the current turn came alone, probably no message waits now. Then the worker does not ask before it waits.
        ends_turn = block and self._came_alone and self._can_end_turn_and_wait()
        self._came_alone = False
        found = None if ends_turn else self._poll(channels)
        if found is None and block and self._wait(channels, ends_turn):
            found = self._poll(channels)
        self._returned_at = time.monotonic()
        return found

    def _pop_expanded(self, channels: list[str]) -> Received | None:
        for channel in channels:
            if self.layer.expanded.get(channel):
                with contextlib.suppress(IndexError):  # another thread may have popped it
                    return self.layer.expanded[channel].popleft()
        return None

    def start_prefetching(self) -> None:
        """Take several turns in one trip from now on. The caller is a worker, which calls `receive` in a loop."""
        self.prefetched.start()

    def stop_prefetching(self) -> None:
        """Take single turns again. `finish` returns the turns that have not begun."""
        self.prefetched.stop()

    def finish(self) -> None:
        """End the current turn and return the popped items to Redis. Ask for no new message."""
        self._finish_turn()
        self._return_popped()
        self.prefetched.return_all()

    def stop_waiting(self) -> None:
        """End a wait that has begun, and return the popped item to Redis. The caller is about to pause this thread."""
        if self._begun:
            self._end_waits([])
            self._return_popped()

    def _return_popped(self) -> None:
        """
        Return the popped items. Keep an item that Redis has not accepted.

        If the connection breaks, drop the item, because another worker may have it by now. The lease of a turn ends.
        """
        while self._popped:
            popped = index, channel, item = self._popped.pop()
            command = self.layer.command(scripts.RETURN_ITEM, channel, remove_copy(item), self.layer.expiry)
            try:
                self.layer.shards[index].call(command)
            except (Unsent, ResponseError):
                self._popped.append(popped)
                raise

    def holds(self, connection: str | None) -> bool:
        """Return whether this thread's current message belongs to that connection."""
        return bool(self.reply) and self.reply == connection

    def claim_command(self) -> tuple[int, tuple] | None:
        """
        Return (index of the shard, the command that claims the current turn or renews its lease), or None.

        Any thread may call this method.
        """
        reply, index, number = self.reply, self.index, self.number
        if not reply:
            return None
        # If the receiving thread begins another turn between these reads, the number is wrong, and nothing is claimed.
        return index, self._claim_command(reply, number)

    def claim_commands(self, index: int) -> list[tuple]:
        """
        Return the commands that claim this thread's turns on a shard, or renew their leases.

        If Redis has not received the end of a turn, its frame must not run again. Any thread may call this method.
        """
        claim = self.claim_command()
        commands = [claim[1]] if claim is not None and claim[0] == index else []
        if index == 0:
            commands += [self._claim_command(reply, number) for reply, number in list(self._unended.items())]
        return commands

    def _claim_command(self, reply: str | bytes, number: bytes, *options: str) -> tuple:
        return self.layer.command(scripts.CLAIM, self.name, TURN_LEASE_SECONDS * 1000, reply, number, *options)

    def _finish_turn(self) -> None:
        if self.reply or self.deferred:
            # The channel "" has no messages, so the answer is empty.
            self._ask_for_item(self.index, [""])

    # These methods ask for a message.

    def _poll(self, channels: list[str]) -> Received | None:
        while self._popped:
            # Several hosts may have answered at once. Send a consumer's messages before the next consumer runs.
            self._finish_turn()
            popped = self._popped.popleft()
            try:
                found = self._open_popped(*popped)
            except REDIS_OUTAGES:
                self._popped.appendleft(popped)
                raise
            if found is not None:
                return found
        while (item := self.prefetched.take()) is not None:
            found = self._open_prefetched(item)
            if found is not None:
                return found
        if self.layer.ring_size == 1:
            return self._ask(0, channels)
        shards = self._by_shard(channels)
        if self.index not in shards:
            self.finish()
        for index in sorted(shards, key=lambda index: (index != self.index, random.random())):
            found = self._ask(index, shards[index])
            if found is not None:
                return found
        return None

    def _by_shard(self, channels: list[str]) -> dict[int, list[str]]:
        """Return {index of a shard: the channels to read there}. All shards are read, because each may have turns."""
        if self.layer.ring_size == 1:
            return {0: channels}
        found: dict[int, list[str]] = {index: [] for index in range(self.layer.ring_size)}
        for channel in channels:
            if is_fixed(channel):
                found[self.layer.consistent_hash(channel)].append(channel)
            else:
                for names in found.values():
                    names.append(channel)
        return {index: names for index, names in found.items() if names}

    def _ask(self, index: int, channels: list[str]) -> Received | None:
        """Return (channel, message), or None if no message waits on this shard."""
        while True:
            answer = self._ask_for_item(index, channels)
            if not answer:
                self._empty_at = self._asked_at
                return None
            channel, item = answer[0].decode(), answer[1]
            found = self._read(channel, item) if len(answer) > 2 else self._open(channel, item)
            if found is not None:
                return found

    def _ask_for_item(self, index: int, channels: list[str]) -> Any:
        finished, number = (self.reply, self.number) if index == self.index else ("", b"")
        asked_at, has_messages = time.monotonic(), bool(self.deferred)
        self._asked_at = asked_at
        most = self.prefetched.get_limit(asked_at - self._returned_at)
        command = self._next_command(finished, number, most, channels)
        try:
            answer = self.deferred.run_after_waiting(index, command)
            self._unended.clear()
            if finished:
                self.reply, self.session = "", None
            if answer and len(answer) > 2:
                self._begin_turn(index, *answer[2:5])
                if len(answer) > 5:
                    self.prefetched.add(answer[5:], asked_at)
        finally:
            # The handlers may take longer than a lease, and the heartbeat renews only a turn that has begun. So the
            # turn begins before this call.
            self.deferred.handle_answers()
            self.sending_seconds = time.monotonic() - self._asked_at if has_messages else 0.0
        return answer

    def _next_command(self, finished: str, number: bytes, most: int, channels: list[str]) -> tuple:
        start = int(random.random() * len(channels))
        lease = TURN_LEASE_SECONDS * 1000
        return self.layer.command(scripts.NEXT, self.name, lease, finished, number, most, start, *channels)

    def _begin_turn(self, index: int, reply: bytes, number: bytes, session: bytes | None) -> None:
        self.number, self.session, self.index, self.reply = number, session or None, index, reply.decode()

    # These methods open the items that a wait has popped.

    def _open_popped(self, index: int, channel: str, item: bytes) -> Received | None:
        if item[:1] not in ITEMS:
            self.layer.log_loss(
                channel, "has a message of another kind of channel layer, which is dropped: use another prefix"
            )
        is_expired = item[:1] not in ITEMS or self.layer.shards[index].is_past(read_expiry(item))
        if is_expired:
            self.layer.shards[index].call(self.layer.command(scripts.COUNT, channel, "expired_count", 1))
        if item[:1] == b"T":
            body = self._open_turn(index, item, is_expired)
            return None if body is None or is_expired else self._read(channel, body)
        return None if is_expired else self._open(channel, item)

    def _open_turn(self, index: int, item: bytes, is_expired: bool) -> bytes | None:
        """Begin a popped turn. Return its frame's body, or None if another worker already owns the turn."""
        turn = read_turn_item(item)
        # A worker that was delayed since the pop may count as dead by now, so it waits for the answer to its claim. It
        # also does so if the turn may have waited before, for an unknown time. Otherwise no other worker can own the
        # turn, and the claim needs no answer. With several shards, `_empty_at` may be the time of another shard.
        is_fresh = self.layer.ring_size == 1 and time.monotonic() - self._empty_at < FRESH_SECONDS
        if not turn.has_copy or is_expired or not is_fresh:
            return self._claim_and_wait(index, turn.reply, turn.number)
        # The copied session arrived with a renewed lease, so the claim has nothing to read.
        self._waiters[index].send(self._claim_command(turn.reply, turn.number, "copied"))
        self._begin_turn(index, turn.reply, turn.number, turn.session)
        self._came_alone = True
        return turn.body

    def _open_prefetched(self, item: bytes) -> Received | None:
        """Finish the current turn and begin a prefetched one. Return its message, or None if another worker owns it."""
        turn = read_turn_item(item)
        if turn.has_copy and time.monotonic() - self.prefetched.popped_at < FRESH_SECONDS:
            self._write_begin(item, turn)
            body: bytes | None = turn.body
        else:
            # After an outage, or if the thread that returns turns was delayed. If the claim fails, its lease ends.
            try:
                self._finish_turn()
            except Exception:
                self.prefetched.put_back(item)
                raise
            body = self._claim_and_wait(0, turn.reply, turn.number)
        return None if body is None else self._read(PREFETCHED_CHANNEL, body)

    def _write_begin(self, item: bytes, turn: TurnItem) -> None:
        """
        Write the waiting commands, the end of the current turn and the claim of a prefetched turn.

        The worker does not wait for the answers. The kernel delivers the commands even if the worker is killed.
        """
        finished, number = self.reply, self.number
        if finished:
            self._unended[finished] = number
        command = self.layer.command(
            scripts.BEGIN_PREFETCHED, self.name, TURN_LEASE_SECONDS * 1000, finished, number, turn.reply, turn.number
        )
        try:
            self.deferred.write_after_waiting(0, command, lambda: self._finish_again(finished, number))
        except Unsent:
            self.prefetched.put_back(item)
            raise
        self._begin_turn(0, turn.reply, turn.number, turn.session)
        self.sending_seconds = 0.0
        self.deferred.handle_answers()

    def _finish_again(self, reply: str, number: bytes) -> None:
        """
        Let the next trips end a turn until one succeeds, because the connection broke or Redis refused the command.

        The prefetched turns must be claimed first.
        """
        self.prefetched.popped_at = -math.inf
        if reply:
            self._unended[reply] = number
            command = self._next_command(reply, number, 0, [""])
            self.deferred.add(0, command, on_failure=lambda: self._finish_again(reply, number))

    def _claim_and_wait(self, index: int, reply: bytes, number: bytes) -> bytes | None:
        (answer,) = self.layer.shards[index].call(self._claim_command(reply, number))
        if answer is None:
            return None
        # The turn begins after the answer, because the heartbeat also claims the current turn, and could get the frame.
        self._begin_turn(index, reply, number, answer[1] if answer else None)
        if answer == 0:
            # The turn was claimed before, and the answer with the frame was lost.
            self.layer.shards[index].call(self.layer.command(scripts.COUNT, "unknown", "lost_count", 1))
            return None
        return answer[0] or None

    def _open(self, channel: str, item: bytes) -> Received | None:
        """
        Return (channel, message) of an item that is not a turn.

        A group's item is expanded: the next calls of `receive` return the messages to its other members. Return None if
        the group has no member in this process.
        """
        if item[:1] == b"M":
            name, body = read_message_item(item)
            return self._read(name.decode() or channel, body)
        group, version, excluded, body, _ = read_group_item(item)
        members = self.layer.group_members(group.decode(), channel, version)
        found = [self._read(member, body) for member in members if member not in excluded]
        messages = [message for message in found if message is not None]
        self.layer.expanded[channel].extend(messages[1:])
        return messages[0] if messages else None

    def _read(self, channel: str, body: bytes) -> Received | None:
        message = self.layer.read_body(channel, body)
        return None if message is None else (channel, message)

    # These methods wait.

    def _wait(self, channels: list[str], ends_turn: bool = False) -> bool:
        """
        Wait for an item on all shards at once. Return whether one has arrived.

        With `ends_turn`, end the current turn with the same write. There must be one shard, with an open connection.
        """
        if self.reply and not ends_turn:
            self.finish()
        refusal: ResponseError | None = None
        try:
            for index, names in self._by_shard(channels).items():
                waiter = self._waiters.setdefault(index, Waiter(self.layer.shards[index]))
                if ends_turn:
                    refusal = self._finish_and_begin_wait(waiter, names)
                else:
                    waiter.begin(self._get_keys(names), self.layer.blpop_timeout)
                    self._begun[index] = waiter
            ready: list[Waiter] = []
            if refusal is None and self._begun:
                ready = wait_for_any(list(self._begun.values()), self.layer.blpop_timeout + 1, self.wake_up)
        except BaseException:
            self._drop_waits()
            raise
        self._end_waits(ready)
        if refusal is not None:
            raise refusal
        return bool(self._popped)

    def _end_waits(self, ready: list[Waiter]) -> None:
        """Read the answers of the waits in `ready`, and cancel the other ones. Keep the items that they have popped."""
        try:
            for index, waiter in self._begun.items():
                popped = waiter.end() if waiter in ready else waiter.cancel()
                if popped is not None:
                    key, item = popped
                    self._popped.append((index, key[len(self.layer.prefix) :], item))
        except BaseException:
            self._drop_waits()
            raise
        self._begun.clear()

    def _drop_waits(self) -> None:
        for waiter in self._waiters.values():
            waiter.drop()
        self._begun.clear()

    def _can_end_turn_and_wait(self) -> bool:
        return not self._popped and not self.prefetched and self._waiters[0].is_open()

    def _get_keys(self, channels: list[str]) -> list[str]:
        return [self.layer.prefix + channel for channel in channels]

    def _finish_and_begin_wait(self, waiter: Waiter, channels: list[str]) -> ResponseError | None:
        """
        Send the waiting commands, end the current turn and begin to wait, in one write. Return the refusal of Redis.

        If a message waited then, the worker must claim the turn that it pops, because that turn may have waited too.
        """
        command = self.layer.command(scripts.FINISH, self.name, self.reply, self.number, *channels)
        began_at, has_messages = time.monotonic(), bool(self.deferred)

        def ask(*commands: tuple) -> list[Any]:
            answers = waiter.begin_after(commands, self._get_keys(channels), self.layer.blpop_timeout)
            self._begun[0] = waiter
            # A script that runs only now proves nothing, because the wait has begun before it.
            is_proof = not self.layer.shards[0].rerun_unknown(commands, answers)
            self._empty_at = began_at if is_proof and answers[-1] == 0 else -math.inf
            return answers

        try:
            self.deferred.run_after_waiting(0, command, ask)
            self._unended.clear()
            self.reply, self.session = "", None
        except ResponseError as refusal:
            return refusal
        finally:
            self.deferred.handle_answers()
            self.sending_seconds = time.monotonic() - began_at if has_messages else 0.0
        return None

"""
One thread's side of receiving: what it has in hand, what it waits on, and what it sends with its next question.

A connection's next message is given out when its last one is done with, which is when the thread asks again; what the
thread has sent meanwhile goes in the same trip, before. It is the channel layer's, and knows no chat.
"""

import collections
import contextlib
import itertools
import logging
import os
import random
import socket
import time
from typing import NamedTuple

from . import scripts
from .outages import REDIS_OUTAGES
from .shards import Unsent, Waiter, is_fixed, wait_for_any

logger = logging.getLogger(__name__)

# A worker renews its turn every second; one that does not for so long is taken for dead.
TURN_LEASE_SECONDS = 4
# The letters of items that go to a group's members.
GROUP_ITEMS = (b"G", b"E")
# A turn that was popped so soon after nothing was there is nobody else's.
FRESH_SECONDS = 1

_numbers = itertools.count(1)


class Receiver:
    """The receiving side of one thread. No other may use any of it but `claim` and `wake_up`."""

    def __init__(self, layer):
        self.layer = layer
        self.name = f"{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.{random.randrange(10**9)}"
        self.reply, self.index = "", 0  # the connection whose message is in hand, and its shard
        self.session = None  # what Redis holds as that connection's session
        self.number = b""  # of its turn: by that Redis tells this turn from another
        self._asked_at = 0
        self._popped = collections.deque()
        self._waiters = {}
        self._waiting = []
        self._unsettled = []
        self._checked = False
        self.wake_up = None  # a file whose readability ends the waiting

    def receive(self, channels, block):
        """Returns (channel, message) or None."""
        for channel in channels:
            if self.layer.expanded.get(channel):
                with contextlib.suppress(IndexError):  # another thread was faster
                    return self.layer.expanded[channel].popleft()
        if not self._checked:
            for shard in self.layer.shards:
                shard.check_version()
            self._checked = True
        found = self._poll(channels)
        if found is None and block and self._wait(channels):
            found = self._poll(channels)
        return found

    def finish(self):
        """Says that the message in hand is done with, and lets go of what was popped ahead, without asking for more."""
        self._finish_turn()
        while self._popped:
            index, channel, item = self._popped[-1]
            if item[:1] == b"T":
                # Without its copy: it may be another's by now, and whoever pops it next has to ask.
                item = item[: item.index(b"\0", 30)] + b"\0?\0"
            self.layer.shards[index].call(self.layer.command(scripts.PUT_BACK, channel, item, self.layer.expiry))
            self._popped.pop()

    def _finish_turn(self):
        if self.reply or self._waiting:
            # It listens to nothing, so nothing comes back.
            self._ask(self.index, [""])

    # Asking.

    def _poll(self, channels):
        shards = self._by_shard(channels)
        while self._popped:
            # Several hosts may have answered at once; what was done in between must not wait for another consumer.
            self._finish_turn()
            popped = self._popped.popleft()
            try:
                found = self._open_popped(*popped)
            except REDIS_OUTAGES:
                self._popped.appendleft(popped)
                raise
            if found is not None:
                return found
        if self.index not in shards:
            self.finish()
        for index in sorted(shards, key=lambda index: (index != self.index, random.random())):
            found = self._ask(index, shards[index])
            if found is not None:
                return found
        return None

    def _by_shard(self, channels):
        """Returns {index of a shard: the channels to read there}. Connections may be on any, so all are read."""
        found = {index: [] for index in range(self.layer.ring_size)}
        for channel in channels:
            if is_fixed(channel):
                found[self.layer.consistent_hash(channel)].append(channel)
            else:
                for names in found.values():
                    names.append(channel)
        return {index: names for index, names in found.items() if names}

    def _ask(self, index, channels):
        """Returns (channel, message), or None where nothing waits."""
        while True:
            answer = self._ask_for_item(index, channels)
            if not answer:
                return None
            channel, item = answer[0].decode(), answer[1]
            found = (channel, self.layer.deserialize(item)) if len(answer) > 2 else self._open(channel, item)
            if found is not None:
                return found

    def _ask_for_item(self, index, channels):
        finished, number = (self.reply, self.number) if index == self.index else ("", "")
        command = self.layer.command(
            scripts.NEXT,
            self.name,
            TURN_LEASE_SECONDS * 1000,
            finished,
            number,
            random.randrange(len(channels)),
            *channels,
        )
        self._asked_at = time.monotonic()
        try:
            answer = self._call(index, command)
            if finished:
                self.reply, self.session = "", None
            if answer and len(answer) > 2:
                self._begin_turn(index, *answer[2:])
        finally:
            # Not before: it may take longer than a turn's lease, which is renewed for what is in hand.
            self._settle()
        return answer

    def _begin_turn(self, index, reply, number, session):
        self.number, self.session, self.index, self.reply = number, session or None, index, reply.decode()

    def claim(self):
        """Returns (index of the shard, the command that claims or renews the turn in hand), or None. For any thread."""
        reply, index, number = self.reply, self.index, self.number
        if not reply:
            return None
        # Should this thread have gone on between two of these, the number is another turn's: nothing is claimed then.
        return index, self._claim_command(reply, number)

    def _claim_command(self, reply, number):
        return self.layer.command(scripts.CLAIM, self.name, TURN_LEASE_SECONDS * 1000, reply, number)

    def _open_popped(self, index, channel, item):
        is_expired = item[:1] not in (b"T", b"M", *GROUP_ITEMS) or self.layer.shards[index].is_past(int(item[1:14]))
        if is_expired:
            self.layer.shards[index].call(self.layer.command(scripts.COUNT, channel, "expired_count", 1))
        if item[:1] == b"T":
            body = self._open_turn(index, item, is_expired)
            return None if body is None or is_expired else (channel, self.layer.deserialize(body))
        return None if is_expired else self._open(channel, item)

    def _open_turn(self, index, item, is_expired):
        """Takes a popped turn in hand. Returns its frame's body, or None where another has it by now."""
        number, (reply, length, rest) = item[14:30], item[30:].split(b"\0", 2)
        claim = self._claim_command(reply, number)
        # Who was held up on the way here may have been taken for dead, and must ask; else it is enough to say so.
        is_fresh = self.layer.ring_size == 1 and time.monotonic() - self._asked_at < FRESH_SECONDS
        if length == b"?" or is_expired or not is_fresh:
            return self._claim_and_wait(index, claim, reply, number)
        self._waiters[index].say(claim)
        self._begin_turn(index, reply, number, rest[: int(length)])
        return rest[int(length) :]

    def _claim_and_wait(self, index, claim, reply, number):
        (answer,) = self.layer.shards[index].call(claim)
        if answer is None:
            return None
        # Not before: the heart would claim what is in hand, too, and take the frame out of this answer.
        self._begin_turn(index, reply, number, answer[1] if answer else None)
        if answer == 0:
            # It was claimed before, and the answer that held the frame was lost.
            self.layer.shards[index].call(self.layer.command(scripts.COUNT, "unknown", "lost_count", 1))
            return None
        return answer[0] or None

    def _open(self, channel, item):
        """
        Returns (channel, message) of an item; a group's is expanded, and its others are the next to come. Returns None
        where no member is left.
        """
        if item[:1] == b"M":
            name, _, body = item[14:].partition(b"\0")
            return name.decode() or channel, self.layer.deserialize(body)
        group, version, excluded, body = open_group_item(item)
        members = self.layer.group_members(group.decode(), channel, version)
        messages = [(member, self.layer.deserialize(body)) for member in members if member not in excluded]
        self.layer.expanded[channel].extend(messages[1:])
        return messages[0] if messages else None

    # Waiting.

    def _wait(self, channels):
        """Blocks on all shards at once. Returns whether something has come."""
        if self.reply:
            self.finish()
        waiters = {}
        try:
            for index, names in self._by_shard(channels).items():
                waiters[index] = self._waiters.setdefault(index, Waiter(self.layer.shards[index]))
                waiters[index].begin([self.layer.prefix + name for name in names], self.layer.blpop_timeout)
            ready = wait_for_any(list(waiters.values()), self.layer.blpop_timeout + 1, self.wake_up)
            for index, waiter in waiters.items():
                popped = waiter.end() if waiter in ready else waiter.call_off()
                if popped is not None:
                    key, item = popped
                    self._popped.append((index, key[len(self.layer.prefix) :], item))
        except BaseException:
            for waiter in waiters.values():
                waiter.drop()
            raise
        return bool(self._popped)

    # Sending together with the next question.

    def later(self, index, command, settle=None):
        """Lets a command go with the next trip, before the order advances. `settle(answer)` is called after it."""
        self._waiting.append(Later(index, command, settle))

    def holds(self, connection):
        """Whether this thread has a message of that connection in hand."""
        return bool(self.reply) and self.reply == connection

    def send_waiting(self):
        """Sends what waits, now: something must not overtake it."""
        for index in {entry.index for entry in self._waiting}:
            self._run(index)
        self._settle()

    def _call(self, index, command):
        """Runs what waits, and then `command` on its shard: one trip where all is there. Returns its answer."""
        for other in {entry.index for entry in self._waiting} - {index}:
            self._run(other)
        (answer,) = self._run(index, command)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _run(self, index, *commands):
        entries = [entry for entry in self._waiting if entry.index == index]
        others = [entry for entry in self._waiting if entry.index != index]
        try:
            answers = self.layer.shards[index].ask(*(entry.command for entry in entries), *commands)
        except Unsent:
            raise  # and they wait for the next trip
        except REDIS_OUTAGES:
            self._waiting = others
            if entries:
                logger.warning("The connection broke: nobody knows whether %d messages have left", len(entries))
            raise
        self._waiting = others
        self._unsettled.extend(zip(entries, answers, strict=False))
        return answers[len(entries) :]

    def _settle(self):
        """Looks at what became of the commands that went with a trip. It concerns nobody who asked for a message."""
        unsettled, self._unsettled = self._unsettled, []
        for entry, answer in unsettled:
            try:
                if isinstance(answer, Exception):
                    logger.error("Redis has refused what a consumer sent or saved: %s", answer)
                elif entry.settle is not None:
                    entry.settle(answer)
            except REDIS_OUTAGES as outage:
                logger.warning("What became of a message cannot be asked: %s", outage)
            except Exception:
                logger.exception("What a consumer sent could not be delivered")


class Later(NamedTuple):
    """A command that waits for the next trip."""

    index: int
    command: tuple
    settle: object


def open_group_item(item):
    """Returns (group, version of its members, names of the channels to leave out, body) of an item `G` or `E`."""
    group, _, body = item[30:].partition(b"\0")
    if item[:1] == b"G":
        return group, item[14:30], (), body
    names, _, body = body.partition(b"\0")
    return group, item[14:30], frozenset(names.decode().split(",")), body

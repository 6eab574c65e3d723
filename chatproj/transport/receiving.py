"""
One thread's side of receiving: what it has in hand, what it waits on, and what it sends with its next question.

A connection's next message is given out when its last one is done with, which is when the thread asks again; what the
thread has sent meanwhile goes in the same trip, before. It is the channel layer's, and knows no chat.
"""
import collections
import itertools
import os
import random
import socket
from typing import NamedTuple

from . import scripts
from .shards import Waiter, wait_for_any

SESSION_LEASE_SECONDS = 3600
# A worker renews its turn every second; one that does not for so long is taken for dead.
TURN_LEASE_SECONDS = 4

_numbers = itertools.count(1)


class Receiver:
    """The receiving side of one thread. Nothing of it may be used by another, but `name`, `reply` and `wake_up`."""

    def __init__(self, layer):
        self.layer = layer
        self.name = f"{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.{random.randrange(10**9)}"
        self.reply, self.index = "", 0  # the connection whose message is in hand, and its shard
        self.session = None  # what Redis holds as that connection's session
        self._popped = collections.deque()
        self._expanded = collections.defaultdict(collections.deque)
        self._waiters = {}
        self._waiting = []
        self._checked = False
        self.wake_up = None  # a file whose readability ends the waiting

    def receive(self, channels, block):
        """Returns (channel, message) or None."""
        for channel in channels:
            if self._expanded.get(channel):
                return self._expanded[channel].popleft()
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
        if self.reply or self._waiting:
            # It listens to nothing, so nothing comes back.
            self._ask(self.index, [""])
        while self._popped:
            index, channel, item = self._popped.popleft()
            self.layer.shards[index].call(("LPUSH", self.layer.prefix + channel, item))

    # Asking.

    def _poll(self, channels):
        shards = self._by_shard(channels)
        while self._popped:
            found = self._open_popped(*self._popped.popleft(), shards)
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
            if "!" in channel or "?" in channel:
                found[self.layer.consistent_hash(channel)].append(channel)
            else:
                for names in found.values():
                    names.append(channel)
        return {index: names for index, names in found.items() if names}

    def _ask(self, index, channels, token=b""):
        finished = self.reply if index == self.index else ""
        command = self.layer.command(
            scripts.NEXT, self.name, TURN_LEASE_SECONDS * 1000, finished, token,
            f"{self.layer.prefix}session:chn", SESSION_LEASE_SECONDS, random.randrange(len(channels)), *channels,
        )  # fmt: skip
        answer = self._call(index, command)
        if finished:
            self.reply, self.session = "", None
        if not answer:
            return None
        channel, body, reply, session = answer
        if not reply:
            return self._open(channel.decode(), body)
        self.reply, self.index, self.session = reply.decode(), index, session
        return channel.decode(), self.layer.deserialize(body)

    def _open_popped(self, index, channel, item, shards):
        if item[:1] == b"T":
            if self.reply and index != self.index:
                self.finish()
            return self._ask(index, shards.get(index, [channel]), item[1:])
        if int(item[1:14]) <= self.layer.shards[index].now():
            self.layer.shards[index].call(self.layer.command(scripts.COUNT, channel, "expired_count", 1))
            return None
        return self._open(channel, item)

    def _open(self, channel, item):
        """Returns (channel, message) of an item; a group's is expanded, and its others are the next to come."""
        if item[:1] == b"M":
            name, _, body = item[14:].partition(b"\0")
            return name.decode() or channel, self.layer.deserialize(body)
        version, (group, _, body) = item[14:30], item[30:].partition(b"\0")
        members = self.layer.group_members(group.decode(), channel, version)
        self._expanded[channel].extend((member, self.layer.deserialize(body)) for member in members)
        return self._expanded[channel].popleft() if members else None

    # Waiting.

    def _wait(self, channels):
        """Blocks on all shards at once. Returns whether something has come."""
        if self.reply:
            self.finish()
        waiters = {index: self._begin(index, names) for index, names in self._by_shard(channels).items()}
        try:
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

    def _begin(self, index, names):
        if index not in self._waiters:
            self._waiters[index] = Waiter(self.layer.shards[index])
        waiter = self._waiters[index]
        waiter.begin([self.layer.prefix + name for name in names], self.layer.blpop_timeout)
        return waiter

    # Sending together with the next question.

    def later(self, index, command, settle=None):
        """Lets a command go with the next trip, before the order advances. `settle(answer)` is called after it."""
        self._waiting.append(Later(index, command, settle))

    def holds(self, connection):
        """Whether this thread has a message of that connection in hand."""
        return bool(self.reply) and self.reply == connection

    def _call(self, index, command):
        """Runs what waits, and then `command` on its shard: one trip where all is there. Returns its answer."""
        waiting, self._waiting = self._waiting, []
        for other in {entry.index for entry in waiting} - {index}:
            self._run(other, [entry for entry in waiting if entry.index == other])
        return self._run(index, [entry for entry in waiting if entry.index == index], command)

    def _run(self, index, entries, *commands):
        answers = self.layer.shards[index].call(*(entry.command for entry in entries), *commands)
        for entry, answer in zip(entries, answers, strict=False):
            if entry.settle is not None:
                entry.settle(answer)
        return answers[-1]


class Later(NamedTuple):
    """A command that waits for the next trip."""

    index: int
    command: tuple
    settle: object

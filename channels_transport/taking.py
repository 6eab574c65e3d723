"""
Taking the messages of one plain channel so that none dies with whoever has taken it.

A worker that is killed takes the plain message in its hands with it. Here Redis moves each message into a list of the
taker's own as it gives it out, and it stays there until the taker says that it is done with; what a dead taker leaves
is put back. A message may so be taken twice, and never not at all. It knows no chat.
"""

import collections
import time
from typing import NamedTuple

from . import scripts
from .outages import REDIS_OUTAGES
from .shards import Waiter, wait_for_any

# How often a taker looks for what the dead have left. Their signs of life end after ten seconds.
TAKE_BACK_SECONDS = 5
LONGEST_WAIT_SECONDS = 5
MEMORY_STEP_SECONDS = 0.05


class Taken(NamedTuple):
    """A message in hand: its content (None where nobody can read it), and when it was sent, by this machine's clock."""

    content: object
    sent_at: float
    index: int = 0
    item: bytes = b""


class Taker:
    """Takes from one channel of our layer. It shows signs of life by a `Heartbeat`, and belongs to one thread."""

    def __init__(self, layer, channel):
        self._layer, self._channel = layer, channel
        self._source = f"{layer.prefix}{channel}"
        self._name = layer.receiver.name
        self._own = f"{layer.prefix}taken:{self._name}"
        self._waiters = [Waiter(shard) for shard in layer.shards]
        self._ready = collections.deque()
        self._done = []
        self._looked_at = None  # None: what the own lists hold is not known
        self._behind = {}  # by how many seconds Redis' clock is behind ours, for each shard

    def take(self, seconds):
        """Returns the next message, or None where none has come within so many seconds, or someone has said to stop."""
        if not self._ready:
            self._look_after_lists()
        if not self._ready:
            self._wait(min(seconds, LONGEST_WAIT_SECONDS))
        return self._open(*self._ready.popleft()) if self._ready else None

    def keep(self, taken):
        """It could not be done with: it will be the next to be taken."""
        self._ready.appendleft((taken.index, taken.item))

    def done(self, taken):
        """It is safe elsewhere: nobody has to take it again."""
        self._done.append(taken)
        self._forget_done()

    def finish(self):
        """Gives back what is in hand."""
        self._forget_done()
        for shard in self._layer.shards:
            while shard.call(("LMOVE", self._own, self._source, "RIGHT", "LEFT")) != [None]:
                pass

    def _forget_done(self):
        while self._done:
            taken = self._done[-1]
            self._shard_call(taken.index, ("LREM", self._own, 1, taken.item))
            self._done.pop()

    def _shard_call(self, index, *commands):
        try:
            return self._layer.shards[index].call(*commands)
        except REDIS_OUTAGES:
            self._looked_at = None
            raise

    def _look_after_lists(self):
        if self._looked_at is not None and time.monotonic() - self._looked_at < TAKE_BACK_SECONDS:
            return
        self._forget_done()
        take_back = self._layer.command(scripts.TAKE_BACK, self._channel, self._name)
        for index in range(len(self._waiters)):
            _, left, now = self._shard_call(index, take_back, ("LRANGE", self._own, 0, -1), ("TIME",))
            # Not measured for each message: they would not keep their order.
            self._behind[index] = time.time() - int(now[0]) - int(now[1]) / 1e6
            # Redis had moved it, and the answer that held it was lost.
            self._ready.extend((index, item) for item in left)
        self._looked_at = time.monotonic()

    def _wait(self, seconds):
        try:
            for waiter in self._waiters:
                waiter.begin_move(self._source, self._own, LONGEST_WAIT_SECONDS + 1)
            ready = wait_for_any(self._waiters, seconds, self._layer.receiver.wake_up)
            for index, waiter in enumerate(self._waiters):
                item = waiter.end() if waiter in ready else waiter.call_off()
                if item is not None:
                    self._ready.append((index, item))
        except BaseException:
            for waiter in self._waiters:
                waiter.drop()
            self._ready.clear()  # the own lists hold them
            self._looked_at = None
            raise

    def _open(self, index, item):
        """Expiry is not asked for: what is to be done later may also be taken later."""
        try:
            sent_at = int(item[1:14]) / 1000 - self._layer.expiry + self._behind[index]
            content = self._layer.deserialize(item[14:].partition(b"\0")[2])
        except Exception:
            return Taken(None, 0, index, item)
        return Taken(content, sent_at, index, item)


class MemoryTaker:
    """The same from a layer that lives in this process, and cannot wait: what is in hand dies with it anyway."""

    def __init__(self, layer, channel):
        self._layer, self._channel = layer, channel
        self._kept = collections.deque()

    def take(self, seconds):
        deadline = time.monotonic() + min(seconds, LONGEST_WAIT_SECONDS)
        while not self._kept:
            _, content = self._layer.receive([self._channel])
            if content is not None:
                return Taken(content, time.time())
            if time.monotonic() >= deadline:
                return None
            time.sleep(MEMORY_STEP_SECONDS)
        return self._kept.popleft()

    def keep(self, taken):
        self._kept.appendleft(taken)

    def done(self, taken):
        pass

    def finish(self):
        pass

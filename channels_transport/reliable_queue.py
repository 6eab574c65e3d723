"""
Receiving from one plain channel without losing a message when its receiver dies.

If an ordinary worker is killed, the plain message that it processes is lost. For a ReliableQueue, Redis moves each
message into the receiver's own list, where the message stays until the receiver acknowledges it. The messages of a dead
receiver return to the channel. So a message may be delivered twice, but it is delivered at least once.
"""

from __future__ import annotations

import collections
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from . import scripts
from .items import read_expiry, read_message_item
from .outages import REDIS_OUTAGES
from .waiting import Waiter, wait_for_any

if TYPE_CHECKING:
    from .layer import RedisChannelLayer
    from .memory import MemoryChannelLayer

# A receiver looks for the messages of dead receivers at this interval. A receiver whose last report is ten seconds old
# counts as dead.
RECLAIM_SECONDS = 5
LONGEST_WAIT_SECONDS = 5
MEMORY_STEP_SECONDS = 0.05


class Delivery(NamedTuple):
    """A received message: its content (None if unreadable), and when it was sent, by this machine's clock (s)."""

    content: Any
    sent_at: float
    shard: int = 0  # its index
    item: bytes = b""


class ReliableQueue:
    """Receives from one channel of the layer in Redis, in one thread, which needs a `Heartbeat`."""

    def __init__(self, layer: RedisChannelLayer, channel: str) -> None:
        self._layer, self._channel = layer, channel
        self._source = f"{layer.prefix}{channel}"
        self._name = layer.receiver.name
        self._own_list = f"{layer.prefix}taken:{self._name}"
        self._waiters = [Waiter(shard) for shard in layer.shards]
        self._ready: collections.deque[tuple[int, bytes]] = collections.deque()
        self._acknowledged: list[Delivery] = []
        self._reclaimed_at: float | None = None  # None: the contents of the receiver's own lists are unknown
        self._clock_lag: dict[int, float] = {}  # by shard: how far Redis' clock is behind this machine's clock (s)

    def receive(self, seconds: float) -> Delivery | None:
        """
        Return the next message, or None if none arrives in time or the layer receiver's `wake_up` ends the wait.

        Wait for at most `seconds`, and never longer than LONGEST_WAIT_SECONDS.
        """
        if not self._ready:
            self._reclaim()
        if not self._ready:
            self._wait(min(seconds, LONGEST_WAIT_SECONDS))
        return self._open(*self._ready.popleft()) if self._ready else None

    def requeue(self, delivery: Delivery) -> None:
        """Let the next `receive` return this message again, because it could not be processed."""
        self._ready.appendleft((delivery.shard, delivery.item))

    def acknowledge(self, delivery: Delivery) -> None:
        """Remove a message from Redis, because it is stored elsewhere."""
        self._acknowledged.append(delivery)
        self._remove_acknowledged()

    def close(self) -> None:
        """Move the messages that were not acknowledged back to the channel."""
        self._remove_acknowledged()
        for shard in self._layer.shards:
            while shard.call(("LMOVE", self._own_list, self._source, "RIGHT", "LEFT")) != [None]:
                pass

    def _remove_acknowledged(self) -> None:
        while self._acknowledged:
            delivery = self._acknowledged[-1]
            self._call(delivery.shard, ("LREM", self._own_list, 1, delivery.item))
            self._acknowledged.pop()

    def _call(self, index: int, *commands: tuple) -> list[Any]:
        try:
            return self._layer.shards[index].call(*commands)
        except REDIS_OUTAGES:
            self._reclaimed_at = None
            raise

    def _reclaim(self) -> None:
        if self._reclaimed_at is not None and time.monotonic() - self._reclaimed_at < RECLAIM_SECONDS:
            return
        self._remove_acknowledged()
        reclaim = self._layer.command(scripts.RECLAIM_DELIVERIES, self._channel, self._name)
        for index in range(len(self._waiters)):
            _, unread, now = self._call(index, reclaim, ("LRANGE", self._own_list, 0, -1), ("TIME",))
            # The lag is not measured for each message, because small differences would change the order of messages.
            self._clock_lag[index] = time.time() - int(now[0]) - int(now[1]) / 1e6
            # Redis had moved these items, but the answers with the items were lost.
            self._ready.extend((index, item) for item in unread)
        self._reclaimed_at = time.monotonic()

    def _wait(self, seconds: float) -> None:
        try:
            for waiter in self._waiters:
                waiter.begin_move(self._source, self._own_list, LONGEST_WAIT_SECONDS + 1)
            ready = wait_for_any(self._waiters, seconds, self._layer.receiver.wake_up)
            for index, waiter in enumerate(self._waiters):
                item = waiter.end() if waiter in ready else waiter.cancel()
                if item is not None:
                    self._ready.append((index, item))
        except BaseException:
            for waiter in self._waiters:
                waiter.drop()
            self._ready.clear()  # the receiver's own lists still contain the items
            self._reclaimed_at = None
            raise

    def _open(self, index: int, item: bytes) -> Delivery:
        """Return a delivery. Ignore the expiry, because a delayed message may be received late."""
        try:
            sent_at = read_expiry(item) / 1000 - self._layer.expiry + self._clock_lag[index]
            content = self._layer.read_body(self._channel, read_message_item(item)[1])
        except Exception:
            return Delivery(None, 0, index, item)
        return Delivery(content, sent_at, index, item)


class MemoryQueue:
    """Receives from one channel of the layer in memory. Its messages are lost when the process ends."""

    def __init__(self, layer: MemoryChannelLayer, channel: str) -> None:
        self._layer, self._channel = layer, channel
        self._requeued: collections.deque[Delivery] = collections.deque()

    def receive(self, seconds: float) -> Delivery | None:
        """Return the next message, or None if none arrives within `seconds` or LONGEST_WAIT_SECONDS."""
        deadline = time.monotonic() + min(seconds, LONGEST_WAIT_SECONDS)
        while not self._requeued:
            _, content = self._layer.receive([self._channel])
            if content is not None:
                return Delivery(content, time.time())
            if time.monotonic() >= deadline:
                return None
            time.sleep(MEMORY_STEP_SECONDS)
        return self._requeued.popleft()

    def requeue(self, delivery: Delivery) -> None:
        """Let the next `receive` return this message again."""
        self._requeued.appendleft(delivery)

    def acknowledge(self, delivery: Delivery) -> None:
        """Do nothing: the message left the layer when it was received."""

    def close(self) -> None:
        """Do nothing: the remaining messages are lost when this process ends."""

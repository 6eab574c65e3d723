"""
The turns that a worker has popped together with its current one, and has not begun.

Redis handles a prefetched turn like the turn of a worker that was killed right after a blocking pop: no worker owns it,
and it returns to its channel's list when its lease ends. So a worker may drop prefetched turns at any time. A thread
returns turns that wait for too long behind the current one.
"""

from __future__ import annotations

import collections
import logging
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import redis

from . import scripts
from .items import remove_copy
from .leases import RENEW_SECONDS
from .shards import Unsent

if TYPE_CHECKING:
    from .layer import RedisChannelLayer

logger = logging.getLogger(__name__)

# Only the frames of open connections are prefetched, because a handshake or a request may take long.
CHANNEL = "websocket.receive"
# A worker prefetches at most this many turns. RECLAIM relies on this number.
MAX_PREFETCHED = 3
# A worker whose last consumer took longer than this time prefetches nothing.
QUICK_SECONDS = 0.01
# A prefetched turn that has not begun within this time is returned to its list.
HOLD_SECONDS = 0.05


class Prefetched:
    """
    The prefetched turns of one thread, on a layer with one shard.

    The receiving thread takes turns from the front, and the thread that returns turns takes them from the end. Each
    turn is taken once, so a returned turn never runs here too.
    """

    def __init__(self, layer: RedisChannelLayer) -> None:
        self._layer = layer
        self._items: collections.deque[bytes] = collections.deque()
        self.popped_at = 0.0  # no later than Redis popped the turns, by the monotonic clock (s)
        self._has_items, self._stopped = threading.Event(), threading.Event()
        self._stopped.set()

    def __bool__(self) -> bool:
        return bool(self._items)

    def start(self) -> None:
        """Prefetch turns from now on."""
        if self._layer.ring_size == 1:
            self._stopped.clear()
            threading.Thread(target=self._return_late, name="prefetching", daemon=True).start()

    def stop(self) -> None:
        """Prefetch no more turns. The turns that have not begun stay until `return_all`."""
        self._stopped.set()
        self._has_items.set()

    def get_limit(self, last_seconds: float) -> int:
        """Return how many turns may be prefetched now. `last_seconds` is the time that the last message took."""
        return MAX_PREFETCHED if last_seconds < QUICK_SECONDS and not self._stopped.is_set() else 0

    def add(self, items: Iterable[bytes], popped_at: float) -> None:
        """Store turns that Redis popped at or after the monotonic time `popped_at`."""
        self.popped_at = popped_at
        self._items.extend(items)
        self._has_items.set()

    def take(self) -> bytes | None:
        """Remove and return the first turn, or None if there is none."""
        try:
            return self._items.popleft()
        except IndexError:
            return None

    def put_back(self, item: bytes) -> None:
        """Store a taken turn again as the first one. Redis must not have received anything about it."""
        self._items.appendleft(item)

    def return_all(self) -> None:
        """
        Return the turns to the head of their list, in their order.

        If the connection breaks, drop them: their leases end. If there is no connection, keep them without their
        copies, and raise Unsent. Their leases may have ended meanwhile, so the worker must claim them first.
        """
        items = []
        while (item := self._take_last()) is not None:
            items.append(remove_copy(item))
        if not items:
            return
        layer = self._layer
        try:
            layer.shards[0].call(*(layer.command(scripts.RETURN_ITEM, CHANNEL, item, layer.expiry) for item in items))
        except Unsent:
            self._items.extend(reversed(items))
            raise

    def _take_last(self) -> bytes | None:
        try:
            return self._items.pop()
        except IndexError:
            return None

    def _return_late(self) -> None:
        # `wait` ends at once after `stop`. `time.sleep` would not, and raises OSError if libfaketime moves the clock.
        while not self._stopped.is_set():
            self._has_items.wait()
            self._has_items.clear()
            while self._items and not self._stopped.is_set():
                time_left = self.popped_at + HOLD_SECONDS - time.monotonic()
                if time_left > 0:
                    self._stopped.wait(time_left)
                else:
                    self._try_to_return()

    def _try_to_return(self) -> None:
        try:
            self.return_all()
        except redis.RedisError as error:
            logger.warning("Frames that wait behind a slow one cannot be returned to Redis: %s", error)
            self._stopped.wait(RENEW_SECONDS)
        except Exception:
            logger.exception("Frames that wait behind a slow one cannot be returned to Redis")

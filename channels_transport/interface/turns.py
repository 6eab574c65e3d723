"""
Turns of the reactor: the interface works for a few milliseconds, and does its other work before it continues.

A read from the kernel may contain a thousand small requests, or ten thousand small frames. If the interface handled all
of one read, a few such connections would delay everything else for eight seconds and more. So it handles the first, and
the rest waits for its turn. This module does not know what the work is.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from twisted.internet import reactor

# In each turn of the reactor, waiting items are worked on for this time.
TURN_SECONDS = 0.005

T = TypeVar("T")


class Turns(Generic[T]):
    """
    The items that wait for their turn, the oldest first.

    `work(item)` does a part of the work, and returns whether the item needs another turn. In each turn of the reactor,
    at least one item is worked on.
    """

    def __init__(self, work: Callable[[T], bool | None]) -> None:
        self._work_on = work
        self._waiting: collections.deque[T] = collections.deque()
        self._is_working = False

    def add(self, item: T) -> None:
        """Let an item take its turn, after those that wait already."""
        self._waiting.append(item)
        if not self._is_working:
            self._is_working = True
            reactor.callLater(0, self._work)

    def _work(self) -> None:
        deadline = time.monotonic() + TURN_SECONDS
        try:
            while self._waiting:
                item = self._waiting.popleft()
                if self._work_on(item):
                    self._waiting.append(item)
                if time.monotonic() >= deadline:
                    break
        finally:
            self._is_working = bool(self._waiting)
            if self._is_working:
                reactor.callLater(0, self._work)

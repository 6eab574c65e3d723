"""
Calls functions later in this process. A call is lost if the process ends, so do not use it for work that must happen.

One thread serves all timers, because workers set thousands of timers that never fire.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

import redis

from .log_throttle import LogThrottle

logger = logging.getLogger(__name__)

LOG_EVERY_SECONDS = 60


class Timers:
    """Calls functions in one separate thread. At most one call is scheduled under each key."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        # (due, number, key): the number keeps the order of calls that are due at the same time.
        self._queue: list[tuple[float, int, Hashable]] = []
        self._calls: dict[Hashable, tuple[int, Callable[..., Any], tuple[Any, ...]]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        # During an outage of Redis thousands of calls may fail in the same way.
        self._throttle = LogThrottle(logger, LOG_EVERY_SECONDS)

    def call_later(self, seconds: float, key: Hashable, function: Callable[..., Any], *arguments: Any) -> bool:
        """Call `function(*arguments)` after `seconds`; return False if a call is already scheduled under `key`."""
        with self._condition:
            if key in self._calls:
                return False
            number = next(self._numbers)
            self._calls[key] = number, function, arguments
            heapq.heappush(self._queue, (time.monotonic() + seconds, number, key))
            self._start()
            self._condition.notify()
            return True

    def cancel(self, key: Hashable) -> None:
        """Cancel the call that is scheduled under `key`, if there is one."""
        with self._condition:
            self._calls.pop(key, None)

    def _start(self) -> None:
        # After a fork the object exists, but its thread does not run, so check is_alive.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            function, arguments = self._next_call()
            try:
                function(*arguments)
            except redis.RedisError as error:
                self._throttle.warning("A scheduled call failed because of Redis: %s", error)
            except Exception:
                logger.exception("A scheduled call failed: %s", function)

    def _next_call(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        with self._condition:
            while True:
                wait = self._queue[0][0] - time.monotonic() if self._queue else None
                if wait is None or wait > 0:
                    self._condition.wait(wait)
                    continue
                _, number, key = heapq.heappop(self._queue)
                # The queue still contains cancelled calls, and the key may belong to a newer call.
                if key in self._calls and self._calls[key][0] == number:
                    _, function, arguments = self._calls.pop(key)
                    return function, arguments


_timers = Timers()
call_later = _timers.call_later
cancel = _timers.cancel

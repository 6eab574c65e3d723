"""
Run something later in this process: for what may be late or lost together with the process, never for a promise.

One thread serves all timers, since workers set thousands that never fire. It knows no chat.
"""

import heapq
import itertools
import logging
import threading
import time

import redis

from .log_throttle import LogThrottle

logger = logging.getLogger(__name__)

LOG_EVERY_SECONDS = 60


class Timers:
    """Calls functions in a thread of its own; at most one call waits under each key."""

    def __init__(self):
        self._condition = threading.Condition()
        self._queue = []  # (due, number, key): the number keeps the order of equals
        self._calls = {}
        self._numbers = itertools.count()
        self._thread = None
        # Thousands may wait while Redis is away, and what they say of it is the same.
        self._throttle = LogThrottle(logger, LOG_EVERY_SECONDS)

    def call_later(self, seconds, key, function, *arguments):
        """Calls `function` after `seconds`, unless a call is waiting under `key` already. Returns whether it will."""
        with self._condition:
            if key in self._calls:
                return False
            number = next(self._numbers)
            self._calls[key] = number, function, arguments
            heapq.heappush(self._queue, (time.monotonic() + seconds, number, key))
            self._start()
            self._condition.notify()
            return True

    def cancel(self, key):
        """Forgets the call that waits under `key`, if one does."""
        with self._condition:
            self._calls.pop(key, None)

    def _start(self):
        # After a fork the thread is gone though the object is not: hence is_alive.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
            self._thread.start()

    def _run(self):
        while True:
            function, arguments = self._next_call()
            try:
                function(*arguments)
            except redis.RedisError as error:
                self._throttle.warning("What was to be done later cannot be done while Redis is away: %s", error)
            except Exception:
                logger.exception("A timer's call failed: %s", function)

    def _next_call(self):
        with self._condition:
            while True:
                wait = self._queue[0][0] - time.monotonic() if self._queue else None
                if wait is None or wait > 0:
                    self._condition.wait(wait)
                    continue
                _, number, key = heapq.heappop(self._queue)
                # A cancelled call left its place in the queue behind; the key may wait for a newer one.
                if self._calls.get(key, (None,))[0] == number:
                    return self._calls.pop(key)[1:]


_timers = Timers()
call_later = _timers.call_later
cancel = _timers.cancel

"""Pauses between retries: exponential backoff with jitter. The retry loop itself is in the caller."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 5
STEP_SECONDS = 0.05
MAX_DOUBLINGS = 30  # a float would overflow after about 1000 doublings, an hour of failures


class Backoff:
    """
    Chooses the pauses of one retry loop: each is twice as long as the one before, from `shortest` to `longest` seconds.

    Jitter shortens each pause by up to a half, so that processes that failed together do not retry together.
    """

    def __init__(self, shortest: float = SHORTEST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        self._shortest, self._longest = shortest, longest
        self._failures = 0

    def reset(self) -> None:
        """Begin with the shortest pause again, because an attempt succeeded."""
        self._failures = 0

    def next_pause(self) -> float:
        """Count a failure, and return how many seconds to wait before the next attempt."""
        pause = min(self._longest, self._shortest * 2 ** min(self._failures, MAX_DOUBLINGS))
        self._failures += 1
        return pause * random.uniform(0.5, 1)

    def wait(self, is_stopped: Callable[[], bool]) -> None:
        """Sleep for the next pause; return early, within 50 ms, when `is_stopped()` becomes true."""
        deadline = time.monotonic() + self.next_pause()
        while time.monotonic() < deadline and not is_stopped():
            time.sleep(STEP_SECONDS)

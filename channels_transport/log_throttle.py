"""
Logs a problem once instead of once per message: in an outage every frame fails, and a reader of the log needs one line.

The module decides only whether to log a line.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Hashable

SECONDS = 10
MAX_KEYS = 1000


class LogThrottle:
    """
    Logs at most one line per key in `seconds`, on `logger`. Threads may share it.

    Unrelated problems need different keys. Lines without a key count as the same problem. At MAX_KEYS keys, the object
    forgets all of them.
    """

    # With this value for `seconds`, a line is logged again only after `reset`. It is for callers that notice when an
    # outage is over.
    ONCE = math.inf

    def __init__(self, logger: logging.Logger, seconds: float = SECONDS) -> None:
        self._logger, self._seconds = logger, seconds
        self._lock = threading.Lock()
        self._logged_at: dict[Hashable, float] = {}

    def warning(self, text: str, error: object, key: Hashable = None) -> None:
        """Log `text` with the error's text for its %s, on one line, unless this key was logged within `seconds`."""
        if self._is_due(key):
            self._logger.warning(text, " ".join(str(error).split()))

    def exception(self, text: str, *arguments: object, key: Hashable = None) -> None:
        """Log `text` with the current exception's traceback, unless this key was logged within `seconds`."""
        if self._is_due(key):
            self._logger.exception(text, *arguments)

    def reset(self, key: Hashable = None) -> bool:
        """Note that the problem is over, so its next line is logged. Return whether a line was logged before."""
        with self._lock:
            return self._logged_at.pop(key, None) is not None

    def _is_due(self, key: Hashable) -> bool:
        now = time.monotonic()
        with self._lock:
            logged_at = self._logged_at.get(key)
            if logged_at is not None and now - logged_at < self._seconds:
                return False
            if len(self._logged_at) >= MAX_KEYS:
                self._logged_at.clear()
            self._logged_at[key] = now
            return True

"""
Saying once what happens to many: an outage meets every frame, and whoever reads the log needs one line.

It knows no chat.
"""

import threading
import time

SECONDS = 10


class LogThrottle:
    """Logs on `logger`, of what comes in bursts, one line each `seconds`."""

    def __init__(self, logger, seconds=SECONDS):
        self._logger, self._seconds = logger, seconds
        self._lock = threading.Lock()
        self._said_at = None

    def warning(self, text, error):
        """Logs `text` with the error's words in place of its %s, on one line; or nothing, where it was said lately."""
        now = time.monotonic()
        with self._lock:
            if self._said_at is not None and now - self._said_at < self._seconds:
                return
            self._said_at = now
        self._logger.warning(text, " ".join(str(error).split()))

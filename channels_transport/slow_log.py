"""
The log of slow messages: if a message takes longer than LOG_SLOW_SECONDS, a line says where the time went.

If everything is slow, for example because of the database, a line for each message would only add to the load. So a
worker writes at most MAX_LINES lines in PERIOD_SECONDS. Before its next line, it writes how many lines it left out.
"""

from __future__ import annotations

import logging
import time

from django.conf import settings

from . import arrivals, counting, log_context

logger = logging.getLogger(__name__)

MAX_LINES, PERIOD_SECONDS = 10, 10


class SlowLog:
    """The slow messages of one worker."""

    def __init__(self) -> None:
        self._period_began = -float(PERIOD_SECONDS)
        self._lines = self._left_out = 0
        self._last: log_context.Handled | None = None

    def begin(self) -> None:
        """Note that the worker begins to handle the current message of `log_context`."""
        counting.tally.reset()
        self._last = log_context.get_current()

    def check(self, channel: str, began: float, seconds: float) -> None:
        """Log a consumer that took too long: it began at `began` (s since the epoch), and ran for `seconds`."""
        if not _is_slow(seconds) or not self._is_due():
            return
        fields = {
            "duration_ms": round(seconds * 1000),
            "statements": counting.tally.statements,
            "database_ms": round(counting.tally.seconds * 1000),
        }
        text = "A message on %s (%s) took %.2f s; its %d statements of the database took %.2f s"
        arguments = [channel, log_context.get_id() or "without an id", seconds]
        arguments += [counting.tally.statements, counting.tally.seconds]
        if (arrived_at := arrivals.get_arrival()) is not None:
            # The interface may have another clock.
            waited = max(0.0, began - arrived_at / 1000)
            fields["queue_ms"] = round(waited * 1000)
            text += "; the message had waited for %.2f s before"
            arguments.append(waited)
        logger.info(text, *arguments, extra={"fields": fields})

    def check_trip(self, seconds: float) -> None:
        """Log a trip to Redis that took too long. The trip sent the messages of the consumer that ran last."""
        if self._last is None or not _is_slow(seconds) or not self._is_due():
            return
        with log_context.handling(*self._last):
            name = log_context.get_id() or "without an id"
            text = "The messages that a consumer on %s (%s) sent took %.2f s to reach Redis"
            fields = {"sending_ms": round(seconds * 1000)}
            logger.info(text, self._last.channel, name, seconds, extra={"fields": fields})

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now - self._period_began >= PERIOD_SECONDS:
            if self._left_out:
                logger.info("%d more slow messages were not logged", self._left_out)
            self._period_began, self._lines, self._left_out = now, 0, 0
        self._lines += 1
        if self._lines > MAX_LINES:
            self._left_out += 1
        return self._lines <= MAX_LINES


def _is_slow(seconds: float) -> bool:
    limit = getattr(settings, "LOG_SLOW_SECONDS", 1)
    return bool(limit) and seconds > limit

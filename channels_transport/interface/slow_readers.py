"""
Clients that do not read the server's data: how much is buffered for them, and when they must be disconnected.

The module calls `drop_slow_reader` of the protocol, but closes no connection itself.
"""

from __future__ import annotations

import time
from typing import Any

from twisted.internet import interfaces
from zope.interface import implementer

from .limits import Limits

# The most bytes that are buffered for a client that reads too slowly, and the longest time that its buffer may be full.
MAX_UNREAD_BYTES = 1024 * 1024
MAX_UNREAD_SECONDS = 60


@implementer(interfaces.IPushProducer)
class UnreadWatch:
    """Watches whether the transport's buffer is full, and counts unread bytes and seconds."""

    __slots__ = ("protocol", "since", "unread_bytes")

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.since: float | None = None
        self.unread_bytes = 0

    def pauseProducing(self) -> None:
        """Note that the transport's buffer is full."""
        if self.since is None:
            self.since, self.unread_bytes = time.monotonic(), 0

    def resumeProducing(self) -> None:
        """Note that the transport's buffer is empty."""
        self.since = None

    def stopProducing(self) -> None:
        """Do nothing: the connection is lost."""

    @property
    def seconds(self) -> float:
        """Return how long the buffer has been full."""
        return 0 if self.since is None else time.monotonic() - self.since

    def count(self, length: int) -> None:
        """Count bytes that are written while the buffer is full. Call `drop_slow_reader` if too many are unread."""
        self.unread_bytes += length
        if self.unread_bytes > MAX_UNREAD_BYTES:
            self.protocol.drop_slow_reader()


class SlowReader:
    """Decides whether a client reads a response more slowly than `read_bytes` in `read_seconds`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.since: float | None = None  # when the client began to be slow

    def is_too_slow(self, delivered: float, unsent: int, now: float) -> bool:
        """
        Return whether the connection must be cut.

        `delivered` counts the bytes that have left this process; only its increase matters. `unsent` counts the rest.
        """
        if not unsent:
            self.since = None
            return False
        if self.since is None:
            self.since, self.delivered = now, delivered
        if now - self.since < self.limits.read_seconds:
            return False
        if delivered - self.delivered < self.limits.read_bytes:
            return True
        self.since, self.delivered = now, delivered
        return False

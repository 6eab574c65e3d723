"""
The channel layer in Redis: asgi_redis' contract with fewer round trips to Redis, and without silent losses.

It differs from asgi_redis in how messages are stored:

* A message is one list item, which contains its expiry.
* A message to a group is one item per process.
* The frames of one connection are in a list of their own, for one worker at a time.

docs/transport.md describes the layer.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any

from twisted.internet import threads

from .log_context import strip
from .receiving import Received
from .redis_groups import RedisGroups
from .reliable_queue import ReliableQueue


class RedisChannelLayer(RedisGroups):
    """
    A channel layer in one or several servers of Redis or Valkey, version 7 or later.

    It takes the arguments of asgi_redis' layer, with the same meaning. A call of `receive` means that the thread has
    finished its previous message. Only then can a worker receive the connection's next message, so the order of each
    connection's messages is kept. The first use of an older server raises UnsupportedRedis.
    """

    extensions = ["groups", "flush", "statistics", "twisted"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._valid_channels: list[str] = []
        # For each process, the messages that `receive` returns next. A group's item is one message for each member, and
        # `receive` has already returned the first of them.
        self.expanded: dict[str, collections.deque[Received]] = collections.defaultdict(collections.deque)

    def receive(self, channels: Iterable[str], block: bool = False) -> Received | tuple[None, None]:
        """
        Return (channel, message), or (None, None) if no message waits.

        With `block`, wait for a message, up to `blpop_timeout` seconds. The message that this thread received before
        counts as finished.
        """
        found = self.receive_with_carried(channels, block)
        strip(found[1])
        return found

    def receive_with_carried(self, channels: Iterable[str], block: bool = False) -> Received | tuple[None, None]:
        """Return the same as `receive`, where the message still has what it carries for logs and metrics."""
        channels = list(channels)
        if channels != self._valid_channels:  # a worker asks for the same channels each time
            assert all(self.valid_channel_name(channel, receive=True) for channel in channels), "Channel name invalid"
            self._valid_channels = channels
        return (channels and self.receiver.receive(channels, block)) or (None, None)

    def receive_twisted(self, channels: Iterable[str]) -> Any:
        """Return a Deferred that fires with the result of a blocking `receive`."""
        return threads.deferToThread(self.receive, channels, True)

    def open_queue(self, channel: str) -> ReliableQueue:
        """Return a reader of a plain channel. No message is lost if the reader's process dies."""
        return ReliableQueue(self, channel)

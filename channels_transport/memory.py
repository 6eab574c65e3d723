"""
A channel layer within one process: for development with `runserver`, and for tests.
"""

from __future__ import annotations

import collections
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from typing import Any

from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer

from .channel_layer import Message
from .installation import check_installation
from .log_context import strip
from .log_throttle import LogThrottle
from .ordering import MemoryTurns
from .reliable_queue import MemoryQueue
from .session_backends import MemoryBackend

logger = logging.getLogger(__name__)


class MemoryReceiver:
    """The state of one thread that receives messages, as a worker uses it. A layer in memory needs no such state."""

    name, wake_up, sending_seconds = "memory", None, 0.0

    def start_prefetching(self) -> None:
        """Do nothing: there is no trip to save."""

    def stop_prefetching(self) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing: no other worker waits for this one."""

    def claim_commands(self, index: int) -> list[tuple]:
        """Return no commands: there is no turn to renew."""
        return []


class MemoryChannelLayer(StockMemoryChannelLayer):
    """
    asgiref's layer in memory, with the methods that RedisChannelLayer adds to the methods of ASGI.

    Without these methods, every caller would need a branch for this layer. No other process shares the layer. Its
    messages are lost when the process ends.
    """

    extensions = ["groups", "flush", "statistics"]
    is_shared = False
    shards: list = []
    receiver = MemoryReceiver()

    def __init__(self, *args: Any, **kwargs: Any):
        check_installation()
        super().__init__(*args, **kwargs)
        self._losses = LogThrottle(logger)
        self._count_lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.connection_turns = MemoryTurns()
        self.channel_session_backend = MemoryBackend()
        # The counters of each channel, and under None the counters over all channels.
        self._counters: dict[str | None, collections.Counter] = collections.defaultdict(collections.Counter)
        # {group: (number of its last paced message, the end of the time in which it gets no other paced message)}
        self._paced: dict[str, tuple[int, float]] = {}

    def send(self, channel: str, message: Message) -> None:
        """Send a message to a channel. Raise ChannelFull if the channel has reached its capacity."""
        try:
            super().send(channel, message)
        except self.ChannelFull:
            self._count(channel, "channel_full_count")
            raise
        self._count(channel, "messages_count")

    def send_later(self, channel: str, message: Message) -> None:
        """Send a message. If the channel is full, log the loss, because no caller could catch an exception."""
        try:
            self.send(channel, message)
        except self.ChannelFull:
            self.log_loss(self.non_local_name(channel), "is full; a message to it is lost")

    def receive(self, channels: Collection[str], block: bool = False) -> tuple[str, Message] | tuple[None, None]:
        """Return (channel, message), or (None, None) if no message waits."""
        found = self.receive_with_carried(channels, block)
        strip(found[1])
        return found

    def receive_with_carried(self, channels: Collection[str], block: bool = False) -> Any:
        """Return the same as `receive`, where the message still has what it carries for logs and metrics."""
        return super().receive(channels, block)

    def forget(self, reply: str) -> None:
        """Do nothing. The layer in Redis drops the frames of an ended connection; see `upstream.py`."""

    def requeue(self, channel: str, message: Message) -> None:
        """Put a message in front of its channel's other messages, because its consumer raised ConsumeLater."""
        with self.thread_lock:
            queue = self._channels.setdefault(self.non_local_name(channel), collections.deque())
            queue.appendleft((time.time() + self.expiry, deepcopy(message)))

    def group_add_all(self, groups: Collection[str], channel: str) -> None:
        """Add a channel to several groups, for `group_expiry` seconds."""
        for group in groups:
            self.group_add(group, channel)

    def send_and_join(self, channel: str, message: Message, groups: Collection[str]) -> None:
        """Send a message to a reply channel, then add the channel to groups. If it is full, only raise ChannelFull."""
        self.send(channel, message)
        self.group_add_all(groups, channel)

    def group_renew(self, groups: Collection[str], channel: str, on_missing: Callable[[], object]) -> None:
        """Add a channel to groups at once. The channel then misses no message, so do not call `on_missing`."""
        self.group_add_all(groups, channel)

    def group_renew_many(self, memberships: Mapping[str, Collection[str]]) -> list[str]:
        """Renew the memberships of {channel: its groups}. Return the channels that one of their groups has lost."""
        lapsed = [
            channel
            for channel, groups in memberships.items()
            if any(channel not in self.group_channels(group) for group in groups)
        ]
        for channel in memberships.keys() - lapsed:
            self.group_add_all(memberships[channel], channel)
        return lapsed

    def group_discard_all(self, groups: Collection[str], channel: str) -> None:
        """Remove a channel from several groups."""
        for group in groups:
            self.group_discard(group, channel)

    def group_add_members(self, group: str, source: str) -> None:
        """Add all channels of the group `source` to a group, for `group_expiry` seconds."""
        for channel in self.group_channels(source):
            self.group_add(group, channel)

    def group_discard_members(self, group: str, source: str) -> None:
        """Remove all channels of the group `source` from a group."""
        for channel in self.group_channels(source):
            self.group_discard(group, channel)

    def group_channels(self, group: str) -> list[str]:
        """Return the channels that are in a group."""
        with self.thread_lock:
            return list(self._groups.get(group, ()))

    def find_joined(self, groups: Collection[str]) -> list[str]:
        """Return those of the groups that have members."""
        return [group for group in groups if self.group_channels(group)]

    def send_group(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send a message to all channels of a group except `except_channels`. Log the loss for each full channel."""
        assert isinstance(message, dict), "message is not a dict"
        assert self.valid_group_name(group), "Group name not valid"
        self._clean_expired()
        for channel in self.group_channels(group):
            if channel not in except_channels:
                self.send_later(channel, message)

    def send_group_later(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send to a group at once, because no other worker can overtake this one."""
        self.send_group(group, message, except_channels)

    def send_group_paced(
        self, group: str, message: Message, number: int, seconds: float, on_held: Callable[[int], object]
    ) -> None:
        """
        Send to a group at once, at most one message in `seconds`. `number` is the number of this message.

        If the group has had another such message within `seconds`, send nothing. Call `on_held` with the number of that
        other message.
        """
        with self._count_lock:
            now = time.monotonic()
            # Remove groups without a recent message, so that the dictionary stays small.
            self._paced = {name: sent for name, sent in self._paced.items() if sent[1] > now}
            recent = self._paced.get(group)
            if recent is None:
                self._paced[group] = number, now + seconds
        if recent is None:
            self.send_group(group, message)
        else:
            on_held(recent[0])

    def count_waiting(self, channel: str) -> int:
        """Return the number of messages that wait for the process that reads a reply channel."""
        with self.thread_lock:
            return len(self._channels.get(self.non_local_name(channel), ()))

    def _count(self, channel: str, name: str) -> None:
        with self._count_lock:
            key: str | None
            for key in (self.non_local_name(channel), None):
                self._counters[key][name] += 1

    def channel_statistics(self, channel: str) -> dict[str, float]:
        """Return messages_count, messages_pending, messages_max_age (seconds) and channel_full_count of a channel."""
        with self.thread_lock:
            expiries = [expiry for expiry, _ in self._channels.get(self.non_local_name(channel), ())]
        age = max(0, time.time() + self.expiry - min(expiries)) if expiries else 0
        return {**self._read_counters(channel), "messages_pending": len(expiries), "messages_max_age": age}

    def global_statistics(self) -> dict[str, int]:
        """Return messages_count and channel_full_count over all channels."""
        return self._read_counters(None)

    def _read_counters(self, key: str | None) -> dict[str, int]:
        with self._count_lock:
            counters = self._counters[key]
            return {name: counters[name] for name in ("messages_count", "channel_full_count")}

    def log_loss(self, channel: str, what: str) -> None:
        """Log the loss of a channel's messages; `what` says what happened. Write one line per burst."""
        self._losses.warning("%s", f"Channel {channel} {what}", key=(channel, what))

    def open_queue(self, channel: str) -> MemoryQueue:
        """Return a reader of a plain channel."""
        return MemoryQueue(self, channel)

    def flush(self) -> None:
        """Delete every message, group, session and counter."""
        super().flush()
        self._begin()

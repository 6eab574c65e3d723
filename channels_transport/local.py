"""
The channel layer that keeps most messages on their machine: the counterpart of asgi_redis' RedisLocalChannelLayer.

Each machine has a Redis of its own for requests, frames and other plain channels, which its own workers process. Reply
channels and groups are in a Redis that all machines share, so a worker can answer every client of every machine.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from .channel_layer import Message
from .channel_names import is_fixed
from .layer import RedisChannelLayer
from .receiving import Received
from .redis_base import PREFIX
from .redis_sending import OVERFILL_FACTOR

LOCAL_HOSTS = ["redis://localhost:6379/0"]


class _SharedLayer(RedisChannelLayer):
    """The part for reply channels and groups. A group may contain a plain channel, whose messages are local."""

    send_plain: Callable[[str, Message], None]

    def send(self, channel: str, message: Message) -> None:
        """Send a message to a channel. Raise ChannelFull if the channel has reached its capacity."""
        if is_fixed(channel):
            super().send(channel, message)
        else:
            self.send_plain(channel, message)


class RedisLocalChannelLayer(RedisChannelLayer):
    """
    A channel layer in two places: plain channels are in the machine's own Redis, the others in the shared one.

    It takes the arguments of asgi_redis' layer: `hosts` are the shared servers. asgi_redis keeps the local messages in
    shared memory (asgi_ipc). This layer keeps them in the servers `local_hosts`, by default the Redis at port 6379 of
    the machine. When a consumer ends, its messages to reply channels and groups are sent in a trip of their own.
    """

    def __init__(
        self,
        expiry: int = 60,
        prefix: str = PREFIX,
        group_expiry: int = 86400,
        capacity: int = 100,
        channel_capacity: Mapping[str, int] | None = None,
        hosts: Iterable[Any] | None = None,
        local_hosts: Iterable[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # Both parts use the same keys, so they may be the same server.
        common = {"expiry": expiry, "prefix": prefix, "group_expiry": group_expiry, "capacity": capacity}
        given = {**common, "channel_capacity": channel_capacity, **kwargs}
        super().__init__(hosts=list(local_hosts or LOCAL_HOSTS), **given)
        self.shared_layer = _SharedLayer(hosts=hosts, **given)
        self.shared_layer.send_plain = self.send

    @property
    def replies_layer(self) -> RedisChannelLayer:
        """Return the layer that has the reply channels and the groups."""
        return self.shared_layer

    def send(self, channel: str, message: Message) -> None:
        """Send a message to a channel. Raise ChannelFull if the channel has reached its capacity."""
        if is_fixed(channel):
            self.shared_layer.send(channel, message)
        else:
            super().send(channel, message)

    def send_later(self, channel: str, message: Message) -> None:
        """Send a consumer's message: to a plain channel with the next local trip, to another channel now."""
        if not is_fixed(channel):
            return super().send_later(channel, message)
        shared = self.shared_layer
        index, command = shared.send_command(channel, message, OVERFILL_FACTOR)
        (length,) = shared.shards[index].call(command)
        shared.after_push(shared.non_local_name(channel), length, index)

    def receive_with_carried(self, channels: Iterable[str], block: bool = False) -> Received | tuple[None, None]:
        """
        Return (channel, message), or (None, None) if no message waits. Ask the local channels first.

        If `channels` contains both kinds, `block` waits only for the shared channels.
        """
        channels = list(channels)
        fixed = [channel for channel in channels if is_fixed(channel)]
        if not fixed:
            return super().receive_with_carried(channels, block)
        plain = [channel for channel in channels if not is_fixed(channel)]
        if plain:
            found = super().receive_with_carried(plain)
            if found[0] is not None:
                return found
        return self.shared_layer.receive_with_carried(fixed, block)

    def new_channel(self, pattern: str) -> str:
        """Return a new name for a channel with one reader."""
        return self.shared_layer.new_channel(pattern)

    # Groups are in the shared part.

    def group_add_all(self, groups: Collection[str], channel: str) -> None:
        """Add a channel to several groups."""
        self.shared_layer.group_add_all(groups, channel)

    def send_and_join(self, channel: str, message: Message, groups: Collection[str]) -> None:
        """Send a message to a reply channel, then add the channel to groups. If it is full, only raise ChannelFull."""
        self.shared_layer.send_and_join(channel, message, groups)

    def group_renew(self, groups: Collection[str], channel: str, on_missing: Callable[[], object]) -> None:
        """Renew memberships now. Call `on_missing` if the channel was missing in one of the groups."""
        self.shared_layer.group_renew(groups, channel, on_missing)

    def group_renew_many(self, memberships: Mapping[str, Collection[str]]) -> list[str]:
        """Renew the memberships of {channel: its groups}. Return the channels that one of their groups has lost."""
        return self.shared_layer.group_renew_many(memberships)

    def group_discard(self, group: str, channel: str) -> None:
        """Remove a channel from a group, if it is a member."""
        self.shared_layer.group_discard(group, channel)

    def group_discard_all(self, groups: Collection[str], channel: str) -> None:
        """Remove a channel from several groups."""
        self.shared_layer.group_discard_all(groups, channel)

    def group_add_members(self, group: str, source: str) -> None:
        """Add all channels of the group `source` to a group."""
        self.shared_layer.group_add_members(group, source)

    def group_discard_members(self, group: str, source: str) -> None:
        """Remove all channels of the group `source` from a group."""
        self.shared_layer.group_discard_members(group, source)

    def group_channels(self, group: str) -> list[str]:
        """Return the channels that are in a group."""
        return self.shared_layer.group_channels(group)

    def group_members(self, group: str, process: str, version: bytes) -> list[str]:
        """Return the group's members in a process."""
        return self.shared_layer.group_members(group, process, version)

    def find_joined(self, groups: Collection[str]) -> list[str]:
        """Return those of the groups that have members on any machine, in one trip to each shared shard."""
        return self.shared_layer.find_joined(groups)

    def send_group(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send a message to all channels of a group except `except_channels`."""
        self.shared_layer.send_group(group, message, except_channels)

    def send_group_later(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send a consumer's message to a group now."""
        self.shared_layer.send_group(group, message, except_channels)

    def send_group_paced(
        self, group: str, message: Message, number: int, seconds: float, on_held: Callable[[int], object]
    ) -> None:
        """
        Send a message to a group now, but at most one in `seconds`.

        If the group has had another such message within `seconds`, call `on_held` with the number of that message.
        """
        self.shared_layer.send_group_paced(group, message, number, seconds, on_held)

    # Statistics and flush concern both parts.

    def count_waiting(self, channel: str) -> int:
        """Return the number of items that wait for the process that reads a reply channel."""
        return self.shared_layer.count_waiting(channel)

    def channel_statistics(self, channel: str) -> dict[str, float]:
        """Return the counters of a channel."""
        if is_fixed(channel):
            return self.shared_layer.channel_statistics(channel)
        return super().channel_statistics(channel)

    def global_statistics(self) -> dict[str, int]:
        """Return the counters over all channels of both parts."""
        total = collections.Counter(super().global_statistics())
        total.update(self.shared_layer.global_statistics())
        return total

    def flush(self) -> None:
        """Delete every message, group, session and counter of this machine and of the shared servers."""
        super().flush()
        self.shared_layer.flush()

"""
The groups of the channel layer in Redis.

A message to a group is one item for each process that has members. The process delivers the message to its members.
"""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import following, scripts
from .bounded_cache import BoundedCache
from .channel_layer import Message
from .items import GroupSend
from .redis_sending import OVERFILL_FACTOR, REFUSED, RedisSending

# One script renews about this many memberships, so that Redis does not run one script for long.
MAX_RENEWED = 500
# A process caches at most this many lists of members. Each list is for one group and one process.
MAX_GROUPS = 10000


class RedisGroups(RedisSending):
    """The part of the layer that keeps groups and sends to them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._group_members: BoundedCache[tuple[str, str], tuple[bytes, list[str]]] = BoundedCache(MAX_GROUPS)

    def group_add(self, group: str, channel: str) -> None:
        """Add a channel to a group for `group_expiry` seconds, or renew its membership."""
        self.group_add_all([group], channel)

    def group_add_all(self, groups: Collection[str], channel: str) -> None:
        """Add a channel to several groups, in one trip to each shard."""
        for index, command in self._group_commands(scripts.GROUP_ADD, groups, channel, self.group_expiry):
            self.shards[index].call(command)

    def send_and_join(self, channel: str, message: Message, groups: Collection[str]) -> None:
        """
        Send a message to a reply channel, and then add the channel to groups. With one shard, make one trip.

        Raise ChannelFull if the channel has reached its capacity. Then the channel is in none of the groups.
        """
        if self.ring_size > 1:
            self.send(channel, message)
            self.group_add_all(groups, channel)
            return
        joining = self._group_commands(scripts.GROUP_ADD, groups, channel, self.group_expiry)
        _, sending = self.send_command(channel, message)
        answer, *_ = self.shards[0].call(sending, *(command for _, command in joining))
        if answer in REFUSED:
            self.group_discard_all(groups, channel)
            raise self.ChannelFull(channel)

    def group_renew(self, groups: Collection[str], channel: str, on_missing: Callable[[], object]) -> None:
        """
        Renew memberships with this thread's next trip. Use it for a channel that is most likely a member.

        Call `on_missing` after the trip if the channel was missing in one of the groups. With several shards, it may be
        called once for each shard.
        """
        for index, command in self._group_commands(scripts.GROUP_ADD, groups, channel, self.group_expiry):
            self.run_later(index, command, lambda missing_count: missing_count and on_missing())

    def group_renew_many(self, memberships: Mapping[str, Collection[str]]) -> list[str]:
        """
        Renew the memberships of {channel: its groups}, in one trip to each shard. The channels belong to one process.

        Return the channels that are missing in at least one of their groups. This method does not add them again.
        """
        on_shards: dict[int, list[tuple[str, list[str]]]] = collections.defaultdict(list)
        for channel, groups in memberships.items():
            names = collections.defaultdict(list)
            for group in groups:
                names[self.consistent_hash(group)].append(group)
            for index, own in names.items():
                on_shards[index].append((channel, own))
        lapsed: set[str] = set()
        for index, renewed in on_shards.items():
            parts = list(_split_renewals(renewed))
            answers = self.shards[index].call(*(self._renew_command(part) for part in parts))
            for part, numbers in zip(parts, answers):
                lapsed.update(part[number - 1][0] for number in numbers)
        return list(lapsed)

    def _renew_command(self, renewed: Sequence[tuple[str, list[str]]]) -> tuple:
        process = self.non_local_name(renewed[0][0])
        arguments = [argument for channel, groups in renewed for argument in (channel, len(groups), *groups)]
        return self.command(scripts.GROUP_RENEW, process, self.group_expiry, *arguments)

    def group_discard(self, group: str, channel: str) -> None:
        """Remove a channel from a group, if it is a member."""
        for index, command in self._group_commands(scripts.GROUP_DISCARD, [group], channel):
            self.shards[index].call(command)

    def group_discard_all(self, groups: Collection[str], channel: str) -> None:
        """Remove a channel from several groups, with this thread's next trip to each shard."""
        for index, command in self._group_commands(scripts.GROUP_DISCARD, groups, channel):
            self.run_later(index, command)

    def group_add_members(self, group: str, source: str) -> None:
        """
        Add all channels of the group `source` to a group for `group_expiry` seconds.

        If both groups are on one shard, one script does this.
        """
        self._change_by_members(scripts.GROUP_ADD_MEMBERS, group, source, self.group_add, self.group_expiry)

    def group_discard_members(self, group: str, source: str) -> None:
        """Remove all channels of the group `source` from a group. If both are on one shard, one script does this."""
        self._change_by_members(scripts.GROUP_DISCARD_MEMBERS, group, source, self.group_discard)

    def _change_by_members(
        self,
        script: scripts.LayerScript,
        group: str,
        source: str,
        change: Callable[[str, str], None],
        *arguments: object,
    ) -> None:
        assert self.valid_group_name(group) and self.valid_group_name(source), "Group name not valid"
        index = self.consistent_hash(group)
        if index == self.consistent_hash(source):
            self.shards[index].call(self.command(script, source, group, *arguments))
            return
        # A script cannot read another shard.
        for channel in self.group_channels(source):
            change(group, channel)

    def _group_commands(
        self, script: scripts.LayerScript, groups: Collection[str], channel: str, *arguments: object
    ) -> list[tuple[int, tuple]]:
        """Return [(index of a shard, the command that changes the groups there), ...]."""
        assert all(self.valid_group_name(group) for group in groups), "Group name not valid"
        assert self.valid_channel_name(channel), "Channel name not valid"
        process, shards = self.non_local_name(channel) if "!" in channel else "", collections.defaultdict(list)
        for group in groups:
            shards[self.consistent_hash(group)].append(group)
        return [(index, self.command(script, process, channel, *arguments, *names)) for index, names in shards.items()]

    def group_channels(self, group: str) -> list[str]:
        """Return the channels that are in a group."""
        shard = self.shards[self.consistent_hash(group)]
        (found,) = shard.call(self.command(scripts.GROUP_PROCESSES, group))
        processes = [process.decode() for process in found[::2]]
        if not processes:
            return []
        lists = shard.call(*(self.command(scripts.GROUP_MEMBERS, group, process) for process in processes))
        return [channel.decode() for _, *channels in lists for channel in channels]

    def find_joined(self, groups: Collection[str]) -> list[str]:
        """
        Return those of the groups that have members, in one trip to each shard.

        If all members of a group belong to dead processes, the group is still returned until the next message to it.
        """
        on_shards = collections.defaultdict(list)
        for group in groups:
            on_shards[self.consistent_hash(group)].append(group)
        found = []
        for index, names in on_shards.items():
            answers = self.shards[index].call(*(("EXISTS", f"{self.prefix}group:{group}") for group in names))
            found += [group for group, exists in zip(names, answers) if exists]
        return found

    def group_members(self, group: str, process: str, version: bytes) -> list[str]:
        """Return the group's members in a process. Read them again only if `version` is newer than the cached list."""
        known = self._group_members.get((group, process))
        if known is None or known[0] < version:
            command = self.command(scripts.GROUP_MEMBERS, group, process)
            ((newest_version, *members),) = self.shards[self.consistent_hash(group)].call(command)
            known = newest_version, [member.decode() for member in members]
            self._group_members.store((group, process), known)
        return known[1]

    def send_group(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """
        Send a message to all channels of a group except `except_channels`: one item for each process that has members.

        It does not raise ChannelFull. A list over its capacity slows the sender down, for a bounded time. A list that
        exceeds its capacity by OVERFILL_FACTOR refuses the message, and the loss is counted and logged.
        """
        assert isinstance(message, dict), "message is not a dict"
        assert self.valid_group_name(group), "Group name not valid"
        send = self._make_send(group, message, except_channels)
        if self.ring_size == 1:
            (found,) = self.shards[0].call(self._group_send_command(send))
        else:
            found = self._send_group_over_shards(send)
        self._after_group_send(send, found)

    def send_group_later(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send to a group like `send_group`, but with this thread's next trip. With several shards, send at once."""
        if self.ring_size > 1:
            # A send over several shards makes trips of its own, so the waiting commands must run first.
            self.receiver.deferred.send()
            self.send_group(group, message, except_channels)
            return
        assert self.valid_group_name(group), "Group name not valid"
        send = self._make_send(group, message, except_channels)
        self.receiver.deferred.add(0, self._group_send_command(send), lambda found: self._after_group_send(send, found))

    def send_group_paced(
        self, group: str, message: Message, number: int, seconds: float, on_held: Callable[[int], object]
    ) -> None:
        """
        Send a message to a group with this thread's next trip, but at most one message in `seconds`.

        If the group has had another such message within `seconds`, send nothing, and after the trip call `on_held` with
        the number of that message. `number` is the number of this message. Outside of a consumer, and with several
        shards, this runs at once.
        """
        assert self.valid_group_name(group), "Group name not valid"
        send, milliseconds = self._make_send(group, message, ()), max(1, round(seconds * 1000))
        if self.ring_size == 1:
            command = self._group_send_command(send, scripts.GROUP_SEND_PACED, number, milliseconds)
            self.run_later(0, command, lambda found: self._after_paced_send(send, found, on_held))
            return
        shard, key = self.shards[self.consistent_hash(group)], f"{self.prefix}paced:{group}"
        is_first, held = shard.call(("SET", key, number, "NX", "PX", milliseconds), ("GET", key))
        found = self._send_group_over_shards(send) if is_first else held
        self._after_paced_send(send, found, on_held)

    def _make_send(self, group: str, message: Message, except_channels: Sequence[str]) -> GroupSend:
        if following.follower is None:
            return GroupSend(group, self.serialize(message), except_channels)
        broadcast = following.follower.begin_broadcast(group)
        send = GroupSend(group, self.serialize(message), [*except_channels, *broadcast.marks])
        send.broadcast = broadcast
        return send

    def _after_paced_send(self, send: GroupSend, found: Any, on_held: Callable[[int], object]) -> None:
        if isinstance(found, list):
            self._after_group_send(send, found)
        else:
            on_held(int(found or 0))

    def _group_send_command(
        self, send: GroupSend, script: scripts.LayerScript = scripts.GROUP_SEND, *arguments: object
    ) -> tuple:
        # The names of the processes are unknown here. They all match one pattern, so this name has the same capacity.
        capacity = self.get_capacity("daphne.response.x!") * OVERFILL_FACTOR
        return self.command(script, send.group, send.kind, send.content, self.expiry, capacity, *arguments)

    def _send_group_over_shards(self, send: GroupSend) -> list[Any]:
        """
        Push an item to each process that has members, in one trip to each shard, after a trip that reads the processes.

        Return [process, length of its list, ...] like GROUP_SEND.
        """
        shard = self.shards[self.consistent_hash(send.group)]
        (found,) = shard.call(self.command(scripts.GROUP_PROCESSES, send.group))
        lengths = []
        pushes: dict[int, list[tuple[bytes, tuple]]] = collections.defaultdict(list)
        for process, version in zip(found[::2], found[1::2]):
            if not process:
                lengths += [process, -1]
                continue
            capacity = self.get_capacity(process.decode()) * OVERFILL_FACTOR
            command = self.command(
                scripts.GROUP_PUSH, process, send.group, version, send.kind, send.content, self.expiry, capacity
            )
            pushes[self.consistent_hash(process)].append((process, command))
        # A trip for each process would take 3 ms of the worker for a room whose members are on 40 interfaces.
        for index, pushed in pushes.items():
            answers = self.shards[index].call(*(command for _, command in pushed))
            for (process, _), length in zip(pushed, answers):
                lengths += [process, length]
        return lengths

    def _after_group_send(self, send: GroupSend, found: list[Any]) -> None:
        """Send to the members that belong to no process, and slow down if a list exceeds its capacity."""
        if send.broadcast is not None and following.follower is not None:
            following.follower.end_broadcast(send.group, send.broadcast, len(found) // 2)
        for process, length in zip(found[::2], found[1::2]):
            name = process.decode()
            if length == -1:
                self._send_to_plain_members(send)
            else:
                self.after_push(name, length)

    def _send_to_plain_members(self, send: GroupSend) -> None:
        command = self.command(scripts.GROUP_MEMBERS, send.group, "")
        ((_, *members),) = self.shards[self.consistent_hash(send.group)].call(command)
        for member in members:
            name = member.decode()
            if name not in send.except_channels:
                with contextlib.suppress(self.ChannelFull):
                    self.send(name, self.deserialize(send.body))

    def flush(self) -> None:
        """Delete every message, group, session and counter, on all shards."""
        super().flush()
        self._group_members.clear()


def _split_renewals(renewed: Iterable[tuple[str, list[str]]]) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield parts of [(channel, its groups), ...] with about MAX_RENEWED groups at most."""
    part: list[tuple[str, list[str]]] = []
    number = 0
    for channel, groups in renewed:
        if part and number + len(groups) > MAX_RENEWED:
            yield part
            part, number = [], 0
        part.append((channel, groups))
        number += len(groups)
    if part:
        yield part

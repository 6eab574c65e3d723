"""
The items in a channel's list, as Python makes and reads them. `scripts/__init__.py` describes their format.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from .arrivals import get_arrival

# The first letters of items for all members of a group, and the first letters of all items.
GROUP_ITEMS = (b"G", b"E")
ITEMS = (b"T", b"M", *GROUP_ITEMS)
# Among the names of an item `E`, this letter begins the time of an arrival. No channel has this letter in its name, so
# older processes leave out no channel because of it.
ARRIVAL = "@"


class GroupSend:
    """One message to a group: its serialized body, and the letter and the content of its items."""

    def __init__(self, group: str, body: bytes, except_channels: Collection[str]) -> None:
        self.group, self.body, self.except_channels = group, body, except_channels
        self.kind, self.content = "G", body
        self.broadcast: Any = None  # how `following` recognizes the message
        arrived_at = get_arrival()
        names = except_channels if arrived_at is None else (f"{ARRIVAL}{arrived_at}", *except_channels)
        if names:
            # Channel names contain no comma.
            self.kind, self.content = "E", ",".join(names).encode() + b"\0" + body


class GroupItem(NamedTuple):
    """
    A group's message for the members of one process, except `except_channels`.

    `arrived_at` is the time of the frame or request that caused the message (ms), or None if it is unknown.
    """

    group: bytes
    version: bytes  # of the list of members
    except_channels: Collection[str]
    body: bytes
    arrived_at: int | None = None


def read_expiry(item: bytes) -> int:
    """Return when an item expires, by Redis' clock (ms). Raise ValueError for an item of another kind of layer."""
    return int(item[1:14])


def read_message_item(item: bytes) -> tuple[bytes, bytes]:
    """Return (full channel name or b"", body) of an item `M`."""
    name, _, body = item[14:].partition(b"\0")
    return name, body


def read_group_item(item: bytes) -> GroupItem:
    """Return the parts of an item `G` or `E`."""
    group, _, body = item[30:].partition(b"\0")
    if item[:1] == b"G":
        return GroupItem(group, item[14:30], (), body)
    names, _, body = body.partition(b"\0")
    arrived_at = None
    if names[:1] == ARRIVAL.encode():
        arrival, _, names = names[1:].partition(b",")
        arrived_at = int(arrival)
    return GroupItem(group, item[14:30], frozenset(names.decode().split(",")) if names else (), body, arrived_at)


class TurnItem(NamedTuple):
    """A connection's turn, with copies of its session and of its first frame's body if `has_copy`."""

    number: bytes
    reply: bytes
    has_copy: bool
    session: bytes
    body: bytes


def read_turn_item(item: bytes) -> TurnItem:
    """Return the parts of an item `T`."""
    reply, length, rest = item[30:].split(b"\0", 2)
    if length == b"?":
        return TurnItem(item[14:30], reply, False, b"", b"")
    return TurnItem(item[14:30], reply, True, rest[: int(length)], rest[int(length) :])


def remove_copy(item: bytes) -> bytes:
    """Return an item without a turn's copies, which may be outdated when another worker pops the item."""
    return item[: item.index(b"\0", 30)] + b"\0?\0" if item[:1] == b"T" else item

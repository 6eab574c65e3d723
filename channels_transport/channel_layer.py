"""
The interface that both channel layers of this package have. Modules that work with either layer use it.

`RedisChannelLayer` is for a site with several processes, `MemoryChannelLayer` for one process. No module tells these
two apart by their class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Dict, Protocol

Message = Dict[str, Any]


class ConnectionTurns(Protocol):
    """
    Keeps each connection's messages in order, for `enforce_ordering` on a layer that keeps no order itself.

    - `arrive` returns what to do with a message: `ordering.RUN`, `WAIT`, `DROP` or `LOST`.
    - `advance` ends the turn of a message. It returns the next message if that message has already arrived, else None.
    - `is_stuck` returns whether a message of the connection has been missing for too long.
    - `forget` deletes the state of a connection.
    """

    def arrive(self, connection: str, order: int, content: Message) -> str: ...

    def advance(self, connection: str, order: int) -> Message | None: ...

    def is_stuck(self, connection: str) -> bool: ...

    def forget(self, connection: str) -> None: ...


class SessionBackend(Protocol):
    """
    The storage of channel sessions. `sessions.SessionStore` uses it. Values are JSON and expire after `seconds`.

    `save` returns False and stores nothing if `must_create` is set and the session exists.
    """

    def load(self, key: str) -> str | None: ...

    def load_idle(self, replies: Sequence[str]) -> list[str | None]: ...

    def save(self, key: str, value: str, seconds: int, must_create: bool) -> bool: ...

    def delete(self, key: str) -> None: ...


class ChannelLayer(Protocol):
    """
    A channel layer of this package: the ASGI methods of Channels 1.x and the members below.

    `is_shared` says whether other processes use the same layer. `shards` are its Redis servers; a layer in memory has
    none. `connection_turns` is None if the layer itself keeps the order of each connection's messages.
    """

    ChannelFull: type[Exception]
    extensions: list[str]
    expiry: int
    group_expiry: int
    is_shared: bool
    shards: list
    connection_turns: ConnectionTurns | None
    channel_session_backend: SessionBackend

    def send(self, channel: str, message: Message) -> None:
        """Send a message to a channel. Raise ChannelFull if the channel has reached its capacity."""

    def send_later(self, channel: str, message: Message) -> None:
        """
        Send a message together with the worker's next receive, after the running consumer has ended.

        If the message is lost, log the loss.
        """

    def requeue(self, channel: str, message: Message) -> None:
        """Put the current message back at the head of its connection's queue. Its consumer has raised ConsumeLater."""

    def receive(self, channels: Iterable[str], block: bool = False) -> tuple[str, Message] | tuple[None, None]:
        """Return (channel, message) of one of the channels, or (None, None)."""

    def group_add_all(self, groups: Collection[str], channel: str) -> None:
        """Add a channel to several groups, for `group_expiry` seconds."""

    def send_and_join(self, channel: str, message: Message, groups: Collection[str]) -> None:
        """
        Send a message to a reply channel, then add the channel to groups.

        If the channel is full, raise ChannelFull. Then the channel is in none of the groups.
        """

    def group_renew(self, groups: Collection[str], channel: str, on_missing: Callable[[], object]) -> None:
        """
        Add a channel to groups again, now or soon.

        If one of the groups no longer contained the channel, the channel has missed messages: then call `on_missing`.
        The channel may miss further messages until the layer has added it again.
        """

    def group_renew_many(self, memberships: Mapping[str, Collection[str]]) -> list[str]:
        """
        Renew the memberships of {channel: its groups}, now. The channels belong to one process.

        Return the channels that one of their groups no longer contains. The layer does not add them again.
        """

    def group_discard_all(self, groups: Collection[str], channel: str) -> None:
        """Remove a channel from several groups, now or soon."""

    def group_add_members(self, group: str, source: str) -> None:
        """Add all channels of the group `source` to a group, for `group_expiry` seconds."""

    def group_discard_members(self, group: str, source: str) -> None:
        """Remove all channels of the group `source` from a group."""

    def group_channels(self, group: str) -> list[str]:
        """Return the channels that are in a group."""

    def find_joined(self, groups: Collection[str]) -> list[str]:
        """Return those of the groups that have members. All members of such a group may belong to dead processes."""

    def send_group(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send a message to all channels of a group except `except_channels`. Skip full channels."""

    def send_group_later(self, group: str, message: Message, except_channels: Sequence[str] = ()) -> None:
        """Send to a group like `send_group`, when the running consumer has ended."""

    def send_group_paced(
        self, group: str, message: Message, number: int, seconds: float, on_held: Callable[[int], object]
    ) -> None:
        """
        Send the message with this number to a group, now or soon. Send at most one such message in `seconds`.

        If the group has had another such message within `seconds`, send nothing. Instead, call `on_held` with the
        number of that other message.
        """

    def count_waiting(self, channel: str) -> int:
        """Return the number of messages that wait for the process that reads a reply channel."""

    def channel_statistics(self, channel: str) -> dict[str, float]:
        """Return the counters of a channel."""

    def global_statistics(self) -> dict[str, int]:
        """Return the counters over all channels."""

    def log_loss(self, channel: str, what: str) -> None:
        """Log the loss of a channel's messages; `what` says what happened. Write one line per burst."""

    def open_queue(self, channel: str) -> Any:
        """
        Return a reader of a channel that is no reply channel.

        If the process of a reader dies, another reader gets the message of the dead reader.
        """

    def flush(self) -> None:
        """Delete every message, group, session and counter."""

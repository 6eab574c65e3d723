"""
Connections: one client in one place of the chat, over a socket or by polling.

Consumers make a Connection from a Channels message, and the polling view makes a PollingConnection from a request.
Services use a connection to answer a client. This module stores nothing and checks no rights. `broadcast` does the
work with groups and channels.
"""

from collections.abc import Callable, Collection, Iterable, MutableMapping
from typing import Any

from chat import broadcast, protocol

Session = MutableMapping[str, Any]


class Connection:
    """
    One websocket of a client.

    `name` is its reply channel. The name is unique, stays the same for the life of the connection, and identifies the
    connection on rosters and in leases. `session` keeps the results of the handshake for later frames. `address` is the
    client's IP address, or "unknown".
    """

    def __init__(self, name: str, session: Session, address: str) -> None:
        self.name = name
        self.session = session
        self.address = address

    @classmethod
    def from_message(cls, message: Any) -> "Connection":
        """Return the connection that sent a Channels message. Its session is empty if no decorator set one."""
        session = getattr(message, "channel_session", {})
        # Only the handshake carries the client's address: later frames find it in the session.
        client = message.content.get("client") or ["unknown"]
        return cls(message.reply_channel.name, session, session.get("address") or client[0])

    def reply(self, event: broadcast.Event) -> None:
        """Send an event to this connection alone."""
        broadcast.reply(self.name, event)

    def reply_all(self, events: Iterable[broadcast.Event]) -> None:
        """Send several events to this connection alone, in this order. This costs as much as one event."""
        broadcast.reply_all(self.name, events)

    def send_text(self, text: str) -> None:
        """Send a text frame as it is."""
        broadcast.send_text(self.name, text)

    def accept(
        self, event: broadcast.Event | None = None, close: int | None = None, groups: Collection[str] = ()
    ) -> None:
        """
        Complete the handshake at once, with the first event in the same message, or with a close code.

        Then do what `subscribe` does with `groups`.
        """
        broadcast.accept(self.name, event, close, groups)

    def close(self, code: int) -> None:
        """Close this connection with a code that the client can read."""
        broadcast.close(self.name, code)

    def subscribe(self, groups: Collection[str]) -> None:
        """Add the connection to groups: from now on it receives what is published to them."""
        broadcast.subscribe(self.name, groups)

    def resubscribe(self, groups: Collection[str], on_missing: Callable[[], object]) -> None:
        """Renew the connection in its groups. Call `on_missing()` if a group had lost the connection."""
        broadcast.resubscribe(self.name, groups, on_missing)

    def unsubscribe(self, groups: Collection[str]) -> None:
        """Remove the connection from groups."""
        broadcast.unsubscribe(self.name, groups)


class PollingConnection(Connection):
    """
    A client that polls. Each request of the client makes a new PollingConnection with the same `name`.

    The object collects the answers for the response: `texts` are the encoded events, `code` is the close code or None.
    It joins no group, because the client cannot receive between two requests. A request that waits adds its own reply
    channel, `request_name`, to the groups while it waits.
    """

    def __init__(self, name: str, session: Session, address: str, request_name: str) -> None:
        super().__init__(name, session, address)
        self.request_name = request_name
        self.texts: list[str] = []
        self.code: int | None = None

    @property
    def has_answer(self) -> bool:
        """Return whether the response has content: an event or a close code."""
        return bool(self.texts) or self.code is not None

    def reply(self, event: broadcast.Event) -> None:
        """Add an event to the response."""
        self.send_text(protocol.encode(event))

    def reply_all(self, events: Iterable[broadcast.Event]) -> None:
        """Add events to the response."""
        for event in events:
            self.reply(event)

    def send_text(self, text: str) -> None:
        """Add an encoded event to the response."""
        self.texts.append(text)

    def accept(
        self, event: broadcast.Event | None = None, close: int | None = None, groups: Collection[str] = ()
    ) -> None:
        """Add the first event, or the close code, to the response. Ignore the groups, as `subscribe` does."""
        if event is not None:
            self.reply(event)
        if close is not None:
            self.close(close)

    def close(self, code: int) -> None:
        """Put a close code into the response. Only the first close code counts."""
        self.code = self.code or code

    def subscribe(self, groups: Collection[str]) -> None:
        """Do nothing: only a waiting request listens."""

    def resubscribe(self, groups: Collection[str], on_missing: Callable[[], object]) -> None:
        """Do nothing: only a waiting request listens."""

    def unsubscribe(self, groups: Collection[str]) -> None:
        """Do nothing: only a waiting request listens."""

    def begin_waiting(self, groups: Collection[str]) -> None:
        """Add the request's own reply channel to groups: what is published to them completes the response."""
        broadcast.subscribe(self.request_name, groups)

    def end_waiting(self, groups: Collection[str]) -> None:
        """Remove the request's own reply channel from groups."""
        broadcast.unsubscribe(self.request_name, groups)

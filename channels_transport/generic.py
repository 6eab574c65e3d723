"""
Class-based consumers with Channels' interface, on this package's ordering and sessions. They log handlers' exceptions.

Channels' own consumers run in order only with `strict_ordering`, and raise an exception for a frame that is not JSON.
Mix `Ordered` into any of Channels' websocket consumers, or subclass one of the two classes at the end of this module.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from channels.exceptions import ConsumeLater, DenyConnection
from channels.generic import websockets
from channels.message import Message

from .auth import (
    channel_and_http_session_user_from_http,
    channel_session_user,
    channel_session_user_from_http,
)
from .ordering import enforce_ordering, forget_ordering
from .sessions import channel_session

logger = logging.getLogger(__name__)

CONNECT, DISCONNECT = "websocket.connect", "websocket.disconnect"
CLOSE_FAILED = 1013  # try again later

# Type checkers see `Ordered` as a subclass of Channels' class. At run time it must stay a plain mixin.
_Base: Any = websockets.WebsocketConsumer if TYPE_CHECKING else object


class Ordered(_Base):
    """
    Runs a connection's handlers in order, each with `message.channel_session`, and handles the exceptions they raise.

    The attributes of Channels' classes keep their meaning. `channel_session_user`, `http_user` and
    `http_user_and_session` give each handler `message.user`, which is read from the database when a handler first asks
    for it. With `http_user`, `connect` also has `message.http_session` (None without a cookie); with
    `http_user_and_session`, each handler has it. `connect` should copy what later frames need into the channel session,
    because this saves a query for each frame.

    Ordering and sessions are always on, so `strict_ordering` only means that a message without `order` is an error.
    By default such a message runs at once; Channels' test client sends messages without `order`.
    """

    strict_ordering = False

    def get_handler(self, message: Message, **kwargs: Any) -> Callable[..., None]:
        """Return the decorated handler for a message of this connection."""
        self.path = message["path"]
        handler = getattr(self, self.method_mapping[message.channel.name])
        if self.http_user_and_session:
            handler = channel_and_http_session_user_from_http(handler)
        elif self.http_user and message.channel.name == CONNECT:
            handler = channel_session_user_from_http(handler)
        elif self.http_user or self.channel_session_user:
            handler = channel_session_user(handler)
        is_ordered = self.strict_ordering or "order" in message
        return self.guard((enforce_ordering if is_ordered else channel_session)(handler))

    def guard(self, handler: Callable[..., None]) -> Callable[..., None]:
        """Return a function that runs the handler, and calls `failed` for exceptions that Channels does not expect."""

        def run(message: Message, **kwargs: Any) -> None:
            try:
                handler(message, **kwargs)
            except (ConsumeLater, DenyConnection):
                raise
            except Exception as error:
                self.failed(error, **kwargs)

        return run

    def failed(self, error: Exception, **kwargs: Any) -> None:
        """Log an exception of a handler. A failed handshake is accepted and closed with 1013 (try again later)."""
        logger.error("%s failed", type(self).__name__, exc_info=error)
        if self.message.channel.name == CONNECT:
            self.message.reply_channel.send({"accept": True, "close": CLOSE_FAILED})

    def raw_disconnect(self, message: Message, **kwargs: Any) -> None:
        """Run `disconnect`, then delete the channel session and the ordering state of the connection."""
        try:
            super().raw_disconnect(message, **kwargs)
        finally:
            message.channel_session.flush()
            forget_ordering(message)


class WebsocketConsumer(Ordered, websockets.WebsocketConsumer):
    """Calls `connect(message)`, `receive(text=None, bytes=None)` and `disconnect(message)` in order."""

    def raw_receive(self, message: Message, **kwargs: Any) -> None:
        """Call `receive` with the text or the bytes of a frame."""
        # The interface may send both keys, one of them None.
        self.receive(text=message.content.get("text"), bytes=message.content.get("bytes"), **kwargs)


class JsonWebsocketConsumer(Ordered, websockets.JsonWebsocketConsumer):
    """
    Calls `receive(content)` with the decoded JSON of each text frame, in order.

    If `decode_json` rejects a frame, `unreadable` is called instead, with the error. For a binary frame the error is a
    TypeError.
    """

    unreadable_errors = (ValueError, TypeError, RecursionError)

    def raw_receive(self, message: Message, **kwargs: Any) -> None:
        """Call `receive` with the decoded frame, or `unreadable` with the error."""
        try:
            content = self.decode_json(message.content.get("text"))
        except self.unreadable_errors as error:
            self.unreadable(error, **kwargs)
        else:
            self.receive(content, **kwargs)

    def unreadable(self, error: Exception, **kwargs: Any) -> None:
        """Handle a frame that is not JSON; `error` is the exception of `decode_json`. By default, do nothing."""

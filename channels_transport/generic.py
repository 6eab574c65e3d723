"""
Class-based consumers as Channels has them, on our ordering and our sessions, with nothing that raises out of a worker.

Channels' own take `strict_ordering` from the decorator that jams, and let a frame that is no JSON out as an exception
that nobody answers. Mix `Ordered` into any of its websocket consumers, or begin with the two below. It knows no chat.
"""

import logging

from channels.auth import channel_session_user_from_http
from channels.exceptions import ConsumeLater, DenyConnection
from channels.generic import websockets

from .ordering import enforce_ordering, forget_ordering

logger = logging.getLogger(__name__)

CONNECT, DISCONNECT = "websocket.connect", "websocket.disconnect"
CLOSE_FAILED = 1013  # try again later


class Ordered:
    """
    Runs a connection's handlers one after another, each with `message.channel_session`, and outlives what they raise.

    With `http_user`, `connect` also finds `message.user` and `message.http_session` (None without a cookie). What later
    frames need of them, it keeps in the channel session: asking anew for each frame would be a query each.
    """

    strict_ordering = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.strict_ordering or cls.channel_session_user or cls.http_user_and_session:
            raise TypeError(f"{cls.__name__}: order and session are always on; the user comes with `http_user`.")

    def get_handler(self, message, **kwargs):
        self.path = message["path"]
        handler = getattr(self, self.method_mapping[message.channel.name])
        if self.http_user and message.channel.name == CONNECT:
            handler = channel_session_user_from_http(handler)
        return self.guard(enforce_ordering(handler))

    def guard(self, handler):
        """Returns the handler as it runs: what it raises ends in `failed`, but for what Channels itself waits for."""

        def run(message, **kwargs):
            try:
                handler(message, **kwargs)
            except (ConsumeLater, DenyConnection):
                raise
            except Exception as error:
                self.failed(error, **kwargs)

        return run

    def failed(self, error, **kwargs):
        """Called with what a handler raised. Logs it; and a handshake, which nobody else will answer, is closed."""
        logger.error("%s failed", type(self).__name__, exc_info=error)
        if self.message.channel.name == CONNECT:
            self.message.reply_channel.send({"accept": True, "close": CLOSE_FAILED})

    def raw_disconnect(self, message, **kwargs):
        try:
            super().raw_disconnect(message, **kwargs)
        finally:
            message.channel_session.flush()
            forget_ordering(message)


class WebsocketConsumer(Ordered, websockets.WebsocketConsumer):
    """`connect(message)`, `receive(text=None, bytes=None)`, `disconnect(message)`, in order."""

    def raw_receive(self, message, **kwargs):
        # The interface may send both keys, one of them None.
        self.receive(text=message.content.get("text"), bytes=message.content.get("bytes"), **kwargs)


class JsonWebsocketConsumer(Ordered, websockets.JsonWebsocketConsumer):
    """
    `receive(content)` with what a text frame's JSON says, in order.

    Of a frame that `decode_json` cannot read (or a binary one: then it raises TypeError), `unreadable` hears.
    """

    unreadable_errors = (ValueError, TypeError, RecursionError)

    def raw_receive(self, message, **kwargs):
        try:
            content = self.decode_json(message.content.get("text"))
        except self.unreadable_errors as error:
            self.unreadable(error, **kwargs)
        else:
            self.receive(content, **kwargs)

    def unreadable(self, error, **kwargs):
        """Called in place of `receive` with what `decode_json` raised. Nothing is answered unless you do."""

"""
The operators' streams: a class-based consumer, since Channels' demultiplexer and bindings are classes.

What is streamed is given by the routing; what wraps it is ours: the handshake's checks, the order that cannot jam, and
a right that is judged again at every frame.
"""

import logging

from channels.generic.websockets import WebsocketDemultiplexer
from django.contrib.auth import HASH_SESSION_KEY

from channels_transport import OUTAGES, Ordered
from chat import broadcast, protocol
from chat.services import limits, operators

from .handshake import CheckedHandshake

logger = logging.getLogger(__name__)


class OperatorStreams(CheckedHandshake, Ordered, WebsocketDemultiplexer):
    """Streams for people with `is_staff`; `consumers` is {stream: consumer}. Others find nothing here."""

    http_user = True

    def connect(self, message, **kwargs):
        try:
            if not message.user.is_authenticated:
                raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
            operators.check_operator(message.user)
        except protocol.CloseConnection as dismissal:
            return broadcast.accept(message.reply_channel, close=dismissal.code)
        except protocol.ChatError:
            return broadcast.accept(message.reply_channel, close=protocol.CLOSE_NOT_FOUND)
        message.channel_session.update({"person": message.user.id, "login": message.http_session.session_key})
        broadcast.subscribe(message.reply_channel, self._groups())
        super().connect(message, **kwargs)

    def _groups(self):
        session = self.message.channel_session
        return [broadcast.operator_group(session["person"]), broadcast.credential_group(session["login"])]

    def raw_receive(self, message, **kwargs):
        try:
            self._check_right(message)
            super().raw_receive(message, **kwargs)
        except protocol.CloseConnection as dismissal:
            broadcast.close(message.reply_channel, dismissal.code)
        except protocol.ChatError as refusal:
            broadcast.reply(message.reply_channel, protocol.rejected(refusal))
        except (*OUTAGES, message.channel_layer.ChannelFull) as outage:
            # The stream goes on without an answer: nothing that was asked here would have been done.
            logger.warning("A frame of an operator's stream cannot be answered for now: %s", outage)

    def _check_right(self, message):
        session = message.channel_session
        if "person" not in session:
            raise protocol.CloseConnection(protocol.CLOSE_CONNECTION_LOST)
        operators.check_stream(session["person"], session["login"], session.get(HASH_SESSION_KEY, ""))
        limits.check_event(session["person"])
        if message.content.get("text") is None:
            raise protocol.ChatError("binary_not_supported", "Send text frames.")

    @classmethod
    def decode_json(cls, text):
        return protocol.parse_object(text)

    def receive(self, content, **kwargs):
        if content.get("stream") not in list(self.consumers) or not isinstance(content.get("payload"), dict):
            raise protocol.ChatError("invalid_field", "'stream' must be one that is here, and 'payload' an object.")
        super().receive(content, **kwargs)

    def disconnect(self, message, **kwargs):
        if "person" in message.channel_session:
            broadcast.unsubscribe(message.reply_channel, self._groups())

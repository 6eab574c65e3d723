"""
The operators' streams: a class-based consumer, because Channels' demultiplexer and bindings are classes.

The routing names the streams. This module adds the checks of the handshake, this project's ordering, and checks of
every frame: the operator's right and the rate limit.
"""

import logging

from channels.generic.websockets import WebsocketDemultiplexer

from channels_transport import OUTAGES, Ordered
from chat import broadcast, protocol
from chat.connections import Connection
from chat.services import limits, operations, operators, people

from .handshake import CheckedHandshake, refuse_token

logger = logging.getLogger(__name__)


class OperatorStreams(CheckedHandshake, Ordered, WebsocketDemultiplexer):
    """
    Streams for people with `is_staff`; `consumers` is {stream: consumer}. Other people get 4401 or 4404.

    A handshake with a token is refused.
    """

    http_user = True

    def connect(self, message, **kwargs):
        """Accept an operator, or close the socket with 4401 or 4404. `refuse_token` refuses handshakes with tokens."""
        if refuse_token(message):
            return
        connection = Connection.from_message(message)
        try:
            if not message.user.is_authenticated or people.must_set_up(message.user):
                raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
            operators.check_operator(message.user)
        except protocol.CloseConnection as closing:
            return connection.accept(close=closing.code)
        except protocol.ChatError:
            return connection.accept(close=protocol.CLOSE_NOT_FOUND)
        message.channel_session.update({"person": message.user.id, "login": message.http_session.session_key})
        connection.subscribe(self._get_groups())
        super().connect(message, **kwargs)

    def _get_groups(self):
        session = self.message.channel_session
        own = [broadcast.operator_group(session["person"]), broadcast.credential_group(session["login"])]
        return [*own, self.get_stream_group(session["person"])]

    def get_stream_group(self, person_id):
        """Return the group to which the events of the streams are published."""
        return broadcast.operator_rooms_group(person_id)

    def raw_receive(self, message, **kwargs):
        """
        Pass a frame to its stream. Reject an invalid frame, and a frame above the rate limit.

        Close the socket of a former operator, and of a client that ignores the rate limit.
        """
        connection = Connection.from_message(message)
        try:
            self._check_frame(message, connection)
            super().raw_receive(message, **kwargs)
        except protocol.CloseConnection as closing:
            connection.close(closing.code)
        except protocol.ChatError as refusal:
            connection.reply(protocol.rejected(refusal))
        except (*OUTAGES, broadcast.ChannelFull) as outage:
            # The stream continues without an answer, because frames on it change nothing.
            logger.warning("A frame of an operator's stream cannot be answered for now: %s", outage)

    def _check_frame(self, message, connection):
        operators.check_stream(connection)
        limits.check_event(connection.session["person"])
        if message.content.get("text") is None:
            raise protocol.ChatError("binary_not_supported", "Send text frames.")

    @classmethod
    def decode_json(cls, text):
        """Return the object of a text frame. Raise ChatError for anything else."""
        return protocol.parse_object(text)

    def receive(self, content, **kwargs):
        """
        Pass a frame's object to the stream that it names.

        Raise `invalid_field` if there is no such stream, or if the frame's `payload` is not an object.
        """
        if content.get("stream") not in list(self.consumers) or not isinstance(content.get("payload"), dict):
            raise protocol.ChatError(
                "invalid_field", "'stream' must name a stream of this socket, and 'payload' must be an object."
            )
        super().receive(content, **kwargs)

    def disconnect(self, message, **kwargs):
        """Remove the connection from its groups."""
        if "person" in message.channel_session:
            Connection.from_message(message).unsubscribe(self._get_groups())


class HealthStream(OperatorStreams):
    """
    The stream of the page `/operations/`: a sample of the site's state every few seconds, for operators.

    Each frame is {stream: "health", payload: {point, state}}. Every frame of a client is rejected.
    """

    consumers = {}

    def get_stream_group(self, person_id):
        """Return the one group of all operators who have the page open."""
        return broadcast.OPERATIONS_GROUP

    def connect(self, message, **kwargs):
        """Accept an operator as `OperatorStreams` does, and add the connection to the listeners."""
        super().connect(message, **kwargs)
        if "person" in message.channel_session:
            operations.join_listeners(message.channel_session["person"], Connection.from_message(message))

    def disconnect(self, message, **kwargs):
        """Remove the connection from its groups and from the listeners."""
        super().disconnect(message, **kwargs)
        if "person" in message.channel_session:
            operations.leave_listeners(message.channel_session["person"], Connection.from_message(message))

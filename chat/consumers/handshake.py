"""
The checks that a handshake on a known path passes before its consumer runs: the origin of the page, and the rate limit.

This module also finds the person who opens a socket.
"""

import contextlib
import functools
import logging

from channels.exceptions import ConsumeLater, DenyConnection

from channels_transport import OUTAGES, LogThrottle
from chat import broadcast, protocol
from chat.connections import Connection
from chat.services import limits, origins, people, scopes

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)


def checked_handshake(consumer):
    """
    Decorate a consumer of `websocket.connect` so that every handshake is answered.

    A handshake from a foreign page is denied (403). If the rate limit is reached or the consumer fails, the
    handshake is accepted and the socket is closed.
    """

    @functools.wraps(consumer)
    def inner(message, *args, **kwargs):
        if not _is_own_origin(message):
            raise DenyConnection
        try:
            limits.check_handshake(Connection.from_message(message).address)
            return consumer(message, *args, **kwargs)
        except (ConsumeLater, DenyConnection):
            raise
        except protocol.ChatError as refusal:
            Connection.from_message(message).accept(protocol.rejected(refusal), close=protocol.CLOSE_OVERLOAD)
        except (*OUTAGES, broadcast.ChannelFull) as outage:
            throttle.warning("Connections cannot be accepted for now: %s", outage)
            # If the interface reads no replies, the handshake gets 503 from the interface itself.
            with contextlib.suppress(broadcast.ChannelFull):
                Connection.from_message(message).accept(close=protocol.CLOSE_OVERLOAD)
        except Exception:
            logger.exception("A handshake failed")
            Connection.from_message(message).accept(close=protocol.CLOSE_OVERLOAD)

    return inner


class CheckedHandshake:
    """A mixin that checks the handshakes of a class-based consumer. It must precede `Ordered` in the bases."""

    def guard(self, handler):
        """Return a handler of handshakes with the checks of this module, and other handlers as `Ordered.guard` does."""
        guarded = super().guard(handler)
        return checked_handshake(handler) if self.message.channel.name == "websocket.connect" else guarded


def _is_own_origin(message):
    """Return whether a page of this site opened the socket. Only a bot with a token may send no origin."""
    headers = get_headers(message)
    origin = headers.get("origin")
    if origin is None:
        return people.is_token_header(headers.get("authorization"))
    return origins.is_own_origin(origin, headers.get("host", ""))


def get_headers(message):
    """Return the headers of a handshake: {name in lower case: value}."""
    return {name.decode("latin1"): value.decode("latin1") for name, value in message.content.get("headers", [])}


def refuse_token(message):
    """
    Refuse a handshake with a token, on a path for browsers only. Return whether the handshake was refused.

    Close the socket with 4401 if the token is not valid, and else with 4403.
    """
    header, connection = get_headers(message).get("authorization"), Connection.from_message(message)
    if not people.is_token_header(header):
        return False
    token = people.find_token(header)
    if token is None:
        connection.accept(close=protocol.CLOSE_NOT_SIGNED_IN)
        return True
    try:
        scopes.check_scope(token.person, None)
    except protocol.ChatError as refusal:
        connection.accept(protocol.rejected(refusal), close=protocol.CLOSE_FORBIDDEN)
    return True


def find_person(message):
    """
    Return (person, token or None), and record the use of the token.

    Raise CloseConnection if the credential is invalid or missing. Raise it too for a person with a login who must set
    up a second factor first.
    """
    header = get_headers(message).get("authorization")
    token = people.find_token(header)
    person = token.person if token else message.user
    # A valid cookie does not replace an invalid token.
    if not person.is_authenticated or (token is None and people.is_token_header(header)):
        raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
    if token is None and people.must_set_up(person):
        raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
    people.touch_token(scopes.get_grant(person))
    # `message.user` is a lazy object. Each access to one of its attributes runs a function, and a handshake needs many.
    return getattr(person, "_wrapped", person), token

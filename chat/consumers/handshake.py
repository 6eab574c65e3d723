"""
The checks that a handshake on a known path passes before its consumer runs: the origin of the page, and the rate limit.

This module also finds the person who opens a socket.
"""

import functools
import logging

from channels.exceptions import ConsumeLater, DenyConnection
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from channels_transport import OUTAGES, LogThrottle
from chat import protocol
from chat.connections import Connection
from chat.services import limits, people

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
            limits.check_address("handshakes", Connection.from_message(message).address)
            return consumer(message, *args, **kwargs)
        except (ConsumeLater, DenyConnection):
            raise
        except protocol.ChatError as refusal:
            Connection.from_message(message).accept(protocol.rejected(refusal), close=protocol.CLOSE_OVERLOAD)
        except OUTAGES as outage:
            throttle.warning("Connections cannot be accepted for now: %s", outage)
            Connection.from_message(message).accept(close=protocol.CLOSE_OVERLOAD)
        except Exception:
            logger.exception("A handshake failed")
            Connection.from_message(message).accept(close=protocol.CLOSE_OVERLOAD)

    return inner


class CheckedHandshake:
    """A mixin that checks the handshakes of a class-based consumer. It must precede `Ordered` in the bases."""

    def guard(self, handler):
        """Return the handler of a handshake with its checks, and another handler as `Ordered.guard` returns it."""
        guarded = super().guard(handler)
        return checked_handshake(handler) if self.message.channel.name == "websocket.connect" else guarded


def _is_own_origin(message):
    """
    Return whether a page of this site opened the socket.

    Browsers put the origin of the page into `Origin`, and no page can forge it. The whole origin is compared: another
    port or scheme is another site. Only a bot with a token may send no origin.
    """
    headers = get_headers(message)
    origin = headers.get("origin")
    if origin is None:
        return people.is_token_header(headers.get("authorization"))
    if settings.PUBLIC_URL:
        return origin == settings.PUBLIC_URL
    host = headers.get("host", "")
    is_allowed_host = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    return is_allowed_host and origin in (f"http://{host}", f"https://{host}")


def get_headers(message):
    """Return the headers of a handshake: {name in lower case: value}."""
    return {name.decode("latin1"): value.decode("latin1") for name, value in message.content.get("headers", [])}


def find_person(message):
    """Return (person, token or None). Raise CloseConnection if the credential is invalid or missing."""
    header = get_headers(message).get("authorization")
    token = people.find_token(header)
    person = token.person if token else message.user
    # A valid cookie does not replace an invalid token.
    if not person.is_authenticated or (token is None and people.is_token_header(header)):
        raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
    return person, token

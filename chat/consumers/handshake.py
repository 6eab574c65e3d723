"""
What every handshake has to pass before a consumer sees it: whose page it comes from, and how many came before.
"""

import functools
import logging

from channels.exceptions import ConsumeLater, DenyConnection
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from channels_transport import OUTAGES, LogThrottle
from chat import broadcast, protocol
from chat.services import limits, people

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)


def checked_handshake(consumer):
    """Denies (403) a handshake from a foreign page; closes one too many, or one that fails: none is left hanging."""

    @functools.wraps(consumer)
    def inner(message, *args, **kwargs):
        if not _is_own_origin(message):
            raise DenyConnection
        try:
            limits.check_address("handshakes", get_address(message))
            return consumer(message, *args, **kwargs)
        except (ConsumeLater, DenyConnection):
            raise
        except protocol.ChatError as refusal:
            broadcast.accept(message.reply_channel, protocol.rejected(refusal), close=protocol.CLOSE_OVERLOAD)
        except OUTAGES as outage:
            throttle.warning("Nobody can be let in for now: %s", outage)
            broadcast.accept(message.reply_channel, close=protocol.CLOSE_OVERLOAD)
        except Exception:
            logger.exception("A handshake failed")
            broadcast.accept(message.reply_channel, close=protocol.CLOSE_OVERLOAD)

    return inner


class CheckedHandshake:
    """The same for class-based consumers; mix it in before `Ordered`."""

    def guard(self, handler):
        guarded = super().guard(handler)
        return checked_handshake(handler) if self.message.channel.name == "websocket.connect" else guarded


def _is_own_origin(message):
    """
    Whether a page of ours opened the socket: browsers say so in `Origin`, whole and unforgeable by foreign pages.

    Compared whole, for another port or scheme is another site. Only a bot, which shows a token, may have none.
    """
    headers = get_headers(message)
    origin = headers.get("origin")
    if origin is None:
        return people.is_token_header(headers.get("authorization"))
    if settings.PUBLIC_URL:
        return origin == settings.PUBLIC_URL
    host = headers.get("host", "")
    is_ours = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    return is_ours and origin in (f"http://{host}", f"https://{host}")


def get_address(message):
    return (message.content.get("client") or ["unknown"])[0]


def get_headers(message):
    return {name.decode("latin1"): value.decode("latin1") for name, value in message.content.get("headers", [])}

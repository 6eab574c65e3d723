"""
The factory of an interface server: it makes the protocol of each connection, and knows which connections are open.

It has the limits that Daphne's command line does not offer. The server itself is in `server.py`.
"""

from __future__ import annotations

import logging
import math
import random
import re
import string
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import unquote

from daphne import http_protocol
from daphne.utils import parse_x_forwarded_for

from ..log_throttle import LogThrottle
from .added_headers import AddedHeaders
from .answers import Answers
from .budgets import Address
from .closing import Lingering
from .deadlines import Channel
from .forwarding import Forwarding
from .gathering import Gathering
from .idle import make_class
from .limits import Limits, PathRule, make_addresses
from .reading import ReadingTurns
from .replies import carry_out
from .requests import WebRequest
from .storage import SiteStorage
from .turns import Turns
from .websockets import WebSocketProtocol

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)

HANDSHAKE_SECONDS = 20
CLOSE_ANSWER_SECONDS = 5
ID_LETTERS = 10  # of the part of a reply channel that belongs to one connection


class HTTPFactory(http_protocol.HTTPFactory):
    """Makes the protocols of HTTP requests and websockets, with limits that Daphne's command line does not offer."""

    def __init__(
        self,
        *args: Any,
        trusted_proxies: int = 0,
        ping_timeout: float = 30,
        limits: Limits | None = None,
        rules: Iterable[PathRule] = (),
        answers: Answers | None = None,
        added_headers: AddedHeaders | None = None,
        private_paths: Collection[bytes] = (),
        is_redis_answering: Callable[[], bool] = lambda: True,
        storage: SiteStorage | None = None,
        gathering: Gathering | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, ping_timeout=ping_timeout, **kwargs)
        self.limits = limits or Limits()
        self.rules = list(rules)
        self.any_path = PathRule(re.compile(""), limits=self.limits)
        self.addresses = make_addresses(self.limits)
        self.turns = ReadingTurns()
        # The connections whose next request has arrived completely or in part, and waits for its turn.
        self.pipelines: Turns[Channel] = Turns(Channel.take_turn)
        self.lingering = Lingering(self.limits)
        # For each transport, the address that counts its connection.
        self.counted: dict[Any, Address] = {}
        self.trusted_proxies = trusted_proxies
        self.forwarding = Forwarding(trusted_proxies)
        self.answers = answers or Answers({})
        self.added_headers = added_headers or AddedHeaders({})
        self.private_paths = private_paths
        self.is_redis_answering = is_redis_answering
        self.storage = storage or SiteStorage()
        self.gathering = gathering
        self.waiting = 0  # the number of requests that wait for a message
        # For autobahn, 0 means no limit.
        max_frame_bytes = 0 if math.isinf(self.limits.max_frame_bytes) else int(self.limits.max_frame_bytes)
        self.ws_factory.setProtocolOptions(
            maxFramePayloadSize=max_frame_bytes,
            maxMessagePayloadSize=max_frame_bytes,
            # Send a close frame with 1007 or 1009, rather than only drop the connection.
            failByDrop=False,
            # A client that is still sending needs more than autobahn's one second to answer the close frame.
            closeHandshakeTimeout=CLOSE_ANSWER_SECONDS,
            openHandshakeTimeout=0,  # `check_ping` checks the limit `websocket_connect_timeout`
            autoPingTimeout=ping_timeout,
            # Every call of setProtocolOptions resets this option. The site itself checks `Origin: null`.
            allowNullOrigin=True,
        )
        self.ws_factory.protocol = make_class(WebSocketProtocol, self.ws_factory)

    def buildProtocol(self, addr: Any) -> Any:
        """Return the protocol of a new TCP connection, or None to close it, if its address has too many connections."""
        address = None if self.trusted_proxies else self.addresses.find(getattr(addr, "host", None))
        if address is not None:
            if address.connections >= self.limits.connections_per_address:
                throttle.warning("An address has too many open connections; a new one is closed: %s", addr.host)
                return None
            address.connections += 1
        protocol = Channel()
        protocol.factory, protocol.callLater = self, self.reactor.callLater
        protocol.requestFactory = WebRequest
        protocol.address = address
        return protocol

    def acceptableProtocols(self) -> list[bytes]:
        """Return the protocols that TLS may negotiate. The limits of this server work for HTTP/1.1 only."""
        return [b"http/1.1"]

    def make_send_channel(self) -> str:
        """Return the reply channel of a new request or websocket."""
        return self.send_channel + "".join(random.choices(string.ascii_letters, k=ID_LETTERS))

    def find_host(self, headers: Any, transport: Any) -> str | None:
        """Return the address of the client, as a trusted proxy saw it, or of the peer."""
        peer = getattr(transport.getPeer(), "host", None)
        if not self.proxy_forwarded_address_header:
            return peer
        address, _ = parse_x_forwarded_for(headers, self.proxy_forwarded_address_header, None, None, [peer, 0])
        return address[0]

    def find_rule(self, path: str) -> PathRule:
        """Return what the site declares about the websockets of a path, which may be percent-encoded."""
        path = unquote(path)
        return next((rule for rule in self.rules if rule.pattern.match(path)), self.any_path)

    def count_sockets(self) -> dict[str, int]:
        """Return {kind: number of open websockets}. The kinds are those of INTERFACE_PATHS, and `other`."""
        found: dict[str, int] = {}
        for rule in (*self.rules, self.any_path):
            found[rule.kind] = found.get(rule.kind, 0) + rule.sockets
        return found

    def connection_made(self, transport: Any, address: Address | None) -> None:
        """Note which address counts a new connection."""
        if address is not None:
            self.counted[transport] = address

    def connection_ended(self, transport: Any) -> None:
        """Count a connection as closed."""
        self.lingering.end(transport)
        address = self.counted.pop(transport, None)
        if address is not None:
            address.connections -= 1

    def check_timeouts(self) -> None:
        """Check the timeouts of all requests and websockets, and forget idle addresses."""
        super().check_timeouts()
        self.addresses.forget_idle()
        for rule in self.rules:
            if rule.addresses is not None:
                rule.addresses.forget_idle()

    def dispatch_reply(self, channel: str, message: dict[str, Any]) -> None:
        """Pass a message to the connection or request that has this reply channel."""
        if "later" in message and channel not in self.reply_protocols:
            # The client has left, but the view has already added the request's channel to groups.
            return self.end_waiting(channel, message["later"], is_answered=False)
        protocol = self.reply_protocols.get(channel)
        if isinstance(protocol, WebSocketProtocol):
            return carry_out(protocol, message)
        return super().dispatch_reply(channel, message)

    def end_waiting(self, channel: str, later: dict[str, Any], is_answered: bool) -> None:
        """Send `http.disconnect` for a waiting request that is over; a consumer then removes it from its groups."""
        message = {
            "reply_channel": channel,
            "path": later["path"],
            "context": later["context"],
            "answered": is_answered,
        }
        try:
            self.channel_layer.send("http.disconnect", message)
        except Exception as error:
            logger.warning("http.disconnect could not be sent for a waiting request: %s", error)

"""
Opens one websocket: checks its handshake, passes it on to the workers, and answers it as a consumer says.

`receive_handshake` takes a handshake that `handshake.py` has read, and `onConnect` one that autobahn has read. This
module knows no frame.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from autobahn.twisted.websocket import ConnectionDeny
from daphne.utils import parse_x_forwarded_for
from django.conf import settings
from twisted.internet import defer

from .. import counting
from ..log_throttle import LogThrottle
from ..writing import write_now
from .budgets import Address
from .handshake import Handshake, Waiting, make_answer

if TYPE_CHECKING:
    from .reading import MeteredReading as _Reading  # the class that uses this mixin uses that mixin too
else:
    _Reading = object

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)

MAX_PARAMETERS = 100
# The number of paths that are remembered. A path has at most 16 KiB.
SHARED_PATHS = 512


class OpenRequest(NamedTuple):
    """The part of the request that Daphne reads after the handshake."""

    path: str


@lru_cache(maxsize=SHARED_PATHS)
def read_path(path: str) -> tuple[OpenRequest, bytes, str]:
    """
    Return three forms of a path: for Daphne, percent-encoded, and decoded. Raise UnicodeError if it is not ASCII.

    The sockets of a room share these objects. Interned texts would be shared too, but any client can choose a path, and
    Python 3.12 never frees them.
    """
    return OpenRequest(path), path.encode("ascii"), unquote(path)


class Opening(_Reading):
    """A mixin for autobahn's websocket protocol: the time from the request to the answer of its handshake."""

    # The class that uses the mixin has these attributes.
    main_factory: Any
    factory: Any
    transport: Any
    channel_layer: Any
    http_headers: Any
    first_lines: bytes
    handshake_deferred: Any  # a Deferred of autobahn, or Waiting
    onOpen: Any
    failHandshake: Any
    succeedHandshake: Any

    address: Address | None = None
    is_refused = False  # the address has too many sockets, and no consumer knows this one

    def connectionMade(self) -> None:
        """
        Begin with the values of the class.

        autobahn's own method sets the same values, and a timer, though `check_ping` checks this limit too. It makes
        texts about the transport, and sets TCP_NODELAY, as Twisted has done for the request.
        """
        self.factory.countConnections += 1

    def _onOpen(self) -> None:
        # autobahn's own method adds to what it knows about the transport.
        self.onOpen()

    def receive_handshake(self, handshake: Handshake) -> None:
        """Check a handshake and pass it on, as `processHandshake` of autobahn does."""
        self._raw_query_string, self.http_headers = handshake.query, dict(handshake.headers)
        self._wskey, self.websocket_protocols = handshake.key, handshake.protocols
        try:
            is_waiting = self._pass_on_handshake(handshake.path, handshake.headers)
        except ConnectionDeny as denied:
            return self.failHandshake(denied.reason, denied.code)
        if is_waiting:
            self.handshake_deferred = Waiting(self)
        else:
            self.accept_handshake(None)
        return None

    def accept_handshake(self, protocol: str | None) -> None:
        """Accept a handshake that `receive_handshake` has received, with a protocol of the client or None."""
        write_now(self.transport, make_answer(self.first_lines, self._wskey, protocol))
        if protocol is not None:
            self.websocket_protocol_in_use = protocol
        self.state = self.STATE_OPEN
        self.onOpen()
        if self.data:
            self.consumeData()

    def onConnect(self, request: Any) -> Any:
        """Check a handshake that autobahn has read, and pass it on. Raise ConnectionDeny to refuse it."""
        try:
            headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in request.headers.items()]
            headers = [(name.lower(), value) for name, value in headers if b"_" not in name]
            is_waiting = self._pass_on_handshake(request.path, headers)
        except UnicodeError:
            raise ConnectionDeny(code=400, reason="A header is not ASCII") from None
        self.handshake_deferred = defer.Deferred() if is_waiting else None
        return self.handshake_deferred

    def _pass_on_handshake(self, path: str, headers: list[tuple[bytes, bytes]]) -> bool:
        """Return whether a consumer decides, or False to accept the handshake. Raise ConnectionDeny to refuse it."""
        self._check_query(self._raw_query_string)
        self.protocol_to_accept = self._choose_protocol(headers)
        self.request, self.path, self.decoded_path = read_path(path)
        self.socket_opened = self.last_data = time.time()
        if not self._count_socket(path):
            return False
        self.reply_channel = self.main_factory.make_send_channel()
        self.main_factory.reply_protocols[self.reply_channel] = self
        try:
            self.channel_layer.send("websocket.connect", self._describe_handshake(headers))
        except Exception as error:
            self.muted = True  # no consumer knows the websocket, so none has to learn of its end
            if isinstance(error, self.channel_layer.ChannelFull):
                # Redis has been down for a while, or the layer in memory is full.
                logger.warning("A websocket handshake is refused with 503: %s", self.reply_channel)
                raise ConnectionDeny(code=503, reason="Connection queue at capacity") from None
            logger.exception("A handshake could not be passed on to the workers")
            raise ConnectionDeny(code=503, reason="Service Unavailable") from None
        client = "{}:{}".format(*self.client_addr) if self.client_addr else None
        self.factory.log_action("websocket", "connecting", {"path": path, "client": client})
        return True

    @staticmethod
    def _check_query(query: bytes) -> None:
        """Raise ConnectionDeny for too many parameters, and for `session_key`."""
        if b"session_key" not in query and b"%" not in query and query.count(b"&") + query.count(b";") < MAX_PARAMETERS:
            return
        # Channels would prefer this parameter over the cookie, so a link could log its victim in to another account.
        # `request.params` is not enough: it leaves out a parameter without a value.
        try:
            parameters = parse_qsl(query.decode("latin1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError:
            raise ConnectionDeny(code=400, reason="Too many parameters") from None
        if "session_key" in dict(parameters) and not getattr(settings, "INTERFACE_ACCEPTS_SESSION_KEY", False):
            raise ConnectionDeny(code=400, reason="session_key is not accepted")

    def _describe_handshake(self, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
        self.client_addr, server = self._find_addresses()
        return {
            "path": self.decoded_path,
            "headers": headers,
            "query_string": self._raw_query_string,
            "client": self.client_addr,
            "server": server,
            "reply_channel": self.reply_channel,
            "order": 0,
        }

    def _choose_protocol(self, headers: list[tuple[bytes, bytes]]) -> str | None:
        """Return the first protocol of the client that the server speaks, or None. Raise UnicodeError."""
        # Daphne would decode percent-encoded names. autobahn does not, and fails to accept a name that it has not read.
        offered = [value.decode("ascii") for name, value in headers if name == b"sec-websocket-protocol"]
        names = [name.strip() for value in offered for name in value.split(",")]
        return next((name for name in names if name in self.factory.protocols), None)

    def _find_addresses(self) -> tuple[list[Any] | None, list[Any] | None]:
        """Return [host, port] of the client, as a trusted proxy saw it, and of the server; None for a Unix socket."""
        factory, peer, host = self.main_factory, self.transport.getPeer(), self.transport.getHost()
        client = server = None
        if hasattr(peer, "host") and hasattr(peer, "port"):
            client, server = [str(peer.host), peer.port], [str(host.host), host.port]
        address_header, port_header = factory.proxy_forwarded_address_header, factory.proxy_forwarded_port_header
        if address_header:
            client, _ = parse_x_forwarded_for(self.http_headers, address_header, port_header, None, client)
        return client, server

    def _count_socket(self, path: str) -> bool:
        """Set the budgets and count the socket. If the address has too many sockets, refuse it and return False."""
        host = self.main_factory.find_host(self.http_headers, self.transport)
        address = self.main_factory.addresses.find(host)
        rule = self.main_factory.find_rule(path)
        shared = rule.addresses.find(host) if rule.addresses is not None else address
        self.begin_reading(self.main_factory.turns, rule, shared.meter)
        if address.sockets >= self.main_factory.limits.sockets_per_address:
            self._refuse_socket(host)
            return False
        address.sockets += 1
        rule.sockets += 1
        self.address = address
        return True

    def _refuse_socket(self, host: str | None) -> None:
        # A page cannot read the status of a handshake, so the handshake is accepted and the socket is closed.
        self.client_addr = None
        self.reply_channel = self.main_factory.make_send_channel()
        self.is_refused = self.muted = True
        throttle.warning("An address has too many open websockets; a new one is closed with 1013: %s", host)

    def refuse_handshake(self) -> None:
        """Answer 503 to a handshake that no consumer answered in time."""
        counting.add("interface_handshakes", ("timeout",))
        self.failHandshake("Service Unavailable", 503)
        self.cleanup()

    def serverReject(self) -> None:
        """Refuse a handshake with 403, because a consumer says so."""
        counting.add("interface_handshakes", ("refused",))
        super().serverReject()

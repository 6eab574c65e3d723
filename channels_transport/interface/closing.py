"""
Closes connections in order, so that a client can read the last response or close frame.

The kernel resets a connection that is closed while bytes of the client are unread, and the client may then lose what it
has not read. So the interface closes its own side first, reads and drops the rest for a short time, and then closes the
connection. The limits are `discard_seconds`, `discard_bytes` and `lingering_connections`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet import interfaces, reactor
from twisted.internet.error import ConnectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from ..writing import unsent_bytes
from .limits import Limits

if TYPE_CHECKING:
    from .reading import MeteredReading as _Reading  # the class that uses this mixin uses that mixin too
else:
    _Reading = object

CLOSE_NORMAL, CLOSE_PROTOCOL_ERROR, CLOSE_INVALID_TEXT, CLOSE_ABNORMAL = 1000, 1002, 1007, 1006


class Lingering:
    """The connections on which the interface sends nothing more, and drops what the client still sends."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.lingering_connections
        self._transports: set[Any] = set()

    def begin(self, transport: Any) -> bool:
        """
        Close the interface's side of a connection after the unsent bytes. Return whether to read the client's rest.

        With TLS, or if too many connections linger, the whole connection is closed instead. TLS reads the rest itself.
        """
        close_own_side = getattr(transport, "loseWriteConnection", None)
        if close_own_side is None or isinstance(transport, ProtocolWrapper) or len(self._transports) >= self._most:
            transport.loseConnection()
            return False
        self._transports.add(transport)
        close_own_side()
        return True

    def end(self, transport: Any) -> None:
        """Forget a connection that has ended."""
        self._transports.discard(transport)


@implementer(interfaces.IHalfCloseableProtocol)
class OrderlyClosing(_Reading):
    """
    A mixin for autobahn's websocket protocol: an invalid frame gets a close frame, and each connection ends in order.

    The site learns that a websocket has ended when the interface closes its side.
    """

    cut_call: Any = None
    linger_call: Any = None
    is_end_known = False  # `onClose` has been called
    has_client_closed = False  # the client has closed its side of the connection

    # The class that uses the mixin has these attributes.
    main_factory: Any
    wasClean: bool
    wasCloseHandshakeTimeout: bool
    remoteCloseCode: int | None
    remoteCloseReason: str | None

    def _protocol_violation(self, reason: str) -> bool:
        self._fail_connection(CLOSE_PROTOCOL_ERROR, reason)
        return True  # the rest of the frame is not processed

    def _invalid_payload(self, reason: str) -> bool:
        self._fail_connection(CLOSE_INVALID_TEXT, reason)
        return True

    def _fail_connection(self, code: int = CLOSE_PROTOCOL_ERROR, reason: str = "") -> None:
        # After the close frame, nothing of the client is processed (RFC 6455, section 7.1.7). autobahn would process
        # the rest of the invalid frame: an invalid close frame would count as the answer to its own close frame.
        super()._fail_connection(code, reason)
        self.dropConnection()

    def dropConnection(self, abort: bool = False) -> None:
        """Close the TCP connection. Without `abort`, first send and read the remaining bytes, within the limits."""
        if self.state == self.STATE_CLOSED:
            return
        # autobahn aborts, too, after the client has answered a close frame or has not answered it in time.
        abort = abort and not self.wasClean and not self.wasCloseHandshakeTimeout
        super().dropConnection(abort)
        if not abort:
            self.cut_call = reactor.callLater(self.main_factory.limits.close_seconds, self.transport.abortConnection)
            self._report_end()

    def _closeConnection(self, abort: bool = False) -> None:
        if abort:
            return self.transport.abortConnection()
        if self.has_client_closed:
            return self.transport.loseConnection()
        self.discard()
        if self.main_factory.lingering.begin(self.transport):
            self.linger_call = reactor.callLater(self.main_factory.limits.discard_seconds, self._end_lingering)
        return None

    def _end_lingering(self) -> None:
        # If the client still reads, `cut_call` sets the limit.
        if not unsent_bytes(self.transport):
            self.transport.loseConnection()

    def _report_end(self) -> None:
        if self.wasClean:
            self.onClose(True, self.remoteCloseCode, self.remoteCloseReason)
        else:
            self.onClose(False, CLOSE_ABNORMAL, "")

    def close_half_open(self) -> None:
        """Close a websocket whose client closed its side before the handshake was answered."""
        self.sendCloseFrame(code=CLOSE_NORMAL, isReply=False)
        self.dropConnection()

    def readConnectionLost(self) -> None:
        """Send what is still to be sent to a client that has closed its side, then close the connection."""
        self.has_client_closed = True
        if self.state == self.STATE_CLOSED:
            self.transport.loseConnection()
        elif self.state == self.STATE_CLOSING:
            self.dropConnection()
        elif self.state == self.STATE_OPEN or not self.holds_handshake:
            self.transport.connectionLost(Failure(ConnectionDone()))

    def writeConnectionLost(self) -> None:
        """Do nothing: the interface itself has closed its side."""

    def cancel_calls(self) -> None:
        """Cancel the delayed calls of a connection that has ended."""
        for call in (self.cut_call, self.linger_call):
            if call is not None and call.active():
                call.cancel()

"""
One HTTP connection, with a deadline for each of its phases.

Twisted's own timeout starts again with each byte, so a client that sends a byte every few seconds could stay forever.
Here each phase as a whole has a deadline, as with Apache's mod_reqtimeout. The only header that this module reads is
the length of the body.
"""

import enum
from typing import Any

from twisted.internet import reactor
from twisted.web import http

from ..writing import unsent_bytes
from .budgets import Address
from .limits import Limits
from .slow_readers import SlowReader

REQUEST_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
# At this interval, the interface checks whether a client reads the rest of a response.
CHECK_SECONDS = 5
# No body is as long as a number of this many digits. Python converts at most 4,300.
MAX_LENGTH_DIGITS = 100


class Phase(enum.Enum):
    """What the connection waits for."""

    IDLE = "the first byte of a request"
    HEAD = "the request line and the headers"
    BODY = "the body"
    RESPONSE = "the response of the site"
    CLOSING = "a client that has not read the last response yet"
    DISCARDING = "a client that still sends a refused request"


class Channel(http.HTTPChannel):
    """One HTTP connection. Ends each phase at its deadline, and refuses bodies as soon as they are too large."""

    phase = Phase.IDLE
    started_at = 0.0
    deadline_call: Any = None
    address: Address | None = None  # the counters of the client's address
    discarded_bytes = 0

    @property
    def limits(self) -> Limits:
        """Return the limits of the server."""
        return self.factory.limits

    def connectionMade(self) -> None:
        """Wait for the first request."""
        self.timeOut = None
        super().connectionMade()
        self.reader = SlowReader(self.limits)
        self.factory.connection_made(self.transport, self.address)
        self._begin(Phase.IDLE, self.limits.idle_seconds)

    def _begin(self, phase: Phase, seconds: float | None) -> None:
        self.phase, self.started_at = phase, reactor.seconds()
        if phase in (Phase.IDLE, Phase.CLOSING):
            self._reads_too_slowly()
        self._set_deadline(seconds)

    def _set_deadline(self, seconds: float | None) -> None:
        if self.deadline_call is not None and self.deadline_call.active():
            self.deadline_call.cancel()
        self.deadline_call = None
        if seconds is not None and seconds < float("inf"):
            self.deadline_call = reactor.callLater(max(0, seconds), self._end_phase)

    def _end_phase(self) -> None:
        if self.phase is Phase.DISCARDING:
            return self.transport.abortConnection()
        if self.phase in (Phase.IDLE, Phase.CLOSING):
            return self._end_idle()
        if self.phase is Phase.BODY and (left := self._body_seconds_left()) > 0:
            return self._set_deadline(left)
        self.transport.write(REQUEST_TIMEOUT)
        return self.discard_rest()

    def _body_seconds_left(self) -> float:
        received = self.requests[-1].body_bytes if self.requests else 0
        seconds = self.limits.body_seconds + received / self.limits.body_bytes_per_second
        return self.started_at + seconds - reactor.seconds()

    def _end_idle(self) -> None:
        # Twisted would now close the connection, even if the client is still reading a long response.
        if self._reads_too_slowly():
            self.transport.abortConnection()
        elif unsent_bytes(self.transport):
            self._set_deadline(CHECK_SECONDS)
        elif self.phase is Phase.CLOSING:
            self.transport.abortConnection()
        else:
            self.loseConnection()

    def _reads_too_slowly(self) -> bool:
        unsent = unsent_bytes(self.transport)
        return self.reader.is_too_slow(-unsent, unsent, reactor.seconds())

    def dataReceived(self, data: bytes) -> None:
        """Read a part of a request. After a refusal, throw the part away."""
        if self.phase is Phase.DISCARDING:
            self.discarded_bytes += len(data)
            if self.discarded_bytes > self.limits.discard_bytes:
                self.transport.abortConnection()
            return
        if self.phase is Phase.IDLE:
            self._begin(Phase.HEAD, self.limits.head_seconds)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Read a line of the head."""
        if self.phase is not Phase.DISCARDING:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Answer 400 to a request whose request line or header is too long."""
        if self.phase is not Phase.DISCARDING:
            self._respondToBadRequestAndDisconnect()

    def headerReceived(self, line: bytes) -> bool:
        """Read a header. Twisted raises for a length of more digits than Python converts, and would not answer."""
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(value.strip()) > MAX_LENGTH_DIGITS:
            self._respondToBadRequestAndDisconnect()
            return False
        return super().headerReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        """Read a part of a body, or of requests that wait."""
        if self.phase is not Phase.DISCARDING:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        """Begin to read the body, unless its announced length is above the limit."""
        if self.length != 0:
            self._begin(Phase.BODY, self.limits.body_seconds)
            if self.length is not None and self.length > self.limits.max_body_bytes:
                # The refusal comes before "100 Continue", so the client does not have to send the body at all.
                return self.refuse_body()
        super().allHeadersReceived()

    def refuse_body(self) -> None:
        """Answer 413 to the current request while its body arrives."""
        self.persistent = 0
        self.requests[-1].refuse_body(self._command, self._path, self._version)

    def allContentReceived(self) -> None:
        """Pass the request on. The deadline of the response is in `requests.py`."""
        if self.phase is not Phase.DISCARDING:
            self._begin(Phase.RESPONSE, None)
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """Wait for the next request, or close the connection."""
        if self.persistent:
            self._begin(Phase.IDLE, self.limits.idle_seconds)
        super().requestDone(request)

    def loseConnection(self) -> None:
        """Close the connection when the client has read the response, or does not read it."""
        if self.phase in (Phase.HEAD, Phase.BODY):
            return self.discard_rest()
        self._begin(Phase.CLOSING, self.limits.close_seconds)
        return super().loseConnection()

    def discard_rest(self) -> None:
        """
        Close this side of the connection, and for `discard_seconds` throw away the bytes that the client still sends.

        Otherwise the client's next bytes would reset the connection, and the client might never see the response.
        """
        self._begin(Phase.DISCARDING, self.limits.discard_seconds)
        self._networkProducer.unregisterProducer()
        self._networkProducer.resumeProducing()
        close_one_side = getattr(self.transport, "loseWriteConnection", None)
        close_one_side() if close_one_side is not None else self.transport.loseConnection()

    def connectionLost(self, reason: Any) -> None:
        """Forget the connection."""
        self._set_deadline(None)
        super().connectionLost(reason)
        self.factory.connection_ended(self.transport)

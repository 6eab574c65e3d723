"""
One HTTP connection, with a deadline for each of its phases.

Twisted's own timeout starts again with each byte, so a client that sends a byte every few seconds could stay forever.
This module gives each phase as a whole a deadline, as Apache's mod_reqtimeout does. A client that closes its side after
a request still gets the response. The only headers that this module reads are Content-Length, Transfer-Encoding and
Expect.
"""

from __future__ import annotations

import enum
from typing import Any

from twisted.internet import interfaces, reactor
from twisted.web import http
from zope.interface import implementer

from ..writing import unsent_bytes
from .budgets import Address
from .handshake import read_head
from .limits import Limits
from .slow_readers import SlowReader
from .uploads import IncomingUpload

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
    CLOSING = "a client that has not read the last response yet, or has not closed its side"
    DISCARDING = "a client that still sends a refused request"


@implementer(interfaces.IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """One HTTP connection. Ends each phase at its deadline, and refuses bodies as soon as they are too large."""

    phase = Phase.IDLE
    started_at = 0.0
    deadline_call: Any = None
    address: Address | None = None  # the counters of the client's address
    discarded_bytes = 0
    has_client_closed = False  # the client has closed its side of the connection
    is_private = False  # the private listener has accepted the connection
    is_reading = False  # bytes of the client are being processed
    is_queued = False  # the next request waits for its turn
    is_lingering = False  # the server has closed its side, and the client has not
    held: list[bytes] | None = None  # the beginning of an upload, until the site and the storage are ready for it
    is_upload = False  # the body of the present request, or the rest that is dropped, is an upload

    @property
    def limits(self) -> Limits:
        """Return the limits of the server."""
        return self.factory.limits

    @property
    def is_ending(self) -> bool:
        """Return whether nothing of the client will be processed any longer."""
        return self.phase in (Phase.CLOSING, Phase.DISCARDING)

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
        if self.is_upload:
            self.requests[-1].upload.abandon()
        self.transport.write(REQUEST_TIMEOUT)
        return self.discard_rest()

    def _body_seconds_left(self) -> float:
        if self.is_upload:
            # The time of a large upload is unknown. Its client must send something in each period instead.
            return self.limits.body_seconds if self.requests[-1].upload.makes_progress() else 0
        received = self.requests[-1].body_bytes if self.requests else 0
        seconds = self.limits.body_seconds + received / self.limits.body_bytes_per_second
        return self.started_at + seconds - reactor.seconds()

    def _end_idle(self) -> None:
        # Twisted would now close the connection, even if the client is still reading a long response.
        if self._reads_too_slowly():
            self.transport.abortConnection()
        elif unsent_bytes(self.transport):
            self._set_deadline(CHECK_SECONDS)
        elif self.is_lingering:
            # Unlike an abort, a close lets the kernel send the rest of the response.
            self._close()
            self.is_lingering = False
        elif self.phase is Phase.CLOSING:
            self.transport.abortConnection()
        else:
            self._close()

    def _reads_too_slowly(self) -> bool:
        unsent = unsent_bytes(self.transport)
        return self.reader.is_too_slow(-unsent, unsent, reactor.seconds())

    def dataReceived(self, data: bytes) -> None:
        """Read a part of a request. After a refusal or the last response, drop the part."""
        if self.is_ending:
            return self._drop(data)
        was_reading, self.is_reading = self.is_reading, True
        try:
            if self.phase is Phase.IDLE:
                head = None if was_reading else read_head(data)
                if head is not None:
                    return self._receive_handshake(*head)
                self._begin(Phase.HEAD, self.limits.head_seconds)
            return super().dataReceived(data)
        finally:
            self.is_reading = was_reading

    def _receive_handshake(self, uri: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Process a handshake that arrived in one piece, as Twisted does after the last of its lines."""
        request = self.requestFactory(self, len(self.requests))
        self.requests.append(request)
        for name, value in headers:
            request.requestHeaders.addRawHeader(name, value)
        request.gotLength(0)
        self._handlingRequest = True
        self.setRawMode()
        self._begin(Phase.RESPONSE, None)
        request.requestReceived(b"GET", uri, b"HTTP/1.1")

    def _drop(self, data: bytes) -> None:
        self.discarded_bytes += len(data)
        budget = self.address.meter.bytes if self.address is not None else None
        if budget is not None:
            budget.left -= len(data)
        most = self.limits.discard_upload_bytes if self.is_upload else self.limits.discard_bytes
        if self.discarded_bytes <= most and not (budget is not None and budget.is_spent()):
            return
        if self.phase is Phase.DISCARDING:
            self.transport.abortConnection()
        else:
            # The client may still be reading a long response, so do not abort. TCP stops the client meanwhile.
            self.transport.pauseProducing()

    def lineReceived(self, line: bytes) -> None:
        """
        Read a line of the head. Answer 400 to a line that begins with a blank.

        Such a line continues the line before it, and a proxy could see another header in it. RFC 9112, section 5.2,
        allows servers to refuse it.
        """
        if self.is_ending:
            return
        if line[:1] in (b" ", b"\t"):
            self._respondToBadRequestAndDisconnect()
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Answer 400 to a request whose request line or header is too long."""
        if not self.is_ending:
            self._respondToBadRequestAndDisconnect()

    def headerReceived(self, line: bytes) -> bool:
        """Read a header. Answer 400 to a wrong length or coding of the body that Twisted would not refuse."""
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        # Twisted raises for a length of more digits than Python converts, and would not answer. It ignores the coding
        # `identity`, even after `chunked`.
        is_too_long = name == b"content-length" and len(value) > MAX_LENGTH_DIGITS
        if is_too_long or (name == b"transfer-encoding" and value.lower() != b"chunked"):
            self._respondToBadRequestAndDisconnect()
            return False
        return super().headerReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        """Read a part of a body, or of requests that wait."""
        if self.is_ending:
            return
        if self.held is not None:
            self.held.append(data)
        else:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        """Begin to read the body, unless its announced length is above the limit."""
        if self.length != 0:
            self._begin(Phase.BODY, self.limits.body_seconds)
            if self.factory.storage.is_upload(self._command, self._path):
                return self._begin_upload()
            if self.length is not None and self.length > self.limits.max_body_bytes:
                # The refusal comes before "100 Continue", so the client does not have to send the body at all.
                return self.refuse_body()
        super().allHeadersReceived()

    def _begin_upload(self) -> None:
        """Ask the site, and do not read the body before its answer."""
        request = self.requests[-1]
        request.upload = IncomingUpload(request, self.length)
        self.is_upload, self.held = True, []
        super().allHeadersReceived()
        self._set_deadline(None)
        self._networkProducer.pauseProducing()
        request.requestReceived(self._command, self._path, self._version)

    def _send100Continue(self) -> None:
        # A client that waits for this line has not sent its upload yet, and need not send a refused upload at all.
        if self.held is None:
            super()._send100Continue()

    def read_upload(self) -> None:
        """Read the body of an upload, because the site and the storage are ready."""
        data, self.held = b"".join(self.held or []), None
        if self.requests[-1].requestHeaders.getRawHeaders(b"expect", [b""])[0].lower() == b"100-continue":
            self._send100Continue()
        self._begin(Phase.BODY, self.limits.body_seconds)
        self._networkProducer.resumeProducing()
        if data:
            self.rawDataReceived(data)

    def pause_upload(self) -> None:
        """Do not read the client for now: TCP makes the client wait."""
        self._networkProducer.pauseProducing()

    def resume_upload(self) -> None:
        """Read the client again."""
        if not self.is_ending:
            self._networkProducer.resumeProducing()

    def refuse_body(self) -> None:
        """Answer 413 to the current request while its body arrives."""
        self.persistent = 0
        self.requests[-1].refuse_body(self._command, self._path, self._version)

    def allContentReceived(self) -> None:
        """Pass the request on. The deadline of the response is in `requests.py`."""
        if self.is_ending:
            return
        self._begin(Phase.RESPONSE, None)
        if self.is_upload:
            self.is_upload = False
            self.requests[-1].is_body_complete = True
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """Wait for the next request, or close the connection."""
        if self.persistent:
            self._begin(Phase.IDLE, self.limits.idle_seconds)
        super().requestDone(request)

    def setLineMode(self, extra: bytes = b"") -> Any:
        """
        Read the next request. Let it wait for its turn if the request before it was answered at once.

        Twisted calls this method after each response. Until the turn, the connection is not read. Otherwise
        the interface would read another 64 KiB after each request of the connection.
        """
        if not (self.is_reading and (extra or self._buffer)) or self.is_ending:
            return super().setLineMode(extra)
        self._handlingRequest = True
        self._dataBuffer = [extra] if extra else []
        self._begin(Phase.RESPONSE, None)
        self.is_queued = True
        self.factory.pipelines.add(self)
        self._networkProducer.pauseProducing()
        return None

    def take_turn(self) -> None:
        """Read the next request, which has waited for its turn."""
        if self.is_ending or self.phase is not Phase.RESPONSE:
            return
        self._handlingRequest = False
        data, self._dataBuffer = b"".join(self._dataBuffer), []
        self._begin(Phase.IDLE, self.limits.idle_seconds)
        self.is_queued = False
        self.setLineMode(data)
        if not self.is_queued and not self._waitingForTransport:
            self._networkProducer.resumeProducing()
        if self.has_client_closed and self.phase is not Phase.RESPONSE and not self.is_ending:
            # The client sends nothing more, so an incomplete request stays incomplete.
            self._close()

    def readConnectionLost(self) -> None:
        """Note that the client has closed its side. Close the connection, unless the client waits for a response."""
        # After each response Twisted reads the connection again, and calls this method again.
        self.has_client_closed = True
        if self.phase is not Phase.RESPONSE:
            return self._close()
        for request in list(self.requests):
            request.client_closed()
        return None

    def writeConnectionLost(self) -> None:
        """Do nothing: the interface itself has closed its side."""

    def loseConnection(self) -> None:
        """
        Close the connection when the client has read the response, or reads it too slowly.

        Drop the rest of a request that has not arrived completely.
        """
        if self.phase in (Phase.HEAD, Phase.BODY):
            self.discard_rest()
        elif self.phase is Phase.RESPONSE and not self.has_client_closed:
            self._linger(Phase.CLOSING)
        else:
            self._close()

    def _close(self) -> None:
        self._begin(Phase.CLOSING, self.limits.close_seconds)
        self.transport.loseConnection() if self.is_lingering else super().loseConnection()

    def discard_rest(self) -> None:
        """Close this side of the connection, and drop the rest of a refused request, within the limits."""
        self._linger(Phase.DISCARDING)

    def _linger(self, phase: Phase) -> None:
        # If bytes of the client were unread at the end, the kernel would reset the connection: see `closing.py`.
        is_dropping_upload = self.is_upload and phase is Phase.DISCARDING
        seconds = self.limits.discard_upload_seconds if is_dropping_upload else self.limits.discard_seconds
        self._begin(phase, seconds)
        self._networkProducer.unregisterProducer()
        self._networkProducer.resumeProducing()
        self.is_lingering = self.factory.lingering.begin(self.transport)
        if not self.is_lingering and phase is Phase.CLOSING:
            self._set_deadline(self.limits.close_seconds)

    def connectionLost(self, reason: Any) -> None:
        """Forget the connection, and the requests that wait for their turn."""
        self._set_deadline(None)
        self.phase = Phase.CLOSING
        super().connectionLost(reason)
        self.factory.connection_ended(self.transport)

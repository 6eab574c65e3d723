"""One HTTP request, or the handshake of a websocket: its limits, its trusted headers, and its response."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from daphne import http_protocol
from twisted.internet import interfaces, reactor
from twisted.protocols.policies import ProtocolWrapper
from twisted.web import http
from zope.interface import implementer

from .. import counting, following, log_context
from ..writing import unsent_bytes
from .answers import describe_request, give_answer
from .budgets import Address
from .handshake import Handshake, read_handshake
from .headers import find_fault, join_cookies, split_absolute, trust_ids, trust_proxies
from .sent_files import SentFile
from .slow_readers import SlowReader
from .uploads import IncomingUpload

logger = logging.getLogger(__name__)

# These characters of a refused address are logged as they are. All other bytes are percent-encoded.
URI_CHARACTERS = "".join(map(chr, range(0x21, 0x7F)))
# The `code` in the JSON body of the errors that the interface itself returns.
ERROR_CODES = {400: "invalid_field", 404: "not_found", 413: "too_large", 429: "rate_limited", 503: "unavailable"}
# The most messages that a waiting request keeps until its response is sent, at most LONGEST_SPREAD_SECONDS later.
MAX_WAITING_MESSAGES = 100
# One response takes a fifth of a millisecond. If many requests wait, their responses are spread over a period. The
# interface serves websockets in between, and the clients do not all ask again at the same moment. Messages that arrive
# during the period share a response.
SPREAD_PER_REQUEST_SECONDS, LONGEST_SPREAD_SECONDS = 0.0002, 0.25


@implementer(interfaces.IPushProducer)
class ResponseProducer:
    """Learns whether a long response waits in the transport's buffer, and finishes the request after the last byte."""

    def __init__(self, request: WebRequest) -> None:
        self.request = request
        self.is_waiting = self.is_complete = False

    def pauseProducing(self) -> None:
        """Note that the transport's buffer is full."""
        self.is_waiting = True

    def resumeProducing(self) -> None:
        """Note that the transport's buffer is empty, and send the rest of a file, or finish a complete response."""
        self.is_waiting = False
        if self.is_complete:
            self.request.finish()
        elif self.request.sent_file is not None:
            self.request.sent_file.resume()

    def stopProducing(self) -> None:
        """Do nothing: the connection is lost, and the request ends with it."""


class WebRequest(http_protocol.WebRequest):
    """
    One HTTP request, or the handshake of a websocket. Limits the body, and ignores headers that clients can forge.

    The request may wait for its response (see `later_response.py`), and then receives messages as a websocket does.
    """

    uri: bytes  # set by Twisted
    transport: Any  # None after a handshake, as in Daphne; so is `reply_channel`
    reply_channel: Any
    body_bytes = 0
    answered_at = 0.0  # when the worker last sent a part, or the client last read one
    unsent = 0  # bytes that the client had not read at the last check
    later: Any = None  # the message of the view that says how to answer; None: the request does not wait
    end_call: Any = None  # the delayed call that ends the wait
    is_ending = False
    given_id: str | None = None  # the id that a trusted proxy gave to the request
    content_types: list[bytes] | None = None
    address: Address | None = None  # the counters of a client's address, behind a proxy
    upload: IncomingUpload | None = None
    is_body_complete = False  # of an upload, whose request was passed on before its body
    sent_file: SentFile | None = None  # the body of the response

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arrived: list[dict[str, Any]] = []  # the messages for a waiting request
        self.reader = SlowReader(self.factory.limits)

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a part of the body, up to the limit."""
        if self.upload is not None:
            return self.upload.receive(data)
        self.body_bytes += len(data)
        if self.body_bytes <= self.factory.limits.max_body_bytes:
            super().handleContentChunk(data)
        elif not self.finished:
            self.channel.refuse_body()
        return None

    def gotLength(self, length: int | None) -> None:
        """Make the buffer of the body. An upload needs none, and Twisted would make a file for it."""
        super().gotLength(0 if self.upload is not None else length)

    @property
    def content_type(self) -> str:
        """Return the type of the body, or an empty text."""
        return self.content_types[0].decode("latin1") if self.content_types else ""

    def refuse_body(self, method: bytes, uri: bytes, version: bytes) -> None:
        """Answer 413 while the body arrives, before `process` is called."""
        self.method, self.clientproto = method, version
        self.uri = quote(uri, safe=URI_CHARACTERS).encode()
        self.path = self.uri.partition(b"?")[0]
        most = self.factory.limits.max_body_bytes
        self.refuse(413, b"Payload Too Large", f"A request body may have at most {most} bytes.")

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        Process the request. Hide its Content-Type from Twisted until `process`.

        Twisted would read the form of a POST, which the view reads too. For some types it raises an exception, and the
        client would get no response. For an upload, the connection calls this method before the body.
        """
        if self.is_body_complete:
            assert self.upload is not None
            return self.upload.end()
        self.content_types = self.requestHeaders.getRawHeaders(b"content-type")
        self.requestHeaders.removeHeader(b"content-type")
        return super().requestReceived(command, path, version)

    def process(self) -> None:
        """Pass the request on to the workers, answer it as INTERFACE_ANSWERS says, or refuse it."""
        self.given_id = trust_ids(self.requestHeaders, self.factory.trusted_proxies)
        with self._with_id():
            self._process()

    def _with_id(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which the log lines of this process contain the request's id."""
        carried = {} if self.given_id is None else {"id": self.given_id}
        return log_context.handling("http.request", {"reply_channel": self.reply_channel}, carried)

    def _process(self) -> None:
        if self.content_types is not None:
            self.requestHeaders.setRawHeaders(b"content-type", self.content_types)
        # Any client can send this header, and Daphne would make it SCRIPT_NAME.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        fault = find_fault(self.uri, self.clientproto, self.requestHeaders)
        if fault is not None:
            # The log and Daphne's code decode the address and the path as ASCII.
            self.uri, self.path = quote(self.uri, safe=URI_CHARACTERS).encode(), b"/"
            return self.refuse(400, b"Bad Request", fault)
        absolute = split_absolute(self.uri)
        if absolute is not None:
            host, self.uri = absolute
            self.path = self.uri.partition(b"?")[0]
            self.requestHeaders.setRawHeaders(b"host", [host])
        join_cookies(self.requestHeaders)
        function = self.factory.answers.find(self.path)
        if function is None:
            # Health checks and files are left out: load balancers ask for them directly.
            self.factory.forwarding.count(self.requestHeaders)
        trust_proxies(self.requestHeaders, self.factory.trusted_proxies)
        if not self._count_request():
            return self.refuse(429, b"Too Many Requests", "Too many requests of this address are open.")
        if not self._is_for_this_listener():
            return self.refuse(404, b"Not Found", "This listener does not answer this path.")
        if function is None or self.requestHeaders.hasHeader(b"upgrade"):
            return self._pass_on()
        self.request_start = time.time()
        self.client_addr = None
        asked = describe_request(self, len(self.factory.reply_protocols), self.factory.is_redis_answering)
        give_answer(self, function, asked, self._pass_on)

    def _pass_on(self) -> None:
        if self.upload is not None:
            self.upload.ask()
        elif (handshake := read_handshake(self.method, self.uri, self.requestHeaders)) is not None:
            self._open_websocket(handshake)
        else:
            super().process()

    def _open_websocket(self, handshake: Handshake) -> None:
        """Let a websocket take over the connection. Daphne's `process` does so for other handshakes."""
        protocol = self.factory.ws_factory.protocol()
        transport, self.transport = self.transport, None
        if isinstance(transport, ProtocolWrapper):
            transport.wrappedProtocol = protocol  # TLS
        else:
            transport.protocol = protocol
        # If an exception ends the connection, only the websocket learns of it.
        del self.factory.reply_protocols[self.reply_channel]
        self.reply_channel = None
        # Without this cycle, Python frees the request and the HTTP connection at once.
        self.channel.requests.remove(self)
        protocol.makeConnection(transport)
        protocol.receive_handshake(handshake)
        self.channel._networkProducer.resumeProducing()

    def send_to_workers(self, message: dict[str, Any]) -> None:
        """Pass on a message of an upload, as `process` does for other requests."""
        with self._with_id():
            try:
                self.factory.channel_layer.send("http.request", message)
            except self.factory.channel_layer.ChannelFull:
                self.basic_error(503, b"Service Unavailable", "Request queue full.")

    def duration(self) -> float:
        """Return how long the request has waited for the workers: the time of an upload itself does not count."""
        return 0 if self.upload is not None and self.upload.is_receiving else super().duration()

    @property
    def is_unanswered(self) -> bool:
        """Return whether the client still waits, and no response has begun."""
        return self.reply_channel in self.factory.reply_protocols and not self._got_response_start

    def _is_for_this_listener(self) -> bool:
        """Return whether the path belongs to the listener of this connection, if there is a private one."""
        paths = self.factory.private_paths
        return not paths or (unquote_to_bytes(self.path) in paths) == self.channel.is_private

    def _count_request(self) -> bool:
        """Count the request of a client behind a proxy. Return whether its address may open one more."""
        upgrade = self.requestHeaders.getRawHeaders(b"upgrade", [b""])[0]
        if not self.factory.trusted_proxies or upgrade.lower() == b"websocket":
            return True  # a websocket is counted when its handshake is passed on
        address = self.factory.addresses.find(self.factory.find_host(self.requestHeaders, self.transport))
        if address.connections >= self.factory.limits.connections_per_address:
            return False
        address.connections += 1
        self.address = address
        return True

    def _count_end(self) -> None:
        if self.address is not None:
            self.address.connections -= 1
            self.address = None

    def connectionLost(self, reason: Any) -> None:
        """End the request of a client that has disconnected."""
        if self.upload is not None:
            self.upload.abandon()
        if self.sent_file is not None:
            self.sent_file.stop()
        self._count_end()
        if following.follower is not None:
            following.follower.respond(self.reply_channel, None)
        super().connectionLost(reason)

    def refuse(self, status: int, reason: bytes, detail: str) -> None:
        """Answer with an error before any consumer sees the request, and close the connection."""
        self.request_start = time.time()
        self.client_addr = None
        self.close_after_response()
        self.basic_error(status, reason, detail)

    def close_after_response(self) -> None:
        """Let the response be the last one of the connection."""
        self.setHeader(b"Connection", b"close")
        self.channel.persistent = False

    def serverResponse(self, message: dict[str, Any]) -> None:
        """
        Handle a message from a worker.

        The message is a part of the response, or `later` (the request must wait). For a waiting request, it is a text
        or a close code.
        """
        with self._with_id():
            return self._respond(message)

    def _respond(self, message: dict[str, Any]) -> None:
        if self.upload is not None and self.upload.take_response(message):
            return None
        if "file" in message:
            self.sent_file = SentFile(self, message)
            return self.sent_file.open()
        if "later" in message:
            return self._wait(message["later"])
        if "text" in message or "close" in message:
            return self._receive(message)
        self.answered_at = time.monotonic()
        if not self._got_response_start:
            self._count_response(message)
            self._add_headers(message.get("headers", ()))
        elif self.method == b"HEAD" or self.code in http.NO_BODY_CODES:
            # The response consists of its headers (RFC 9112, section 6.3). Twisted drops the first part of a body.
            # Daphne would send the other parts, and the client or a proxy would read them as the next response.
            message = {**message, "content": b""}
        if message.get("more_content") and self.producer is None:
            self.registerProducer(ResponseProducer(self), True)
        return super().serverResponse(message)

    def _count_response(self, message: dict[str, Any]) -> None:
        kind = "read" if self.method in (b"GET", b"HEAD") else "write"
        counting.add("interface_responses", (kind, str(message.get("status", 200))))
        if following.follower is not None:
            following.follower.respond(self.reply_channel, message.get("status", 200))
        # The response to a waiting request is late on purpose.
        if self.later is None:
            seconds = max(0.0, time.time() - getattr(self, "request_start", time.time()))
            counting.observe("interface_response_seconds", seconds, (kind,))

    def _add_headers(self, present: Iterable[tuple[bytes, bytes]]) -> None:
        """Add the request's id, and the headers of INTERFACE_HEADERS that the response itself does not have."""
        present = list(present)
        has_id = any(name.lower() in (b"x-request-id", "x-request-id") for name, _ in present)
        if not has_id and (request_id := log_context.get_id()) is not None:
            self.responseHeaders.setRawHeaders(b"X-Request-Id", [request_id.encode()])
        forwarded = self.requestHeaders.getRawHeaders(b"x-forwarded-proto", [])
        is_plain = bool(self.factory.trusted_proxies) and forwarded == [b"http"]
        for name, value in self.factory.added_headers.choose(present, is_plain):
            self.responseHeaders.setRawHeaders(name, [value])

    def send_frame(self, frame: bytes, text: str) -> None:
        """Handle a text for many connections; `frame` is the same text, encoded for websockets."""
        self._receive({"text": text})

    def serverClose(self, code: int | bool = True) -> None:
        """End the wait of a waiting request, as its timeout does. For other requests, do nothing."""
        if self.later is not None:
            self._end_waiting()

    def _wait(self, later: dict[str, Any]) -> None:
        self.later = later
        # A group's message may arrive before this message of the view, and the client may have closed its side.
        is_over = self.arrived or self.channel.has_client_closed
        self.end_call = reactor.callLater(0 if is_over else later["seconds"], self._end_waiting)
        self.factory.waiting += 1

    def client_closed(self) -> None:
        """
        End the wait of a waiting request whose client has closed its side.

        Most such clients have disconnected, which the interface cannot see. A client that still reads may ask again.
        """
        if self.later is not None and self.is_unanswered:
            self._end_waiting()

    def _receive(self, message: dict[str, Any]) -> None:
        if len(self.arrived) < MAX_WAITING_MESSAGES:
            self.arrived.append(message)
        if self.later is not None and not self.is_ending:
            self.is_ending = True
            spread = min(LONGEST_SPREAD_SECONDS, self.factory.waiting * SPREAD_PER_REQUEST_SECONDS)
            self.end_call.reset(random.uniform(0, spread))

    def _end_waiting(self) -> None:
        self._answer(self._make_content() if self.arrived else self.later["content"])

    def _make_content(self) -> bytes:
        """Return the content: the messages that arrived, or their close code, between the parts that the view gave."""
        code = next((message["close"] for message in self.arrived if message.get("close")), None)
        if code is not None:
            before, after = self.later["close"]
            # True means no particular code, as on a websocket.
            return b"%b%d%b" % (before, 1000 if code is True else code, after)
        before, after = self.later["text"]
        texts = [message["text"].encode() for message in self.arrived if message.get("text")]
        return before + b",".join(texts) + after

    def _answer(self, content: bytes) -> None:
        headers = [(name, value) for name, value in self.later["headers"] if name.lower() != b"content-length"]
        headers.append((b"Content-Length", b"%d" % len(content)))
        self.serverResponse({"status": self.later["status"], "headers": headers, "content": content})

    def finish(self) -> None:
        """End the response. If a part of it waits in the transport's buffer, end it after the last byte."""
        if self.producer is not None:
            if self.producer.is_waiting:
                self.producer.is_complete = True
                return
            self.unregisterProducer()
        if self.upload is not None:
            self.upload.release()
        self._count_end()
        super().finish()

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """
        Answer with one of Daphne's errors, such as a timeout: as JSON under /api/, otherwise as Daphne's small page.

        End the wait of a waiting request instead. If a response has begun, only close a connection without progress.
        """
        if self._got_response_start:
            # The status was sent already. A response that progresses may take long. Without progress, the worker is
            # dead, or the client does not read.
            if not self._progresses():
                self.loseConnection() if not self.unsent else self.transport.abortConnection()
            return None
        if self.later is not None:
            return self.serverClose()
        if status == 500:
            # This error means that the request could not be passed on: the channel layer cannot be reached.
            status, status_text = 503, b"Service Unavailable"
        if not self.path.startswith(b"/api/"):
            return super().basic_error(status, status_text, body)
        content = json.dumps({"code": ERROR_CODES[status], "detail": body}).encode()
        headers = [(b"Content-Type", b"application/json")]
        return self.serverResponse({"status": status, "headers": headers, "content": content})

    def _progresses(self) -> bool:
        before, self.unsent = self.unsent, unsent_bytes(self.transport)
        if self.reader.is_too_slow(self.sentLength - self.unsent, self.unsent, time.monotonic()):
            return False
        if self.unsent != before:
            self.answered_at = time.monotonic()
        return time.monotonic() - self.answered_at <= self.factory.timeout

    def send_disconnect(self) -> None:
        """Tell the consumers that the client disconnected before the response, or that a waiting request is over."""
        if self.later is not None:
            self.factory.waiting -= 1
            if self.end_call.active():
                self.end_call.cancel()
            is_answered = self._got_response_start and not self.channel.has_client_closed
            return self.factory.end_waiting(self.reply_channel, self.later, is_answered=is_answered)
        # Daphne sends this message after every response. Consumers need it only if the client left before the
        # response, and not for a refused request, which they never saw.
        if not hasattr(self, "clean_headers") or self._got_response_start:
            return None
        try:
            return super().send_disconnect()
        except Exception as error:
            # An exception here would prevent the response.
            return logger.warning("http.disconnect could not be sent for a request: %s", error)

"""
One HTTP request, or the beginning of a websocket: what is read of it, and what is believed.

It knows no chat.
"""

import json
import logging
import random
import time

from daphne import http_protocol
from twisted.internet import interfaces, reactor
from zope.interface import implementer

from ..writing import unsent_bytes

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
# What the interface's own refusals are called in JSON.
ERROR_CODES = {400: "invalid_field", 413: "too_large", 503: "unavailable"}
# str.splitlines, with which autobahn reads the handshake, ends a line at each of these: a header's value that
# holds one could smuggle in further headers, an Origin for example.
LINE_ENDS = (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85")
# So much is kept of what groups say to a request before it is answered, which takes milliseconds.
MOST_SAID = 100
# To answer takes a fifth of a millisecond. A crowd that waits is not answered all at once: sockets are served in
# between, not all ask again in the same moment, and what is said in one breath is one answer.
SPREAD_PER_REQUEST_SECONDS, LONGEST_SPREAD_SECONDS = 0.0002, 0.25


@implementer(interfaces.IPushProducer)
class Departure:
    """Told by the transport while a long answer waits in its buffer; finishes the request when all of it has left."""

    def __init__(self, request):
        self.request = request
        self.is_waiting = self.is_complete = False

    def pauseProducing(self):
        self.is_waiting = True

    def resumeProducing(self):
        self.is_waiting = False
        if self.is_complete:
            self.request.finish()

    def stopProducing(self):
        """The connection is lost; there is nothing to stop."""


class WebRequest(http_protocol.WebRequest):
    """
    One HTTP request, or the beginning of a websocket. Bounds the body and distrusts what a client says of itself.

    It may wait for its answer (see `later.py`), and is then spoken to as a socket is.
    """

    body_bytes = 0
    answered_at = 0  # when its answer last got on: towards us, or from us to the client
    unsent = 0
    later = None  # how to answer, while it waits
    waiting_ends = None
    is_woken = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.said = []

    def handleContentChunk(self, data):
        self.body_bytes += len(data)
        if self.body_bytes <= MAX_BODY_BYTES:
            super().handleContentChunk(data)

    def process(self):
        # Any client may send it, and it would become SCRIPT_NAME.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        if self.body_bytes > MAX_BODY_BYTES:
            return self.refuse(413, b"Payload Too Large", f"At most {MAX_BODY_BYTES} bytes are read.")
        if self._is_smuggling():
            return self.refuse(400, b"Bad Request", "A header holds a line end.")
        self._trust_proxies()
        super().process()

    def _is_smuggling(self):
        if not self.requestHeaders.hasHeader(b"upgrade"):
            return False
        values = [value for _, values in self.requestHeaders.getAllRawHeaders() for value in values]
        # The address, too: autobahn reads all of it anew, and there a 0xA0 parts words.
        return any(end in value for value in values for end in LINE_ENDS) or not self.uri.isascii()

    def _trust_proxies(self):
        """Leaves in X-Forwarded-For only the address that our outermost trusted proxy saw."""
        hops = self.factory.trusted_proxies
        addresses = b",".join(self.requestHeaders.getRawHeaders(b"x-forwarded-for", [])).split(b",")
        if hops and addresses != [b""]:
            self.requestHeaders.setRawHeaders(b"x-forwarded-for", [addresses[-min(hops, len(addresses))].strip()])

    def refuse(self, status, reason, detail):
        """Answers before any consumer has seen the request, and hangs up."""
        self.request_start = time.time()
        self.client_addr = None
        self.setHeader(b"Connection", b"close")
        self.channel.persistent = False
        self.basic_error(status, reason, detail)

    def serverResponse(self, message):
        if "later" in message:
            return self._wait(message["later"])
        if "text" in message or "close" in message:
            return self._hear(message)
        self.answered_at = time.monotonic()
        if message.get("more_content") and self.producer is None:
            self.registerProducer(Departure(self), True)
        return super().serverResponse(message)

    def send_frame(self, frame, text):
        """A text that was said to many; it is built as a frame for those that are sockets."""
        self._hear({"text": text})

    def serverClose(self, code=True):
        """Ends the waiting, if it waits, as if its time were over: it may come again."""
        if self.later is not None:
            self._end_waiting()

    def _wait(self, later):
        self.later = later
        # A group may have spoken before the worker has.
        self.waiting_ends = reactor.callLater(0 if self.said else later["seconds"], self._end_waiting)
        self.factory.waiting += 1

    def _hear(self, message):
        if len(self.said) < MOST_SAID:
            self.said.append(message)
        if self.later is not None and not self.is_woken:
            self.is_woken = True
            spread = min(LONGEST_SPREAD_SECONDS, self.factory.waiting * SPREAD_PER_REQUEST_SECONDS)
            self.waiting_ends.reset(random.uniform(0, spread))

    def _end_waiting(self):
        self._answer(self._make_content() if self.said else self.later["content"])

    def _make_content(self):
        """Returns what the view wants around what has been said."""
        code = next((message["close"] for message in self.said if message.get("close")), None)
        if code is not None:
            before, after = self.later["close"]
            # True is a close without a code of its own, as on a socket.
            return b"%b%d%b" % (before, 1000 if code is True else code, after)
        before, after = self.later["text"]
        texts = [message["text"].encode() for message in self.said if message.get("text")]
        return before + b",".join(texts) + after

    def _answer(self, content):
        headers = [(name, value) for name, value in self.later["headers"] if name.lower() != b"content-length"]
        headers.append((b"Content-Length", b"%d" % len(content)))
        self.serverResponse({"status": self.later["status"], "headers": headers, "content": content})

    def finish(self):
        """Ends the answer, a long one when it has left: Twisted cuts off who is not done a minute after the end."""
        if self.producer is not None:
            if self.producer.is_waiting:
                self.producer.is_complete = True
                return
            self.unregisterProducer()
        super().finish()

    def basic_error(self, status, status_text, body):
        """Says what Daphne itself refuses, or waits for in vain: JSON under /api/, else its small page."""
        if self._got_response_start:
            # Too late for a status. While parts of the answer come, or leave, it may take its time; else its worker has
            # died, or its client does not read.
            if not self._gets_on():
                self.loseConnection() if not self.unsent else self.transport.abortConnection()
            return None
        if self.later is not None:
            return self.serverClose()
        if status == 500:
            # What fails in here is passing it on: the channel layer is away.
            status, status_text = 503, b"Service Unavailable"
        if not self.path.startswith(b"/api/"):
            return super().basic_error(status, status_text, body)
        content = json.dumps({"code": ERROR_CODES[status], "detail": body}).encode()
        headers = [(b"Content-Type", b"application/json")]
        return self.serverResponse({"status": status, "headers": headers, "content": content})

    def _gets_on(self):
        before, self.unsent = self.unsent, unsent_bytes(self.transport)
        if self.unsent != before:
            self.answered_at = time.monotonic()
        return time.monotonic() - self.answered_at <= self.factory.timeout

    def send_disconnect(self):
        if self.later is not None:
            self.factory.waiting -= 1
            if self.waiting_ends.active():
                self.waiting_ends.cancel()
            return self.factory.end_waiting(self.reply_channel, self.later, is_answered=self._got_response_start)
        # Only who left before the answer was there is worth a word to the consumers, though Daphne says it after every
        # answer; and a refused request never reached one.
        if not hasattr(self, "clean_headers") or self._got_response_start:
            return None
        try:
            return super().send_disconnect()
        except Exception as error:
            # Nothing hangs on it, but raised here it would keep the answer from leaving.
            return logger.warning("The end of a request could not be told: %s", error)

"""
One HTTP request, or the beginning of a websocket: what is read of it, and what is believed.

It knows no chat.
"""
import json
import logging
import time

from daphne import http_protocol

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
# What the interface's own refusals are called in JSON.
ERROR_CODES = {400: "invalid_field", 413: "too_large", 503: "unavailable"}
# str.splitlines, with which autobahn reads the handshake, ends a line at each of these: a header's value that
# holds one could smuggle in further headers, an Origin for example.
LINE_ENDS = (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85")


class WebRequest(http_protocol.WebRequest):
    """One HTTP request, or the beginning of a websocket. Bounds the body and distrusts what a client says of itself."""

    body_bytes = 0
    answered_at = 0

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
        self.answered_at = time.monotonic()
        super().serverResponse(message)

    def basic_error(self, status, status_text, body):
        """Says what Daphne itself refuses, or waits for in vain: JSON under /api/, else its small page."""
        if self._got_response_start:
            # Too late for a status. While parts of the answer come it may take its time; else its worker has died.
            if time.monotonic() - self.answered_at > self.factory.timeout:
                self.loseConnection()
            return None
        if status == 500:
            # What fails in here is passing it on: the channel layer is away.
            status, status_text = 503, b"Service Unavailable"
        if not self.path.startswith(b"/api/"):
            return super().basic_error(status, status_text, body)
        content = json.dumps({"code": ERROR_CODES[status], "detail": body}).encode()
        headers = [(b"Content-Type", b"application/json")]
        return self.serverResponse({"status": status, "headers": headers, "content": content})

    def send_disconnect(self):
        # Only who left before the answer was there is worth a word to the consumers, though Daphne says it after every
        # answer; and a refused request never reached one.
        if not hasattr(self, "clean_headers") or self._got_response_start:
            return
        try:
            super().send_disconnect()
        except Exception as error:
            # Nothing hangs on it, but raised here it would keep the answer from leaving.
            logger.warning("The end of a request could not be told: %s", error)

"""
The interface server: Daphne 1.4 with limits on what it reads and what it buffers, close codes that clients can read,
and a way to Redis and back that neither polls nor waits.

By subclassing: each class here stands over Daphne's of the same job and says what it changes. It knows no chat.
"""
import json
import logging
import random
import string
import time
from typing import NamedTuple
from urllib.parse import parse_qsl

from autobahn.twisted.websocket import ConnectionDeny
from autobahn.websocket.protocol import TrafficStats
from daphne import http_protocol, server, ws_protocol
from twisted.internet import defer, interfaces, reactor, task
from twisted.internet.endpoints import serverFromString
from twisted.internet.tcp import Connection
from twisted.logger import globalLogBeginner
from zope.interface import implementer

from .layer import RedisChannelLayer
from .links import RedisLink, ThreadLink
from .ordering import CLOSE_CONNECTION_LOST

logger = logging.getLogger(__name__)

MAX_FRAME_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
HANDSHAKE_SECONDS = 20
HANG_UP_SECONDS = 5
MAX_PARAMETERS = 100
# What the interface's own refusals are called in JSON.
ERROR_CODES = {400: "invalid_field", 413: "too_large", 503: "unavailable"}
# str.splitlines, with which autobahn reads the handshake, ends a line at each of these: a header's value that
# holds one could smuggle in further headers, an Origin for example.
LINE_ENDS = (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85")
# The codes that autobahn's sendClose refuses and that only the server itself may send.
SERVER_CLOSE_CODES = (1001, 1011, 1012, 1013)


# A client that reads slower than the room speaks: so much is kept for it, and for so long.
MAX_UNREAD_BYTES = 1024 * 1024
MAX_UNREAD_SECONDS = 60
# When the server ends: so many sockets are closed at a time, for not all of their owners shall come back at once.
CLOSE_BATCH = 200
CLOSE_PAUSE_SECONDS = 0.05
CHECK_SECONDS = 2


@implementer(interfaces.IPushProducer)
class UnreadWatch:
    """Told by the transport when its buffer is full and when it is empty again: what is unread, and since when."""

    def __init__(self, protocol):
        self.protocol = protocol
        self.since = None
        self.unread_bytes = 0

    def pauseProducing(self):
        if self.since is None:
            self.since, self.unread_bytes = time.monotonic(), 0

    def resumeProducing(self):
        self.since = None

    def stopProducing(self):
        """The connection is lost; there is nothing to stop."""

    @property
    def seconds(self):
        """How long the buffer has been full."""
        return 0 if self.since is None else time.monotonic() - self.since

    def count(self, length):
        """Counts what is written while the buffer is full, and drops a client that leaves too much of it unread."""
        self.unread_bytes += length
        if self.unread_bytes > MAX_UNREAD_BYTES:
            self.protocol.drop_slow_reader()


class OpenRequest(NamedTuple):
    """What Daphne still asks of the request once a socket is open."""

    path: str


HANDSHAKE_ONLY = (
    "request_info", "clean_headers", "http_headers", "http_request_data", "http_response_data", "handshake_deferred",
    "_transport_details",
)  # fmt: skip
TRAFFIC = TrafficStats()  # autobahn counts each socket's octets; nobody asks for them, so all count in one place


class WebSocketProtocol(ws_protocol.WebSocketProtocol):
    """One websocket. Refuses `?session_key=`, closes with the codes that servers use, and drops who does not read."""

    unread = None
    is_paused = False

    def onConnect(self, request):
        # Channels would log the socket in by this parameter, over the cookie: a link could plant a login.
        # (`request.params` would not do: it leaves out a parameter without a value.)
        try:
            query = parse_qsl(
                self._raw_query_string.decode("latin1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS
            )
        except ValueError:
            raise ConnectionDeny(code=400, reason="Too many parameters") from None
        if "session_key" in dict(query):
            raise ConnectionDeny(code=400, reason="session_key is not accepted")
        try:
            return super().onConnect(request)
        except ConnectionDeny:
            raise
        except UnicodeError:
            raise ConnectionDeny(code=400, reason="A header is not ASCII") from None
        except Exception:
            logger.exception("A handshake could not be passed on")
            raise ConnectionDeny(code=503, reason="Service Unavailable") from None

    def onOpen(self):
        super().onOpen()
        # Daphne leaves the HTTP channel, which has nothing to say any more, as the one that the transport tells.
        self.transport.unregisterProducer()
        self.unread = UnreadWatch(self)
        self.transport.registerProducer(self.unread, True)
        self._forget_handshake()

    def _forget_handshake(self):
        """Lets go of what only the handshake needed: two thirds of an idle socket's memory."""
        self.request = OpenRequest(self.request.path)
        for name in HANDSHAKE_ONLY:
            setattr(self, name, None)
        self.trafficStats = TRAFFIC

    def send_frame(self, frame, text):
        """Sends a frame that is built already; `text` is what it says."""
        if self.state != self.STATE_OPEN:
            return self.serverSend(text)
        if self.unread is not None and self.unread.since is not None:
            self.unread.count(len(frame))
        write_now(self.transport, frame)

    def sendMessage(self, payload, isBinary=False, **kwargs):
        if self.unread is not None and self.unread.since is not None:
            self.unread.count(len(payload))
        # Not by autobahn's own: it holds the server, too, to the limit for what clients send.
        if self.state == self.STATE_OPEN:
            self.sendFrame(opcode=2 if isBinary else 1, payload=payload)

    def drop_slow_reader(self):
        logger.warning("%s does not read: dropped with %d bytes unread", self.reply_channel, self.unread.unread_bytes)
        self.unread.unread_bytes = 0
        self.transport.abortConnection()

    def check_ping(self):
        if self.state == self.STATE_CONNECTING:
            if self.duration() > self.main_factory.websocket_connect_timeout:
                self.refuse_handshake()
        elif self.state == self.STATE_OPEN:
            if self.unread is not None and self.unread.seconds > MAX_UNREAD_SECONDS:
                self.drop_slow_reader()
            elif not self.is_paused:
                super().check_ping()

    def pause(self):
        """Reads nothing more, so no pong either: a ping that is under way must not end the connection."""
        if self.autoPingTimeoutCall is not None:
            self.autoPingTimeoutCall.cancel()
            self.autoPingTimeoutCall = self.autoPingPending = None
        self.is_paused = True
        self.transport.pauseProducing()

    def resume(self):
        if self.is_paused:
            self.is_paused = False
            self.last_data = time.time()
            self.transport.resumeProducing()

    def refuse_handshake(self):
        """Nobody has consumed it in time."""
        self.handshake_deferred.errback(ConnectionDeny(code=503, reason="Service Unavailable"))
        self.cleanup()

    def serverSend(self, content, binary=False):
        # What was sent to a connection that is just leaving is not for anybody.
        if self.state in (self.STATE_CONNECTING, self.STATE_OPEN):
            super().serverSend(content, binary)

    def serverClose(self, code=True):
        if self.state != self.STATE_OPEN:
            return
        if code in SERVER_CLOSE_CODES:
            self.sendCloseFrame(code=code, isReply=False)
        else:
            super().serverClose(code)


def write_now(transport, data):
    """
    Writes to a socket at once where nothing waits for it, else behind what waits.

    Twisted would come back for it in its next turn; with a thousand sockets in a room that is a thousand questions
    to the kernel more for each message.
    """
    if not isinstance(transport, Connection) or transport.TLS or transport.dataBuffer or transport._tempDataBuffer:
        return transport.write(data)
    if transport.disconnecting or not transport.connected:
        return None
    try:
        sent = transport.socket.send(data)
    except OSError:
        sent = 0  # full, or broken: Twisted knows what to do
    return None if sent == len(data) else transport.write(data[sent:])


def log_failure(event):
    """Of all that Twisted says, passes on what nobody else has caught."""
    if event.get("log_failure") is not None:
        logger.error("Unhandled in the reactor: %s", event["log_failure"].getTraceback())


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


class HTTPFactory(http_protocol.HTTPFactory):
    """Makes the protocols above, with limits that Daphne's command line does not know."""

    def __init__(self, *args, trusted_proxies=0, handshake_seconds=HANDSHAKE_SECONDS, ping_timeout=30, **kwargs):
        super().__init__(*args, ping_timeout=ping_timeout, **kwargs)
        self.trusted_proxies = trusted_proxies
        self.ws_factory.protocol = WebSocketProtocol
        self.ws_factory.setProtocolOptions(
            maxFramePayloadSize=MAX_FRAME_BYTES,
            maxMessagePayloadSize=MAX_FRAME_BYTES,
            # Say 1007 or 1009 before hanging up, rather than just hang up.
            failByDrop=False,
            # Later than `check_ping`, which says 503 where this one just hangs up.
            openHandshakeTimeout=handshake_seconds + HANG_UP_SECONDS,
            autoPingTimeout=ping_timeout,
            # Every call of this sets it back; with it, `Origin: null` reaches our own check.
            allowNullOrigin=True,
        )

    def buildProtocol(self, addr):
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = WebRequest
        return protocol


class Server(server.Server):
    """
    Daphne's server on the factory above.

    Beside Daphne's own arguments: `trusted_proxies`, the number of proxies in front whose X-Forwarded-For and
    X-Forwarded-Proto are believed (0: none). `websocket_handshake_timeout` is in seconds.
    """

    def __init__(self, *args, trusted_proxies=0, websocket_handshake_timeout=HANDSHAKE_SECONDS, **kwargs):
        # -1: a websocket may live as long as it answers pings; Daphne's default ends it after group_expiry.
        kwargs.setdefault("websocket_timeout", -1)
        kwargs.setdefault("websocket_connect_timeout", websocket_handshake_timeout)
        if trusted_proxies:
            kwargs["proxy_forwarded_address_header"] = "X-Forwarded-For"
            kwargs["proxy_forwarded_proto_header"] = "X-Forwarded-Proto"
        super().__init__(*args, websocket_handshake_timeout=websocket_handshake_timeout, **kwargs)
        self.trusted_proxies = trusted_proxies
        self.exit_code = 0
        self.send_channel = f"daphne.response.{''.join(random.choices(string.ascii_letters, k=10))}!"
        link_class = RedisLink if isinstance(self.channel_layer, RedisChannelLayer) else ThreadLink
        self.link = link_class(self.channel_layer, self.send_channel, self)

    def run(self):
        """Serves until the reactor stops. Returns the exit code: 1 where it could not listen."""
        self.factory = self.make_factory()
        globalLogBeginner.beginLoggingTo([log_failure], redirectStandardIO=False, discardBuffer=True)
        reactor.callWhenRunning(self.link.start)
        reactor.callLater(CHECK_SECONDS, self.timeout_checker)
        reactor.addSystemEventTrigger("before", "shutdown", self.close_sockets)
        for description in self.endpoints:
            logger.info("Listening on endpoint %s", description)
            listener = serverFromString(reactor, str(description)).listen(self.factory)
            listener.addErrback(self.on_listener_error)
            self.listeners.append(listener)
        reactor.run(installSignalHandlers=self.signal_handlers)
        return self.exit_code

    def make_factory(self):
        return HTTPFactory(
            self.link.outlet,
            action_logger=self.action_logger,
            send_channel=self.send_channel,
            timeout=self.http_timeout,
            websocket_timeout=self.websocket_timeout,
            websocket_connect_timeout=self.websocket_connect_timeout,
            ping_interval=self.ping_interval,
            ping_timeout=self.ping_timeout,
            ws_protocols=self.ws_protocols,
            root_path=self.root_path,
            proxy_forwarded_address_header=self.proxy_forwarded_address_header,
            proxy_forwarded_port_header=self.proxy_forwarded_port_header,
            proxy_forwarded_proto_header=self.proxy_forwarded_proto_header,
            handshake_seconds=self.websocket_handshake_timeout,
            trusted_proxies=self.trusted_proxies,
        )

    # What the link tells.

    def dispatch(self, channel, message):
        """A reply to one connection or request."""
        try:
            self.factory.dispatch_reply(channel, message)
        except Exception:
            logger.exception("A reply could not be sent on %s", channel)

    def broadcast(self, channels, text, frame):
        """A text for many connections, built as a frame already."""
        protocols = self.factory.reply_protocols
        for channel in channels:
            protocol = protocols.get(channel)
            if protocol is None:
                continue
            try:
                protocol.send_frame(frame, text)
            except Exception:
                logger.exception("A message to many could not be sent on %s", channel)

    def pause(self, channel):
        """There is no room for what this connection says: its socket is not read, and TCP makes the client wait."""
        protocol = self.factory.reply_protocols.get(channel)
        if isinstance(protocol, WebSocketProtocol):
            protocol.pause()

    def resume(self, channel):
        """There is room again."""
        protocol = self.factory.reply_protocols.get(channel)
        if isinstance(protocol, WebSocketProtocol):
            protocol.resume()

    def refuse(self, channel):
        """A request could not be passed on."""
        request = self.factory.reply_protocols.get(channel)
        if isinstance(request, WebRequest):
            request.refuse(503, b"Service Unavailable", "The server cannot answer for now.")

    def on_listener_error(self, failure):
        # An interface that cannot listen is no interface: end, so that whoever supervises sees it.
        logger.error("Cannot listen: %s", failure.getErrorMessage())
        self.exit_code = 1
        reactor.callWhenRunning(reactor.stop)

    def timeout_checker(self):
        """Daphne's, that goes on whatever fails in it."""
        reactor.callLater(CHECK_SECONDS, self.timeout_checker)
        try:
            self.factory.check_timeouts()
        except Exception:
            logger.exception("Time-outs and pings could not be looked after")

    @defer.inlineCallbacks
    def close_all(self, code):
        """Closes every websocket, in batches."""
        sockets = [p for p in self.factory.reply_protocols.values() if isinstance(p, WebSocketProtocol)]
        for start in range(0, len(sockets), CLOSE_BATCH):
            for protocol in sockets[start : start + CLOSE_BATCH]:
                protocol.serverClose(code)
            yield task.deferLater(reactor, CLOSE_PAUSE_SECONDS, lambda: None)

    def close_lost(self):
        """The connections have missed messages, and are in no group any more: they come back, and resume."""
        return self.close_all(CLOSE_CONNECTION_LOST)

    @defer.inlineCallbacks
    def close_sockets(self):
        """Closes every websocket with 1001, and waits until what they still said has been passed on."""
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        yield self.close_all(1001)
        yield task.deferLater(reactor, 0.3, lambda: None)
        yield self.link.stop()

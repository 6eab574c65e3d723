"""
The interface server: Daphne's, tied to the channel layer by a link, and ended in order.

It knows no chat.
"""

import logging
import random
import signal
import string
import time

from daphne import http_protocol, server
from twisted.internet import defer, reactor, task
from twisted.internet.endpoints import serverFromString
from twisted.logger import globalLogBeginner

from ..links import RedisLink, ThreadLink
from ..ordering import CLOSE_CONNECTION_LOST
from .requests import WebRequest
from .websockets import WebSocketProtocol

logger = logging.getLogger(__name__)

MAX_FRAME_BYTES = 64 * 1024
HANDSHAKE_SECONDS = 20
HANG_UP_SECONDS = 5
CLOSE_ANSWER_SECONDS = 5
# When the server ends: so many sockets are closed at a time, for not all of their owners shall come back at once.
CLOSE_BATCH = 200
CLOSE_PAUSE_SECONDS = 0.05
# Of those that have missed something all come back, and at once: 500 a second, which is what an address may.
CLOSE_LOST_PAUSE_SECONDS = 0.4
CHECK_SECONDS = 2


def log_failure(event):
    """Of all that Twisted says, passes on what nobody else has caught."""
    if event.get("log_failure") is not None:
        logger.error("Unhandled in the reactor: %s", event["log_failure"].getTraceback())


class HTTPFactory(http_protocol.HTTPFactory):
    """Makes the protocols above, with limits that Daphne's command line does not know."""

    def __init__(self, *args, trusted_proxies=0, handshake_seconds=HANDSHAKE_SECONDS, ping_timeout=30, **kwargs):
        super().__init__(*args, ping_timeout=ping_timeout, **kwargs)
        self.trusted_proxies = trusted_proxies
        self.waiting = 0  # requests that wait for something to be said
        self.ws_factory.protocol = WebSocketProtocol
        self.ws_factory.setProtocolOptions(
            maxFramePayloadSize=MAX_FRAME_BYTES,
            maxMessagePayloadSize=MAX_FRAME_BYTES,
            # Say 1007 or 1009 before hanging up, rather than just hang up.
            failByDrop=False,
            # A client that is still sending needs more than autobahn's second to read that, and answer.
            closeHandshakeTimeout=CLOSE_ANSWER_SECONDS,
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

    def dispatch_reply(self, channel, message):
        if "later" in message and channel not in self.reply_protocols:
            # Who asked has left meanwhile, and by now the request's channel is in groups.
            return self.end_waiting(channel, message["later"], is_answered=False)
        return super().dispatch_reply(channel, message)

    def end_waiting(self, channel, later, is_answered):
        """Tells the consumers that a request which waited is over: nobody else knows, and they leave its groups."""
        message = {
            "reply_channel": channel,
            "path": later["path"],
            "context": later["context"],
            "answered": is_answered,
        }
        try:
            self.channel_layer.send("http.disconnect", message)
        except Exception as error:
            logger.warning("The end of a request could not be told: %s", error)


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
        link_class = RedisLink if self.channel_layer.is_shared else ThreadLink
        self.link = link_class(self.channel_layer, self.send_channel, self)

    def run(self):
        """Serves until the reactor stops. Returns the exit code: 1 where it could not listen."""
        # Twisted's timers go by the clock on the wall: set back by an hour, it would keep all of them for an hour.
        reactor.seconds = time.monotonic
        self.factory = self.make_factory()
        globalLogBeginner.beginLoggingTo([log_failure], redirectStandardIO=False, discardBuffer=True)
        reactor.callWhenRunning(self.link.start)
        reactor.callLater(CHECK_SECONDS, self.timeout_checker)
        reactor.addSystemEventTrigger("before", "shutdown", self.close_sockets)
        for description in self.endpoints:
            listener = serverFromString(reactor, str(description)).listen(self.factory)
            listener.addCallbacks(self.on_listening, self.on_listener_error, callbackArgs=[description])
            self.listeners.append(listener)
        if self.signal_handlers and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            # A shell without job control starts what runs in the background so, and Twisted would leave it at that.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        reactor.run(installSignalHandlers=self.signal_handlers)
        return self.exit_code

    def on_listening(self, port, description):
        logger.info("Listening on endpoint %s", description)
        return port

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
    def close_all(self, code, pause=CLOSE_PAUSE_SECONDS):
        """
        Closes every websocket that is open now, in batches, with `pause` seconds between them; requests that wait are
        answered.
        """
        protocols = list(self.factory.reply_protocols.values())
        for start in range(0, len(protocols), CLOSE_BATCH):
            for protocol in protocols[start : start + CLOSE_BATCH]:
                protocol.serverClose(code)
            yield task.deferLater(reactor, pause, lambda: None)

    def close_lost(self):
        """The connections have missed messages, and are in no group any more: they come back, and resume."""
        return self.close_all(CLOSE_CONNECTION_LOST, CLOSE_LOST_PAUSE_SECONDS)

    @defer.inlineCallbacks
    def close_sockets(self):
        """Closes every websocket with 1001, and waits until what they still said has been passed on."""
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        yield self.close_all(1001)
        yield task.deferLater(reactor, 0.3, lambda: None)
        yield self.link.stop()

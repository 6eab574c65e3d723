"""The interface server: Daphne's server, connected to the channel layer by a connector, with an orderly shutdown."""

from __future__ import annotations

import logging
import random
import signal
import string
import time
from collections.abc import Iterable, Mapping
from typing import Any

from daphne import server
from twisted.internet import defer, reactor, task
from twisted.internet.endpoints import serverFromString
from twisted.logger import globalLogBeginner

from .. import counting
from ..connectors import RedisConnector, ThreadConnector
from ..log_lines import check_secret_paths, describe_failure
from ..ordering import CLOSE_CONNECTION_LOST
from ..texts import READS_TEXTS
from .added_headers import load_added_headers
from .answers import load_answers
from .factory import HANDSHAKE_SECONDS, HTTPFactory
from .gathering import Gathering
from .limits import limits_from_settings
from .private import PrivateFactory, load_private
from .requests import WebRequest
from .storage import load_storage
from .websockets import WebSocketProtocol

logger = logging.getLogger(__name__)

# Websockets are closed in batches, so that not all clients reconnect at once.
CLOSE_BATCH = 200
CLOSE_PAUSE_SECONDS = 0.05
# Clients that missed messages reconnect at once, and all of them may share one address. So the server closes only 500
# websockets a second (200 in each 0.4 s). A site's rate limit for the handshakes of one address should allow this rate.
CLOSE_LOST_PAUSE_SECONDS = 0.4
CHECK_SECONDS = 2
# At shutdown: the time for frames that the closing websockets still send.
LAST_FRAMES_SECONDS = 0.3
# How many new connections may wait in the kernel, which lowers it to net.core.somaxconn. After a restart, all clients
# connect in the same second. A client that finds no place tries again after 1, 3, 7 and 15 s.
LISTEN_BACKLOG = 4096


def log_failure(event: dict[str, Any]) -> None:
    """Log an unhandled failure in Twisted. Do not log its other events."""
    if event.get("log_failure") is not None:
        logger.error("Unhandled in the reactor", exc_info=describe_failure(event["log_failure"]))


class Server(server.Server):
    """
    Daphne's server with the factory of this package.

    It takes Daphne's arguments and three more:

    * `trusted_proxies` is the number of trusted proxies in front of the server (0: none). The server uses their headers
      X-Forwarded-For and X-Forwarded-Proto.
    * `websocket_handshake_timeout` is in seconds.
    * `limits` is {name: value}. These limits replace those of the setting INTERFACE_LIMITS.

    A wrong setting or limit raises ImproperlyConfigured.
    """

    def __init__(
        self,
        *args: Any,
        trusted_proxies: int = 0,
        websocket_handshake_timeout: float = HANDSHAKE_SECONDS,
        limits: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # -1: a websocket stays open while its client answers pings. Daphne's default closes it after group_expiry.
        kwargs.setdefault("websocket_timeout", -1)
        kwargs.setdefault("websocket_connect_timeout", websocket_handshake_timeout)
        if trusted_proxies:
            kwargs["proxy_forwarded_address_header"] = "X-Forwarded-For"
            kwargs["proxy_forwarded_proto_header"] = "X-Forwarded-Proto"
        super().__init__(*args, websocket_handshake_timeout=websocket_handshake_timeout, **kwargs)
        self.trusted_proxies = trusted_proxies
        self.limits, self.rules = limits_from_settings(limits)
        self.answers = load_answers()
        self.added_headers = load_added_headers()
        self.private = load_private()
        self.storage = load_storage()
        self.exit_code = 0
        self.send_channel = f"{READS_TEXTS}{''.join(random.choices(string.ascii_letters, k=10))}!"
        connector_class = RedisConnector if self.channel_layer.is_shared else ThreadConnector
        self.connector = connector_class(self.channel_layer, self.send_channel, self)
        # A layer in memory serves one process, whose few sockets need no gathering.
        is_shared = self.channel_layer.is_shared
        self.gathering = Gathering(self.connector.sender, self.send_channel) if is_shared else None

    @staticmethod
    def check_settings() -> None:
        """Raise ImproperlyConfigured if a setting of the interface is wrong."""
        limits_from_settings()
        load_answers()
        load_added_headers()
        load_private()
        load_storage()
        check_secret_paths()

    def run(self) -> int:
        """Serve until the reactor stops. Return the exit code: 1 if the server could not listen."""
        # By default Twisted's timers use the wall clock. If it is set back by an hour, all timers are an hour late.
        reactor.seconds = time.monotonic
        self.factory = self.make_factory()
        globalLogBeginner.beginLoggingTo([log_failure], redirectStandardIO=False, discardBuffer=True)
        reactor.callWhenRunning(self.connector.start)
        reactor.callLater(CHECK_SECONDS, self.timeout_checker)
        reactor.addSystemEventTrigger("before", "shutdown", self.close_sockets)
        for description in self.endpoints:
            self.listen(str(description), self.factory)
        if self.private is not None:
            self.listen(self.private.endpoint, PrivateFactory(self.factory))
        if self.signal_handlers and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            # A shell without job control starts background processes with SIGINT ignored, and Twisted keeps it ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        reactor.run(installSignalHandlers=self.signal_handlers)
        return self.exit_code

    def listen(self, description: str, factory: Any) -> None:
        """Listen on an endpoint when the reactor runs. A failure ends the server."""
        listener = serverFromString(reactor, description).listen(factory)
        listener.addCallbacks(self.on_listening, self.on_listener_error, callbackArgs=[description])
        self.listeners.append(listener)

    def on_listening(self, port: Any, description: str) -> Any:
        """Log that an endpoint listens, and return its port."""
        if "backlog=" not in description:
            # Twisted has started with 50. The second call only changes the number.
            port.socket.listen(LISTEN_BACKLOG)
        logger.info("Listening on endpoint %s", description)
        return port

    def make_factory(self) -> HTTPFactory:
        """Return the factory, with the settings of this server."""
        return HTTPFactory(
            self.connector.sender,
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
            trusted_proxies=self.trusted_proxies,
            limits=self.limits,
            rules=self.rules,
            answers=self.answers,
            added_headers=self.added_headers,
            private_paths=self.private.paths if self.private else (),
            is_redis_answering=self.is_redis_answering,
            storage=self.storage,
            gathering=self.gathering,
        )

    def is_redis_answering(self) -> bool:
        """Return whether each Redis server has answered lately. A layer in memory always answers."""
        return all(client.is_answering for client in getattr(self.connector, "clients", []))

    # The connector calls `dispatch`, `broadcast`, `pause`, `resume`, `refuse`, `close_all_after_loss` and `describe`.

    def describe(self) -> dict[str, Any]:
        """
        Return fields of the reports of this process.

        They are the open websockets and requests, the requests that wait for a message, and what proxies send.
        """
        return {
            "connections": len(self.factory.reply_protocols),
            "polls": self.factory.waiting,
            "forwarding": self.factory.forwarding.describe(),
        }

    def dispatch(self, channel: str, message: dict[str, Any]) -> None:
        """Pass a reply to one connection or request. Raise nothing."""
        try:
            if self.gathering is not None and channel == self.gathering.reply_channel:
                self.gathering.receive(message)
            else:
                self.factory.dispatch_reply(channel, message)
        except Exception:
            logger.exception("A reply could not be sent on %s", channel)

    def broadcast(self, channels: Iterable[str], text: str, frame: bytes) -> None:
        """Send a text to many connections; `frame` is the text, encoded once for all of them."""
        began, sent = time.perf_counter(), 0
        protocols = self.factory.reply_protocols
        for channel in channels:
            protocol = protocols.get(channel)
            if protocol is None:
                continue
            try:
                protocol.send_frame(frame, text)
                sent += 1
            except Exception:
                logger.exception("A group message could not be sent on %s", channel)
        counting.observe("interface_delivery_seconds", time.perf_counter() - began)
        counting.add("interface_frames", ("out",), sent)
        counting.add("interface_bytes", ("out",), sent * len(text))

    def pause(self, channel: str) -> None:
        """Stop reading from a connection, because its channel is full: TCP makes the client wait."""
        protocol = self.factory.reply_protocols.get(channel)
        if isinstance(protocol, WebSocketProtocol):
            protocol.pause()

    def resume(self, channel: str) -> None:
        """Read from a connection again."""
        protocol = self.factory.reply_protocols.get(channel)
        if isinstance(protocol, WebSocketProtocol):
            protocol.resume()

    def refuse(self, channel: str) -> None:
        """Answer 503 to a request that could not be passed on, and pass on the frames of a gathered message."""
        if self.gathering is not None and channel == self.gathering.reply_channel:
            self.gathering.give_up()
        request = self.factory.reply_protocols.get(channel)
        if isinstance(request, WebRequest):
            request.refuse(503, b"Service Unavailable", "The server cannot answer now; try again.")

    def on_listener_error(self, failure: Any) -> None:
        """End the server, so that its supervisor notices that it cannot listen."""
        logger.error("Cannot listen: %s", failure.getErrorMessage())
        self.exit_code = 1
        reactor.callWhenRunning(reactor.stop)

    def timeout_checker(self) -> None:
        """Check timeouts and pings every CHECK_SECONDS. Unlike Daphne's method, continue after an exception."""
        reactor.callLater(CHECK_SECONDS, self.timeout_checker)
        try:
            self.factory.check_timeouts()
        except Exception:
            logger.exception("Timeouts and pings could not be checked")

    @defer.inlineCallbacks
    def close_all(self, code: int, pause: float = CLOSE_PAUSE_SECONDS) -> Any:
        """
        Close every websocket that is open now, and answer every waiting request.

        Close them in batches, with `pause` seconds between two batches. Return a Deferred that fires at the end.
        """
        protocols = list(self.factory.reply_protocols.values())
        for start in range(0, len(protocols), CLOSE_BATCH):
            for protocol in protocols[start : start + CLOSE_BATCH]:
                protocol.serverClose(code)
            yield task.deferLater(reactor, pause, lambda: None)

    def close_all_after_loss(self) -> Any:
        """Do `close_all`, because the connections missed messages and are in no group. Clients reconnect and resume."""
        return self.close_all(CLOSE_CONNECTION_LOST, CLOSE_LOST_PAUSE_SECONDS)

    @defer.inlineCallbacks
    def close_sockets(self) -> Any:
        """
        Stop listening, close every websocket with 1001, and answer every waiting request.

        Then pass on the last frames, and stop the connector. Return a Deferred.
        """
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        yield self.close_all(1001)
        yield task.deferLater(reactor, LAST_FRAMES_SECONDS, lambda: None)
        yield self.connector.stop()

"""
A connection to Redis inside Twisted's reactor: it sends commands in one write, and returns answers as Deferreds.

The interface must not block while it waits for Redis: a blocking client would freeze all of its sockets when a server
pauses. hiredis parses the answers. The module does not depend on channels.
"""

from __future__ import annotations

import collections
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import hiredis
import redis
from twisted.internet import defer, endpoints, protocol, reactor, threads
from twisted.internet.error import ConnectionDone

from .backoff import Backoff
from .redis_connections import describe_address, explain_refusal, login_commands
from .writing import write_now

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 8
SLOW_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 2


class Disconnected(Exception):
    """The connection ended before the answer arrived, so it is unknown whether the command ran."""


class _Call(NamedTuple):
    """Commands that were sent together. `done` fires when as many answers as `expected` have arrived."""

    expected: int
    answers: list[Any]  # the answers so far
    done: Any
    deadline: float
    sent_at: float


class _Protocol(protocol.Protocol):
    """One connection: writes commands, and fires the Deferred of each answer."""

    def __init__(self, client: RedisClient) -> None:
        self.client = client
        self.reader = hiredis.Reader()
        self.waiting: collections.deque[_Call] = collections.deque()
        self.timeout_call: Any = None

    def connectionMade(self) -> None:
        """Send small writes at once."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)

    def call(self, commands: Sequence[tuple], seconds: float = ANSWER_SECONDS) -> Any:
        """Return a Deferred of the list of answers; an error is an exception in the list."""
        done: Any = defer.Deferred()
        now = reactor.seconds()
        self.waiting.append(_Call(len(commands), [], done, now + seconds, now))
        write_now(self.transport, b"".join(map(hiredis.pack_command, commands)))
        if self.timeout_call is None:
            self.timeout_call = reactor.callLater(seconds, self._check_timeout)
        return done

    @property
    def seconds_waiting(self) -> float:
        """Return for how many seconds the oldest command without an answer has waited."""
        return reactor.seconds() - self.waiting[0].sent_at if self.waiting else 0

    def _check_timeout(self) -> None:
        self.timeout_call = None
        if not self.waiting:
            return
        left = self.waiting[0].deadline - reactor.seconds()
        if left <= 0:
            logger.warning("Redis at %s does not answer", self.client.address)
            self.transport.abortConnection()
        else:
            self.timeout_call = reactor.callLater(left, self._check_timeout)

    def dataReceived(self, data: bytes) -> None:
        """Fire the Deferreds whose answers are complete."""
        self.reader.feed(data)
        while self.waiting:
            answer = self.reader.gets()
            if answer is False:
                return
            if isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT"):
                self.client.reconnect()
            elif isinstance(answer, hiredis.ReplyError) and str(answer).startswith("READONLY"):
                # The server is no longer the master. With Sentinel, the next connection finds the new one.
                self.client.reconnect()
            call = self.waiting[0]
            call.answers.append(answer)
            if len(call.answers) == call.expected:
                self.waiting.popleft()
                call.done.callback(call.answers)

    def connectionLost(self, reason: Any = ConnectionDone) -> None:
        """Fail the Deferreds of all expected answers."""
        if self.timeout_call is not None:
            self.timeout_call.cancel()
            self.timeout_call = None
        # The client learns of the loss first: an errback that calls again at once must not use this connection, which
        # would never answer.
        self.client.connection_lost(self)
        waiting, self.waiting = self.waiting, collections.deque()
        for call in waiting:
            call.done.errback(Disconnected(f"Redis at {self.client.address} is not connected"))


class RedisClient:
    """
    A connection to a Redis server that reconnects by itself.

    `pool` is a redis-py pool, which contains the server's address and password. After each connect the client first
    runs `setup_commands`, and then calls `on_connect()`.
    """

    def __init__(
        self, pool: Any, setup_commands: Iterable[tuple] = (), on_connect: Callable[[], object] | None = None
    ) -> None:
        self._options = pool.connection_kwargs
        # With Sentinel, each connection first looks for the master.
        self._locator = self._options.get("locator")
        self._is_tls = issubclass(pool.connection_class, redis.SSLConnection)
        self._setup_commands = list(setup_commands)
        self._on_connect = on_connect
        self._protocol: Any = None
        self._attempts = 0
        self._backoff = Backoff(longest=LONGEST_PAUSE_SECONDS)
        self._disconnected_since = time.monotonic()
        self._stopped = False

    @property
    def address(self) -> str:
        """Return the server's host and port, or its socket; without the password."""
        return describe_address(self._options)

    @property
    def is_connected(self) -> bool:
        """Return whether commands can be sent now."""
        return self._protocol is not None

    @property
    def is_answering(self) -> bool:
        """Return whether the server is connected, and no command has waited for its answer for SLOW_SECONDS."""
        return self._protocol is not None and self._protocol.seconds_waiting < SLOW_SECONDS

    @property
    def seconds_disconnected(self) -> float:
        """Return for how many seconds there has been no connection."""
        return 0 if self._protocol is not None else time.monotonic() - self._disconnected_since

    def start(self) -> RedisClient:
        """Connect, and connect again after each loss until `stop`. Return this client."""
        self._connect()
        return self

    def stop(self) -> None:
        """Close the connection."""
        self._stopped = True
        if self._protocol is not None:
            self._protocol.transport.loseConnection()

    def reconnect(self) -> None:
        """Connect again, because the server has lost the loaded scripts or is no longer the master."""
        if self._protocol is not None:
            self._protocol.transport.abortConnection()

    def call(self, *commands: tuple, seconds: float = ANSWER_SECONDS) -> Any:
        """Return a Deferred of the list of answers. It fails with Disconnected; at once without a connection."""
        if self._protocol is None:
            return defer.fail(Disconnected(f"Redis at {self.address} is not connected"))
        return self._protocol.call(commands, seconds)

    def _connect(self) -> None:
        # The endpoint reads the files for TLS. If one of them is missing, the client tries again later.
        attempt = defer.maybeDeferred(self._open)
        attempt.addCallback(self._set_up)
        attempt.addErrback(self._failed)

    def _open(self) -> Any:
        if self._locator is None:
            return self._connect_to_server()
        found = threads.deferToThread(self._locator.find)
        return found.addCallback(lambda address: self._connect_to_server())

    def _connect_to_server(self) -> Any:
        return self._endpoint().connect(protocol.Factory.forProtocol(lambda: _Protocol(self)))

    def _endpoint(self) -> Any:
        given = self._options
        if given.get("path"):
            return endpoints.UNIXClientEndpoint(reactor, given["path"], timeout=5)
        host = given.get("host") or "localhost"
        endpoint = endpoints.HostnameEndpoint(reactor, host, int(given.get("port", 6379)), timeout=5)
        if not self._is_tls:
            return endpoint
        # pyOpenSSL is not a dependency of this package: only a site whose Redis URL is rediss:// needs it.
        from .redis_tls import make_tls_options

        return endpoints.wrapClientTLS(make_tls_options(given), endpoint)

    @defer.inlineCallbacks
    def _set_up(self, connection: _Protocol) -> Any:
        commands = [*login_commands(self._options), *self._setup_commands, ("PING",)]
        answers = yield connection.call(commands)
        for command, answer in zip(commands, answers):
            if isinstance(answer, Exception):
                connection.transport.loseConnection()
                raise explain_refusal(self._options, answer, str(command[0]))
        if self._attempts > 1:
            logger.info("Redis at %s is connected again", self.address)
        self._protocol, self._attempts = connection, 0
        self._backoff.reset()
        if self._on_connect is not None:
            self._on_connect()

    def _failed(self, failure: Any) -> None:
        self._retry(failure.getErrorMessage())

    def connection_lost(self, connection: _Protocol) -> None:
        """Connect again if the lost connection is the current one."""
        if connection is self._protocol:
            self._protocol, self._disconnected_since = None, time.monotonic()
            self._retry("the connection ended")

    def _retry(self, reason: str) -> None:
        if self._locator is not None:
            self._locator.forget()
        if self._stopped:
            return
        self._attempts += 1
        if self._attempts == 1:
            logger.warning("Redis at %s cannot be reached, trying again: %s", self.address, reason)
        reactor.callLater(self._backoff.next_pause(), self._connect)

"""
A connection to Redis inside Twisted's reactor: commands go out in one write, answers come as Deferreds, in order.

The interface must never wait for Redis with its hands tied: a blocking client would freeze all of its sockets with a
paused server. The parser is hiredis'. It knows neither channels nor chat.
"""

import collections
import logging
import time

import hiredis
import redis
from twisted.internet import defer, endpoints, protocol, reactor, ssl
from twisted.internet.error import ConnectionDone

from .backoff import Backoff
from .writing import write_now

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 8
LONGEST_PAUSE_SECONDS = 2


class Disconnected(Exception):
    """The connection ended before the answer came: nobody knows whether the command ran."""


class _Protocol(protocol.Protocol):
    """Writes commands, and hands each answer to the Deferred that waits for it."""

    def __init__(self, client):
        self.client = client
        self.reader = hiredis.Reader()
        self.waiting = collections.deque()
        self.alarm = None

    def connectionMade(self):
        self.transport.setTcpNoDelay(True) if hasattr(self.transport, "setTcpNoDelay") else None

    def call(self, commands, seconds=ANSWER_SECONDS):
        """Returns a Deferred of the list of answers; an error is an exception in its place."""
        done = defer.Deferred()
        self.waiting.append([len(commands), [], done, reactor.seconds() + seconds])
        write_now(self.transport, b"".join(map(hiredis.pack_command, commands)))
        if self.alarm is None:
            self.alarm = reactor.callLater(seconds, self._check)
        return done

    def _check(self):
        self.alarm = None
        if not self.waiting:
            return
        left = self.waiting[0][3] - reactor.seconds()
        if left <= 0:
            logger.warning("Redis at %s does not answer", self.client.address)
            self.transport.abortConnection()
        else:
            self.alarm = reactor.callLater(left, self._check)

    def dataReceived(self, data):
        self.reader.feed(data)
        while self.waiting:
            answer = self.reader.gets()
            if answer is False:
                return
            if isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT"):
                self.client.restart()
            entry = self.waiting[0]
            entry[1].append(answer)
            if len(entry[1]) == entry[0]:
                self.waiting.popleft()
                entry[2].callback(entry[1])

    def connectionLost(self, reason=ConnectionDone):
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
        # First, so that whoever asks again at once does not ask this connection: nobody would answer there.
        self.client.lost(self)
        waiting, self.waiting = self.waiting, collections.deque()
        for entry in waiting:
            entry[2].errback(Disconnected(f"Redis at {self.client.address} is away"))


class RedisClient:
    """
    A connection that comes back by itself. `pool` is a redis-py pool: where the server is, and how one gets in.

    `call(*commands)` fails at once with Disconnected while there is none. At each beginning the commands of `greeting`
    run first, and then `on_connect()` is called.
    """

    def __init__(self, pool, greeting=(), on_connect=None):
        self._given = pool.connection_kwargs
        self._is_tls = issubclass(pool.connection_class, redis.SSLConnection)
        self._greeting = list(greeting)
        self._on_connect = on_connect
        self._protocol = None
        self._attempts = 0
        self._backoff = Backoff(longest=LONGEST_PAUSE_SECONDS)
        self._away_since = time.monotonic()
        self._stopped = False

    @property
    def address(self):
        """Where the server is, without its password."""
        return self._given.get("path") or f"{self._given.get('host', 'localhost')}:{self._given.get('port', 6379)}"

    @property
    def is_connected(self):
        return self._protocol is not None

    @property
    def seconds_away(self):
        """How long there has been no connection."""
        return 0 if self._protocol is not None else time.monotonic() - self._away_since

    def start(self):
        self._connect()
        return self

    def stop(self):
        self._stopped = True
        if self._protocol is not None:
            self._protocol.transport.loseConnection()

    def restart(self):
        """Begins anew: the server has forgotten what the greeting told it."""
        if self._protocol is not None:
            self._protocol.transport.abortConnection()

    def call(self, *commands, seconds=ANSWER_SECONDS):
        """Returns a Deferred of the list of answers."""
        if self._protocol is None:
            return defer.fail(Disconnected(f"Redis at {self.address} is away"))
        return self._protocol.call(commands, seconds)

    def _connect(self):
        attempt = self._endpoint().connect(protocol.Factory.forProtocol(lambda: _Protocol(self)))
        attempt.addCallback(self._introduce)
        attempt.addErrback(self._failed)

    def _endpoint(self):
        given = self._given
        if given.get("path"):
            return endpoints.UNIXClientEndpoint(reactor, given["path"], timeout=5)
        host = given.get("host", "localhost")
        endpoint = endpoints.HostnameEndpoint(reactor, host, int(given.get("port", 6379)), timeout=5)
        return endpoints.wrapClientTLS(self._tls_options(host), endpoint) if self._is_tls else endpoint

    def _tls_options(self, host):
        if str(self._given.get("ssl_cert_reqs")).lower() in ("none", "0"):
            return ssl.CertificateOptions(verify=False)
        authority = self._given.get("ssl_ca_certs")
        if authority is None:
            return ssl.optionsForClientTLS(host)
        with open(authority, "rb") as file:
            return ssl.optionsForClientTLS(host, ssl.Certificate.loadPEM(file.read()))

    @defer.inlineCallbacks
    def _introduce(self, made):
        commands = [*self._greeting, ("PING",)]
        if self._given.get("db"):
            commands.insert(0, ("SELECT", self._given["db"]))
        if self._given.get("password"):
            commands.insert(0, ("AUTH", self._given["password"]))
        for answer in (yield made.call(commands)):
            if isinstance(answer, Exception):
                made.transport.loseConnection()
                raise answer
        if self._attempts > 1:
            logger.info("Redis at %s is there again", self.address)
        self._protocol, self._attempts = made, 0
        self._backoff.reset()
        if self._on_connect is not None:
            self._on_connect()

    def _failed(self, failure):
        self._again(failure.getErrorMessage())

    def lost(self, gone):
        if gone is self._protocol:
            self._protocol, self._away_since = None, time.monotonic()
            self._again("the connection ended")

    def _again(self, why):
        if self._stopped:
            return
        self._attempts += 1
        if self._attempts == 1:
            logger.warning("Redis at %s is away, trying again: %s", self.address, why)
        reactor.callLater(self._backoff.next_pause(), self._connect)

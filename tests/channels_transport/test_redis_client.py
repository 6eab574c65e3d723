"""The interface's connection to Redis: each call gets its answer, or fails if none arrives."""

import types

import pytest
import redis
from hiredis import ReplyError
from twisted.internet import defer, task
from twisted.internet.testing import StringTransport

from channels_transport import redis_client
from channels_transport.redis_client import Disconnected, RedisClient

pytestmark = pytest.mark.no_database


class Transport(StringTransport):
    """A transport on which an abort sets `disconnecting`."""

    def abortConnection(self):
        self.disconnecting = True


class Server:
    """A fake server. It accepts connections while it `is_up`, and keeps them in `connections`."""

    def __init__(self):
        self.connections, self.is_up, self.tries = [], True, 0

    def connect(self, factory):
        self.tries += 1
        if not self.is_up:
            return defer.fail(OSError("refused"))
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(Transport())
        self.connections.append(protocol)
        return defer.succeed(protocol)

    @property
    def connection(self):
        return self.connections[-1]

    def written(self):
        """Return the bytes that were written since the last call."""
        data = self.connection.transport.value()
        self.connection.transport.clear()
        return data

    def send(self, data):
        self.connection.dataReceived(data)


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(redis_client, "reactor", clock)
    return clock


@pytest.fixture
def make(clock, monkeypatch):
    server = Server()

    def make(setup_commands=(), on_connect=None, **given):
        pool = types.SimpleNamespace(connection_kwargs=given, connection_class=redis.Connection)
        client = RedisClient(pool, setup_commands, on_connect)
        monkeypatch.setattr(client, "_endpoint", lambda: server)
        client.server = server
        return client.start()

    return make


@pytest.fixture
def client(make):
    client = make()
    client.server.send(b"+PONG\r\n")
    client.server.written()
    return client


def test_each_call_gets_its_answers_however_they_are_split(client):
    first, second = client.call(("GET", "a"), ("GET", "b")), client.call(("LLEN", "c"))
    assert client.server.written().count(b"GET") == 2
    for byte in b"$3\r\none\r\n$-1\r\n:3\r\n":
        client.server.send(bytes([byte]))
    assert first.result == [b"one", None] and second.result == [3]


def test_numbers_are_written_as_text(client):
    client.call(("SET", "a", 5, 1.5))
    assert client.server.written() == b"*4\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n5\r\n$3\r\n1.5\r\n"


def test_an_error_is_one_of_the_answers(client):
    done = client.call(("GET", "a"), ("GET", "b"))
    client.server.send(b"-OOM no\r\n:1\r\n")
    assert isinstance(done.result[0], ReplyError) and done.result[1] == 1


def test_without_a_connection_a_call_fails_at_once(make):
    client = make()
    failures = []
    client.call(("GET", "a")).addErrback(lambda failure: failures.append(failure.type))
    assert failures == [Disconnected] and not client.is_connected


def test_a_broken_connection_fails_waiting_calls_and_is_replaced(client, clock):
    failures = []
    for _ in range(3):
        client.call(("GET", "a")).addErrback(lambda failure: failures.append(failure.type))
    client.server.connection.connectionLost()
    assert failures == [Disconnected] * 3 and not client.is_connected
    clock.advance(1)
    client.server.send(b"+PONG\r\n")
    assert client.is_connected
    done = client.call(("GET", "a"))
    client.server.send(b":1\r\n")
    assert done.result == [1]


def test_a_connection_without_an_answer_in_time_is_aborted(client, clock):
    client.call(("GET", "a"))
    clock.advance(redis_client.ANSWER_SECONDS - 0.1)
    assert not client.server.connection.transport.disconnecting
    clock.advance(0.2)
    assert client.server.connection.transport.disconnecting


def test_a_connection_with_answers_is_never_aborted(client, clock):
    for _ in range(20):
        client.call(("GET", "a"), seconds=5)
        clock.advance(3)
        client.server.send(b":1\r\n")
    clock.advance(60)
    assert not client.server.connection.transport.disconnecting


def test_the_setup_commands_run_before_the_client_counts_as_connected(make, clock):
    connected = []
    client = make([("SCRIPT", "LOAD", "x")], lambda: connected.append(client.is_connected), db=3, password="secret")
    written = client.server.written()
    positions = [written.index(word) for word in (b"AUTH", b"SELECT", b"SCRIPT", b"PING")]
    assert positions == sorted(positions)
    client.server.send(b"+OK\r\n+OK\r\n$1\r\nx\r\n")
    assert connected == []
    client.server.send(b"+PONG\r\n")
    assert connected == [True]
    client.server.connection.connectionLost()
    clock.advance(1)
    client.server.send(b"+OK\r\n+OK\r\n$1\r\nx\r\n+PONG\r\n")
    assert connected == [True, True]


def test_after_refused_setup_commands_the_client_connects_again(make, clock):
    client = make(password="wrong")
    client.server.send(b"-WRONGPASS\r\n-NOAUTH\r\n")
    assert not client.is_connected
    client.server.connection.connectionLost()
    clock.advance(1)
    assert client.server.tries == 2


def test_during_an_outage_the_client_retries_every_second_or_two_and_logs_one_line(make, clock, caplog):
    client = make(password="secret")
    client.server.send(b"+OK\r\n+PONG\r\n")
    client.server.is_up = False
    client.server.connection.connectionLost()
    clock.pump([0.1] * 600)
    assert 30 <= client.server.tries <= 80
    assert len(caplog.records) == 1 and "secret" not in caplog.text
    client.server.is_up = True
    clock.pump([0.1] * 30)
    client.server.send(b"+OK\r\n+PONG\r\n")
    assert client.is_connected


def test_a_stopped_client_does_not_connect_again(client, clock):
    client.stop()
    client.server.connection.connectionLost()
    clock.advance(60)
    assert client.server.tries == 1


def test_the_connection_to_a_server_that_has_become_a_replica_is_aborted(client):
    done = client.call(("SET", "a", 1))
    client.server.send(b"-READONLY You can't write against a read only replica.\r\n")
    assert isinstance(done.result[0], ReplyError) and client.server.connection.transport.disconnecting


def test_with_sentinel_each_connection_looks_for_the_master_in_a_thread(make, clock, monkeypatch):
    asked, threads = [], []

    class Locator:
        def find(self):
            asked.append("find")

        def forget(self):
            asked.append("forget")

        def describe(self):
            return "the master of a service"

    def defer_to_thread(function):
        threads.append(function)
        return defer.maybeDeferred(function)

    monkeypatch.setattr(redis_client.threads, "deferToThread", defer_to_thread)
    client = make(locator=Locator())
    client.server.send(b"+PONG\r\n")
    assert client.is_connected and asked == ["find"] and client.address == "the master of a service"
    client.server.connection.connectionLost()
    clock.advance(1)
    assert asked == ["find", "forget", "find"] and len(threads) == 2

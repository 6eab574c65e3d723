"""Each phase of an HTTP connection ends at its deadline, and large bodies are refused while they arrive."""

import pytest
from twisted.internet import task
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from channels_transport.interface import deadlines
from channels_transport.interface.limits import Limits, make_limits
from tests.channels_transport.connection import FakeConnection, HalfClosingTransport

pytestmark = pytest.mark.no_database

BEHIND_A_PROXY = {"trusted_proxies": 1, "proxy_forwarded_address_header": "X-Forwarded-For"}
HEAD = b"POST /api/rooms/ HTTP/1.1\r\nHost: testserver\r\n"


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(deadlines, "reactor", clock)
    return clock


@pytest.fixture
def connect(clock):
    def connect(**given):
        connection = FakeConnection(limits=make_limits(given))
        connection.transport.__class__ = HalfClosingTransport
        return connection

    return connect


def trickle(connection, clock, data, seconds=200):
    """Send a byte every five seconds. Return after how many seconds the server ended the connection, or None."""
    for second in range(0, seconds, 5):
        if connection.transport.has_ended:
            return second
        connection.write(data[second // 5 % len(data) :][:1])
        clock.advance(5)
    return seconds if connection.transport.has_ended else None


@pytest.mark.parametrize(
    "before, trickled, most",
    [
        (b"", b"GET /" + b"a" * 100, 25),
        (b"\r\n", b"GET /" + b"a" * 100, 25),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-Header: " + b"a" * 100, 25),
        (HEAD + b"Content-Length: 1000\r\n\r\n", b"a", 35),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 35),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: aaaaaa\r\n", 35),
        (b"GET /chat/a/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", b"Sec-WebSocket-Key: aaaa", 25),
    ],
    ids=["request line", "empty line", "headers", "body", "chunks", "trailers", "handshake"],
)
def test_a_client_that_sends_a_byte_every_five_seconds_is_disconnected(connect, clock, before, trickled, most):
    connection = connect()
    connection.write(before)
    ended = trickle(connection, clock, trickled)
    assert ended is not None and ended <= most
    assert b" 408 " in connection.received
    assert connection.passed_on("http.request") is None
    clock.advance(Limits().discard_seconds)
    assert connection.transport.is_aborted


def test_the_second_request_of_a_connection_has_the_same_deadline(connect, clock):
    connection = connect()
    connection.request()
    message = connection.passed_on("http.request")
    clock.advance(25)
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"hello"})
    clock.advance(50)
    assert not connection.transport.has_ended, "between two requests it may be idle"
    assert trickle(connection, clock, b"GET /" + b"a" * 100) <= 25


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(connect, clock):
    idle, busy = connect(idle_seconds=60), connect(idle_seconds=60)
    busy.request()
    clock.advance(59)
    assert not idle.transport.has_ended
    clock.advance(2)
    assert idle.transport.disconnecting and idle.received == b""
    assert not busy.transport.has_ended, "the site answers slowly, and `check_timeouts` decides"


def test_a_body_at_the_least_rate_is_read(connect, clock):
    connection = connect(body_seconds=10, body_bytes_per_second=100)
    connection.write(HEAD + b"Content-Length: 10000\r\n\r\n")
    for _ in range(100):
        connection.write(b"x" * 100)
        clock.advance(1)
    assert len(connection.passed_on("http.request")["body"]) == 10000


def test_a_body_below_the_least_rate_gets_408(connect, clock):
    connection = connect(body_seconds=10, body_bytes_per_second=100)
    connection.write(HEAD + b"Content-Length: 10000\r\n\r\n")
    seconds = 0
    while not connection.transport.has_ended:
        connection.write(b"x" * 50)
        clock.advance(1)
        seconds += 1
    assert 15 < seconds < 25 and b" 408 " in connection.received


def test_an_announced_body_above_the_limit_is_refused_before_it_arrives(connect):
    connection = connect()
    connection.write(HEAD + b"Content-Length: 12000000000\r\n\r\n")
    assert connection.status == 413 and b"too_large" in connection.received
    assert connection.transport.is_half_closed


def test_a_client_that_asks_before_it_sends_is_refused_without_100_continue(connect):
    connection = connect()
    connection.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n")
    assert connection.received.startswith(b"HTTP/1.1 413 ")
    connection = connect()
    connection.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 1048576\r\n\r\n")
    assert connection.received == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_chunks_above_the_limit_are_refused_when_they_cross_it(connect):
    connection = connect(max_body_bytes=1000)
    connection.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    connection.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
    assert connection.received == b""
    connection.write(b"1\r\nx\r\n" * 3 + b"0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    assert connection.status == 413 and connection.received.count(b"HTTP/1.1") == 1
    assert connection.passed_on("http.request") is None


def test_bytes_after_a_refusal_are_dropped_up_to_a_limit(connect, clock):
    connection = connect(discard_bytes=100000)
    connection.write(HEAD + b"Content-Length: 12000000000\r\n\r\n")
    connection.write(b"x" * 99999)
    assert not connection.transport.is_aborted
    connection.write(b"x" * 2)
    assert connection.transport.is_aborted
    connection = connect(discard_seconds=5)
    connection.write(HEAD + b"Content-Length: 12000000000\r\n\r\n")
    clock.advance(5)
    assert connection.transport.is_aborted


def test_bytes_after_the_last_response_are_dropped_up_to_a_limit(connect, clock):
    connection = connect(discard_bytes=1000, discard_seconds=5)
    connection.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    message = connection.passed_on("http.request")
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"hello"})
    assert connection.transport.is_half_closed and not connection.transport.disconnecting
    connection.write(b"x" * 1000)
    assert connection.transport.producerState == "producing"
    connection.write(b"x")
    assert connection.transport.producerState == "paused", "TCP makes the client wait"
    clock.advance(4)
    assert not connection.transport.disconnecting
    clock.advance(1)
    assert connection.transport.disconnecting and not connection.transport.is_aborted


def test_dropped_bytes_count_against_the_address(connect):
    connection = connect(address_bytes=(1000, 1))
    connection.write(b"nonsense\r\n\r\n")
    connection.write(b"x" * 900)
    assert not connection.transport.is_aborted
    connection.write(b"x" * 200)
    assert connection.transport.is_aborted


def test_only_a_limited_number_of_refused_connections_waits_for_the_clients_to_close(connect):
    first = connect(lingering_connections=1)
    second = connect()
    second.factory.lingering = first.factory.lingering
    for connection in (first, second):
        connection.write(b"nonsense\r\n\r\n")
    assert first.transport.is_half_closed and not second.transport.is_half_closed and second.transport.disconnecting
    first.channel.connectionLost(Failure(ConnectionDone()))
    third = connect()
    third.factory.lingering = first.factory.lingering
    third.write(b"nonsense\r\n\r\n")
    assert third.transport.is_half_closed


def test_only_one_response_follows_a_malformed_request(connect):
    connection = connect()
    connection.write(b"nonsense\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert connection.received.count(b"HTTP/1.1 400") == 1
    assert connection.passed_on("http.request") is None


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 17000,
        b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 17000 + b"\r\n\r\n",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\nX-Next: a\r\n\r\n",
    ],
    ids=["unfinished request line", "request line", "header", "length as the last header", "length"],
)
def test_a_head_that_is_too_long_gets_400_and_ends_the_connection(connect, head):
    connection = connect()
    connection.write(head)
    connection.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert connection.received == b"HTTP/1.1 400 Bad Request\r\n\r\n"
    assert connection.transport.is_half_closed and connection.passed_on("http.request") is None


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_client_that_does_not_read_its_response_is_disconnected(connect, clock, monkeypatch, version):
    connection = connect()
    connection.write(b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n")
    message = connection.passed_on("http.request")
    monkeypatch.setattr(deadlines, "unsent_bytes", lambda transport: 100000)
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"x" * 100000})
    clock.pump([1] * 100)
    assert connection.transport.is_aborted


def test_a_client_that_reads_its_response_slowly_gets_all_of_it(connect, clock, monkeypatch):
    connection = connect()
    connection.request()
    message = connection.passed_on("http.request")
    unsent = [1_000_000]
    monkeypatch.setattr(deadlines, "unsent_bytes", lambda transport: unsent[0])
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"x" * 1000000})
    while unsent[0]:
        clock.advance(1)
        unsent[0] -= 1000
        assert not connection.transport.has_ended
    clock.pump([1] * 6)
    assert connection.transport.disconnecting, "the connection has been idle for longer than its limit"


def test_the_connections_of_an_address_are_limited(connect):
    connection = connect(connections_per_address=2)
    factory = connection.factory
    address = IPv4Address("TCP", "10.1.1.1", 4712)
    second = factory.buildProtocol(address)
    assert second is not None and factory.buildProtocol(address) is None
    assert factory.buildProtocol(IPv4Address("TCP", "10.1.1.2", 4711)) is not None
    assert factory.buildProtocol(UNIXAddress("socket")) is not None
    connection.channel.connectionLost(Failure(ConnectionDone()))
    assert factory.buildProtocol(address) is not None and factory.buildProtocol(address) is None


def test_the_connections_of_an_ipv6_network_count_together(connect):
    factory = connect(connections_per_address=1).factory
    assert factory.buildProtocol(IPv6Address("TCP", "2001:db8::1", 1)) is not None
    assert factory.buildProtocol(IPv6Address("TCP", "2001:db8::2", 1)) is None
    assert factory.buildProtocol(IPv6Address("TCP", "2001:db8:0:1::1", 1)) is not None


def test_a_websocket_counts_as_a_connection_until_it_ends(connect):
    connection = connect(connections_per_address=1)
    connection.open()
    address = IPv4Address("TCP", "10.1.1.1", 4712)
    assert connection.factory.buildProtocol(address) is None
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.factory.buildProtocol(address) is not None


def test_behind_a_proxy_the_forwarded_address_counts(clock):
    connection = FakeConnection(limits=make_limits({"connections_per_address": 1}), **BEHIND_A_PROXY)
    factory = connection.factory
    assert factory.buildProtocol(IPv4Address("TCP", "10.1.1.1", 4712)) is not None, "the proxy has many connections"
    connection.request(headers=[b"X-Forwarded-For: 192.0.2.1"])
    waiting = connection.passed_on("http.request")

    def request(address):
        other = FakeConnection(**BEHIND_A_PROXY)
        other.channel.factory = other.factory = factory
        other.layer = connection.layer
        other.request(headers=[b"X-Forwarded-For: " + address], path=b"/api/rooms/")
        return other

    assert request(b"192.0.2.1").status == 429
    request(b"192.0.2.2")
    assert connection.passed_on("http.request")["client"][0] == "192.0.2.2"
    factory.dispatch_reply(waiting["reply_channel"], {"status": 200, "content": b"done"})
    request(b"192.0.2.1")
    assert connection.passed_on("http.request")["client"][0] == "192.0.2.1"


def test_behind_a_proxy_websockets_count_by_the_forwarded_address():
    first = FakeConnection(limits=make_limits({"sockets_per_address": 1}), **BEHIND_A_PROXY)
    first.open(headers=[b"X-Forwarded-For: 2001:db8::1"])

    def is_passed_on(address):
        other = FakeConnection(limits=first.factory.limits, **BEHIND_A_PROXY)
        other.factory.addresses = first.factory.addresses
        other.handshake(headers=[b"X-Forwarded-For: " + address])
        return other.passed_on("websocket.connect") is not None

    assert not is_passed_on(b"2001:db8::2")
    assert is_passed_on(b"2001:db8:0:1::1")

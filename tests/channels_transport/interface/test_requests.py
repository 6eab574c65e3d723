"""HTTP requests: they are passed on or refused, and their responses are sent."""

import json
import re

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from channels_transport import interface
from channels_transport.interface.limits import Limits
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database


@pytest.fixture
def connection():
    return FakeConnection()


def test_a_request_is_passed_on_and_its_response_is_sent(connection):
    connection.request(path=b"/rooms/?q=a", headers=[b"X-Any: thing"])
    message = connection.passed_on("http.request")
    assert (message["path"], message["query_string"]) == ("/rooms/", b"q=a")
    assert message["client"] == ["10.1.1.1", 4711]
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"Hello"})
    assert connection.status == 200 and b"Hello" in connection.received


@pytest.mark.parametrize("method, status", [(b"HEAD", 200), (b"HEAD", 404), (b"GET", 204), (b"GET", 304)])
def test_the_content_of_a_response_that_may_have_no_body_is_dropped_in_all_its_parts(connection, method, status):
    connection.request(method)
    reply = connection.passed_on("http.request")["reply_channel"]
    parts = [b"HTTP/1.1 200 OK\r\n\r\n", b"a forged response", b""]
    connection.factory.dispatch_reply(reply, {"status": status, "content": parts[0], "more_content": True})
    connection.factory.dispatch_reply(reply, {"content": parts[1], "more_content": True})
    connection.factory.dispatch_reply(reply, {"content": parts[2]})
    head, end, body = connection.received.partition(b"\r\n\r\n")
    assert (connection.status, end, body) == (status, b"\r\n\r\n", b"")
    connection.transport.clear()
    connection.request(path=b"/next")
    reply = connection.passed_on("http.request")["reply_channel"]
    connection.factory.dispatch_reply(
        reply, {"status": 201, "headers": [[b"Content-Length", b"4"]], "content": b"next"}
    )
    assert connection.status == 201 and connection.received.endswith(b"next")


TYPES = [
    b"text/\x1cplain",
    b"a\x85b",
    b"\xff",
    b"multipart/form-data",
    b"multipart/form-data; boundary=\x1e",
    b";",
    b"=",
]


@pytest.mark.parametrize("type", [*TYPES, b"application/x-www-form-urlencoded"])
def test_a_form_is_passed_on_unread_with_any_type(connection, type):
    connection.request(b"POST", headers=[b"Content-Type: " + type], body=b"a=b&" * 1000)
    message = connection.passed_on("http.request")
    assert dict(message["headers"])[b"content-type"] == type and message["body"] == b"a=b&" * 1000


def test_a_body_of_one_mebibyte_is_read_and_a_larger_body_is_refused():
    connection = FakeConnection()
    connection.request(b"POST", b"/api/rooms/", body=b"x" * Limits().max_body_bytes)
    assert len(connection.passed_on("http.request")["body"]) == Limits().max_body_bytes
    connection = FakeConnection()
    connection.request(b"POST", b"/api/rooms/", body=b"x" * (Limits().max_body_bytes + 1))
    assert connection.status == 413 and connection.passed_on("http.request") is None
    body = json.loads(re.search(rb"\{.*\}", connection.received)[0])
    assert body["code"] == "too_large"
    assert connection.passed_on("http.disconnect") is None


def test_outside_the_api_a_large_body_gets_a_page():
    connection = FakeConnection()
    connection.request(b"POST", b"/sign-in/", body=b"x" * (Limits().max_body_bytes + 1))
    assert connection.status == 413 and b"text/html" in connection.received


def test_a_large_body_in_chunks_is_refused(connection):
    connection.write(b"POST /api/x/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(33):
        connection.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
    connection.write(b"0\r\n\r\n")
    assert connection.status == 413 and connection.passed_on("http.request") is None


def test_a_client_cannot_change_the_root_path(connection):
    connection.request(headers=[b"Daphne-Root-Path: /evil"])
    message = connection.passed_on("http.request")
    assert message["root_path"] == ""
    assert b"daphne-root-path" not in dict(message["headers"])


@pytest.mark.parametrize(
    "hops, header, address",
    [
        (0, b"6.6.6.6", "10.1.1.1"),
        (1, b"6.6.6.6, 7.7.7.7", "7.7.7.7"),
        (2, b"5.5.5.5, 6.6.6.6, 7.7.7.7", "6.6.6.6"),
        (3, b"7.7.7.7", "7.7.7.7"),
        (1, None, "10.1.1.1"),
    ],
)
@pytest.mark.parametrize("is_socket", [False, True])
def test_only_trusted_proxies_set_the_address_of_a_client(hops, header, address, is_socket):
    connection = FakeConnection(
        trusted_proxies=hops, proxy_forwarded_address_header="X-Forwarded-For" if hops else None
    )
    headers = [b"X-Forwarded-For: " + header] if header else []
    connection.handshake(headers=headers) if is_socket else connection.request(headers=headers)
    message = connection.passed_on("websocket.connect" if is_socket else "http.request")
    assert message["client"][0] == address


def test_proxies_may_send_several_header_lines():
    connection = FakeConnection(trusted_proxies=1, proxy_forwarded_address_header="X-Forwarded-For")
    connection.request(headers=[b"X-Forwarded-For: 6.6.6.6", b"X-Forwarded-For: 7.7.7.7"])
    assert connection.passed_on("http.request")["client"][0] == "7.7.7.7"


def test_a_stalled_response_is_dropped_and_a_slow_one_is_not():
    connection = FakeConnection(timeout=30)
    connection.request()
    message = connection.passed_on("http.request")
    connection.factory.dispatch_reply(
        message["reply_channel"], {"status": 200, "content": b"half", "more_content": True}
    )
    request = connection.factory.reply_protocols[message["reply_channel"]]
    request.request_start -= 31
    connection.factory.check_timeouts()
    assert not connection.transport.disconnecting and message["reply_channel"] in connection.factory.reply_protocols
    request.answered_at -= 31
    connection.factory.check_timeouts()
    assert connection.transport.disconnecting and connection.status == 200


@pytest.fixture
def long_response():
    """Return (connection, reply channel) of a request whose response is in the transport's buffer."""
    connection = FakeConnection(timeout=30)
    connection.request()
    reply = connection.passed_on("http.request")["reply_channel"]
    connection.factory.dispatch_reply(reply, {"status": 200, "content": b"a" * 1000, "more_content": True})
    connection.transport.producer.pauseProducing()  # as a transport does when its buffer is full
    connection.factory.dispatch_reply(reply, {"content": b"b" * 1000, "more_content": True})
    connection.factory.dispatch_reply(reply, {"more_content": False})
    return connection, reply


def test_a_long_response_ends_after_its_last_byte(long_response):
    connection, reply = long_response
    assert reply in connection.factory.reply_protocols
    # Before the last byte, Twisted's idle timeout does not apply.
    assert connection.transport.producer._TimeoutMixin__timeoutCall is None
    connection.transport.producer.resumeProducing()
    assert reply not in connection.factory.reply_protocols
    assert connection.received.endswith(b"0\r\n\r\n")
    connection.request(path=b"/next")
    assert connection.passed_on("http.request")["path"] == "/next"


def test_a_slow_client_stays_connected_and_a_client_that_does_not_read_is_dropped(long_response, monkeypatch):
    connection, reply = long_response
    request = connection.factory.reply_protocols[reply]
    request.request_start -= 31
    for unsent in (2000, 1500, 700):
        monkeypatch.setattr(interface.requests, "unsent_bytes", lambda transport, unsent=unsent: unsent)
        request.answered_at -= 31
        connection.factory.check_timeouts()
        assert not connection.transport.disconnected
    request.answered_at -= 31
    connection.factory.check_timeouts()
    assert connection.transport.disconnected


def test_a_long_response_is_released_when_the_client_disconnects(long_response):
    connection, reply = long_response
    connection.channel.connectionLost(Failure(ConnectionDone()))
    assert reply not in connection.factory.reply_protocols

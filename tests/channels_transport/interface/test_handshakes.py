"""Handshakes of websockets: valid ones are passed on, and others get a status that the client can read."""

from unittest.mock import Mock

import pytest
from twisted.internet.protocol import connectionDone

from channels_transport import interface
from channels_transport.interface.opening import SHARED_PATHS, read_path
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database


@pytest.fixture
def connection():
    return FakeConnection()


def test_a_handshake_is_passed_on_and_accepted(connection):
    connection.handshake(b"/chat/garden/?cursor=5", [b"Origin: http://testserver", b"Cookie: sessionid=a"])
    message = connection.passed_on("websocket.connect")
    assert (message["path"], message["query_string"], message["order"]) == ("/chat/garden/", b"cursor=5", 0)
    headers = dict(message["headers"])
    assert headers[b"origin"] == b"http://testserver" and headers[b"cookie"] == b"sessionid=a"
    connection.factory.dispatch_reply(message["reply_channel"], {"accept": True, "text": "Hello"})
    assert connection.status == 101 and connection.received.endswith(b"\x81\x05Hello")


@pytest.mark.parametrize(
    "query",
    [b"session_key=a", b"session_key", b"session_key=", b"a=1&session_key=b", b"%73ession_key=a", b"session%5Fkey=a"],
)
def test_a_session_key_in_the_url_is_refused(connection, query):
    connection.handshake(b"/chat/garden/?" + query)
    assert connection.status == 400 and connection.passed_on("websocket.connect") is None


def test_a_site_may_accept_a_session_key_in_the_url(connection, settings):
    settings.INTERFACE_ACCEPTS_SESSION_KEY = True
    connection.handshake(b"/chat/garden/?session_key=a")
    assert connection.passed_on("websocket.connect")["query_string"] == b"session_key=a"


@pytest.mark.parametrize("end", interface.LINE_ENDS)
def test_a_header_cannot_inject_another_header(connection, end):
    connection.handshake(headers=[b"X-Any: a" + end + b"Origin: http://testserver"])
    assert connection.status == 400 and connection.passed_on("websocket.connect") is None


@pytest.mark.parametrize(
    "path",
    [
        b"/chat/garden/?\x1fHTTP/1.1\x1cOrigin:http://testserver\x1cX:y",
        b"/chat/garden/\x1fHTTP/1.1\x1cOrigin:http://testserver\x1cX:y",
        b"/chat/garden/?\xa0HTTP/1.1\x85Origin:http://testserver\x85X:y",
    ],
)
def test_a_url_cannot_inject_a_header(connection, path):
    connection.handshake(path)
    assert connection.status == 400 and connection.passed_on("websocket.connect") is None


def test_two_origins_are_not_a_valid_origin(connection):
    connection.handshake(headers=[b"Origin: http://testserver", b"Origin: http://evil.example"])
    message = connection.passed_on("websocket.connect")
    assert message is None or dict(message["headers"])[b"origin"] not in (b"http://testserver", b"http://evil.example")


def test_the_origin_null_reaches_the_check_of_the_site(connection):
    connection.handshake(headers=[b"Origin: null"])
    assert dict(connection.passed_on("websocket.connect")["headers"])[b"origin"] == b"null"


@pytest.mark.parametrize("origin", [b"nonsense", b"http://", b"http://[::1"])
def test_a_malformed_origin_gets_400_and_logs_no_traceback(connection, caplog, origin):
    connection.handshake(headers=[b"Origin: " + origin])
    assert connection.status == 400 and connection.passed_on("websocket.connect") is None
    assert connection.passed_on("websocket.disconnect") is None and "Traceback" not in caplog.text


def test_a_denied_handshake_gets_403(connection):
    connection.handshake()
    message = connection.passed_on("websocket.connect")
    connection.factory.dispatch_reply(message["reply_channel"], {"close": True})
    assert connection.status == 403


def test_a_handshake_that_cannot_be_passed_on_gets_503_without_details(connection, monkeypatch):
    def fail(channel, message):
        raise OSError("redis at 10.0.0.1")

    monkeypatch.setattr(connection.layer, "send", fail)
    connection.handshake()
    assert connection.status == 503 and b"10.0.0.1" not in connection.received


def test_a_handshake_that_ends_with_an_exception_leaves_nothing(connection, monkeypatch):
    monkeypatch.setattr(connection.factory, "find_rule", Mock(side_effect=RuntimeError))
    with pytest.raises(RuntimeError):
        connection.handshake()
    connection.transport.protocol.connectionLost(connectionDone)
    factory = connection.factory
    assert (factory.reply_protocols, factory.ws_factory.countConnections, factory.counted) == ({}, 0, {})


def test_the_paths_of_clients_are_not_kept_for_the_life_of_the_process():
    for number in range(SHARED_PATHS + 10):
        read_path(f"/chat/{number}/")
    assert read_path.cache_info().currsize == SHARED_PATHS


def test_a_handshake_gets_503_while_the_channel_is_full():
    connection = FakeConnection(capacity=0)
    connection.handshake()
    assert connection.status == 503


@pytest.mark.parametrize("code", [4401, 4404, 4429])
def test_a_handshake_is_accepted_and_closed_with_one_message(connection, code):
    connection.handshake()
    connection.asgi_message = connection.passed_on("websocket.connect")
    connection.reply({"accept": True, "close": code})
    assert connection.status == 101
    assert connection.received.endswith(bytes([0x88, 2]) + code.to_bytes(2, "big"))

"""Messages of workers to one websocket: what is sent, accepted, refused and closed."""

import pytest

from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database

TEXT, BINARY = b"\x81", b"\x82"


@pytest.fixture
def connection():
    return FakeConnection().open()


def waiting():
    """Return a connection whose handshake is not answered yet."""
    connection = FakeConnection()
    connection.handshake()
    connection.asgi_message = connection.passed_on("websocket.connect")
    return connection


@pytest.mark.parametrize(
    "message, sent",
    [
        ({"text": "grüß"}, TEXT + b"\x06" + "grüß".encode()),
        ({"text": ""}, TEXT + b"\0"),
        ({"bytes": b"\0\xff"}, BINARY + b"\x02\0\xff"),
        ({"bytes": b""}, BINARY + b"\0"),
        ({"text": None, "bytes": b""}, BINARY + b"\0"),
        ({"text": "", "bytes": None}, TEXT + b"\0"),
        ({"text": "a", "bytes": b""}, TEXT + b"\x01a"),
        ({"text": "", "bytes": b"a"}, BINARY + b"\x01a"),
        ({"text": None, "bytes": None}, b""),
        ({}, b""),
        ({"text": "", "close": 4000}, TEXT + b"\0\x88\x02" + (4000).to_bytes(2, "big")),
        ({"bytes": b"", "close": False}, BINARY + b"\0"),
        ({"accept": True, "text": "again"}, TEXT + b"\x05again"),
    ],
)
def test_a_message_to_an_open_websocket_is_sent(connection, message, sent):
    connection.reply(message)
    assert connection.received == sent


@pytest.mark.parametrize("message", [{"text": "a", "bytes": b"a"}, {"text": "a", "colour": "red"}])
def test_a_message_that_is_not_valid_is_refused_and_nothing_is_sent(connection, message):
    with pytest.raises(ValueError):
        connection.reply(message)
    assert connection.received == b""


@pytest.mark.parametrize(
    "message, sent",
    [({"text": ""}, TEXT + b"\0"), ({"accept": True, "bytes": b""}, BINARY + b"\0"), ({"accept": True}, b"\r\n\r\n")],
)
def test_a_message_with_content_also_accepts_the_handshake(message, sent):
    connection = waiting()
    connection.reply(message)
    assert connection.status == 101 and connection.received.endswith(sent)


@pytest.mark.parametrize(
    "message", [{"accept": False}, {"accept": False, "text": "a"}, {"close": True}, {"close": 4000}]
)
def test_a_handshake_is_refused_with_403(message):
    connection = waiting()
    connection.reply(message)
    assert connection.status == 403


def test_frames_of_a_client_may_be_empty(connection):
    connection.frame(1, b"")
    connection.frame(2, b"")
    text, binary = connection.passed_on("websocket.receive"), connection.passed_on("websocket.receive")
    assert (text["text"], text.get("bytes")) == ("", None)
    assert (binary["bytes"], binary.get("text")) == (b"", None)

"""Messages of workers to one websocket: what is sent, accepted, refused and closed."""

from collections import Counter

import pytest

from channels_transport import counting
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
        ({"texts": ["a", "", "grüß"]}, TEXT + b"\x01a" + TEXT + b"\0" + TEXT + b"\x06" + "grüß".encode()),
        ({"texts": []}, b""),
        ({"text": "a", "texts": ["b"], "close": 4000}, TEXT + b"\x01a\x81\x01b\x88\x02" + (4000).to_bytes(2, "big")),
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
    [
        ({"text": ""}, TEXT + b"\0"),
        ({"texts": ["a", "b"]}, TEXT + b"\x01a" + TEXT + b"\x01b"),
        ({"accept": True, "bytes": b""}, BINARY + b"\0"),
        ({"accept": True}, b"\r\n\r\n"),
    ],
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


def test_several_texts_count_as_one_frame_each_and_need_two_writes(connection, monkeypatch):
    counted, written = Counter(), []
    monkeypatch.setattr(counting, "add", lambda name, labels=(), amount=1: counted.update({name: amount}))
    monkeypatch.setattr(connection.transport, "write", written.append)
    connection.reply({"texts": ["a", "bc", "d"]})
    assert counted == {"interface_frames": 3, "interface_bytes": 4}
    assert written == [TEXT + b"\x01a", TEXT + b"\x02bc" + TEXT + b"\x01d"]


def test_several_texts_count_as_unread_bytes_and_are_not_sent_to_a_closing_websocket(connection):
    protocol = connection.factory.reply_protocols[connection.asgi_message["reply_channel"]]
    protocol.unread.pauseProducing()
    connection.reply({"texts": ["a", "bc"]})
    assert protocol.unread.unread_bytes >= 3
    connection.reply({"close": True})
    connection.transport.clear()
    connection.reply({"texts": ["a", "b"]})
    assert connection.received == b""


def test_frames_of_a_client_may_be_empty(connection):
    connection.frame(1, b"")
    connection.frame(2, b"")
    text, binary = connection.passed_on("websocket.receive"), connection.passed_on("websocket.receive")
    assert (text["text"], text.get("bytes")) == ("", None)
    assert (binary["bytes"], binary.get("text")) == (b"", None)

"""Open websockets: frames, close codes, pings and silence."""

import time
from types import SimpleNamespace

import pytest
from autobahn.websocket.protocol import WebSocketProtocol as Frames

from channels_transport import interface
from tests.channels_transport.connection import FakeConnection, make_frame
from tests.stand_ins import Clock

pytestmark = pytest.mark.no_database

# In these tests, a frame that begins with the byte 0x88 is a close, and one that begins with 0x89 is a ping.


@pytest.fixture
def connection():
    return FakeConnection()


def test_frames_are_passed_on_in_order(connection):
    connection.open()
    connection.frame(Frames.MESSAGE_TYPE_TEXT, "grüß".encode())
    connection.frame(Frames.MESSAGE_TYPE_BINARY, b"\xff")
    first, second = connection.passed_on("websocket.receive"), connection.passed_on("websocket.receive")
    assert (first["text"], first["order"]) == ("grüß", 1)
    assert (second["bytes"], second["order"], second.get("text")) == (b"\xff", 2, None)


def test_a_text_needs_none_of_the_steps_of_autobahn(connection, monkeypatch):
    protocol = connection.open().transport.protocol
    monkeypatch.setattr(protocol, "processData", None)
    connection.write(make_frame(0x81, b"one") + make_frame(0x81, b"two"))
    assert [connection.passed_on("websocket.receive")["text"] for _ in range(2)] == ["one", "two"]


def test_a_text_counts_as_the_answer_to_a_ping(connection):
    protocol = connection.open().transport.protocol
    protocol._sendAutoPing()
    connection.frame(Frames.MESSAGE_TYPE_TEXT, b"hello")
    assert connection.passed_on("websocket.receive")["text"] == "hello"
    assert protocol.autoPingTimeoutCall is None


def test_a_frame_for_which_the_layer_has_no_room_closes_with_1013():
    connection = FakeConnection(capacity=1).open()
    connection.write(make_frame(0x81, b"one") + make_frame(0x81, b"two") + make_frame(0x81, b"three"))
    assert connection.close_code == 1013
    assert connection.passed_on("websocket.receive")["text"] == "one"
    assert connection.passed_on("websocket.receive") is None


def test_a_frame_of_64_kib_is_passed_on_and_a_larger_frame_closes_with_1009():
    connection = FakeConnection().open()
    connection.frame(Frames.MESSAGE_TYPE_TEXT, b"x" * 65536)
    assert len(connection.passed_on("websocket.receive")["text"]) == 65536
    connection = FakeConnection().open()
    connection.frame(Frames.MESSAGE_TYPE_TEXT, b"x" * 65537)
    assert connection.close_code == 1009 and connection.passed_on("websocket.receive") is None


def test_a_frame_that_announces_a_large_length_closes_with_1009_at_once():
    connection = FakeConnection().open()
    connection.frame(Frames.MESSAGE_TYPE_TEXT, b"", length=2**40)
    assert connection.close_code == 1009


def test_a_text_frame_that_is_not_utf8_closes_with_1007(connection):
    connection.open()
    connection.frame(Frames.MESSAGE_TYPE_TEXT, b"\xff\xfe")
    assert connection.close_code == 1007 and connection.passed_on("websocket.receive") is None


@pytest.mark.parametrize("code", [1000, *interface.SERVER_CLOSE_CODES, 4401, 4408])
def test_the_server_closes_with_each_permitted_code(connection, code):
    connection.open()
    connection.reply({"close": code})
    assert connection.close_code == code


def test_a_second_close_and_late_frames_are_ignored(connection):
    connection.open()
    connection.reply({"close": 4403})
    written = connection.received
    connection.reply({"close": 4401})
    connection.reply({"text": "late"})
    assert connection.received == written


def test_a_paused_connection_is_not_dropped_for_an_unread_pong(connection):
    protocol = connection.open().transport.protocol
    protocol._sendAutoPing()
    assert protocol.autoPingTimeoutCall is not None
    protocol.pause()
    connection.transport.clear()
    protocol.last_data -= 100
    connection.factory.check_timeouts()
    assert protocol.autoPingTimeoutCall is None and connection.received == b""
    protocol.resume()
    protocol.last_data -= 100
    connection.factory.check_timeouts()
    assert connection.received[0] == 0x89
    protocol.pause()


def test_a_silent_connection_is_closed_with_4408_before_its_groups_expire(connection, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(interface.websockets, "time", SimpleNamespace(monotonic=clock.monotonic, time=time.time))
    connection.open()
    socket = next(iter(connection.factory.reply_protocols.values()))
    expiry = connection.layer.group_expiry
    socket.check_ping()
    clock.pass_by(expiry * 0.6)
    socket.check_ping()
    connection.frame(1, b"a frame")
    socket.check_ping()
    clock.pass_by(expiry * 0.6)
    socket.check_ping()
    assert b"\x88" not in connection.received[:1], "a frame arrived in between"
    clock.pass_by(expiry * 0.4)
    connection.transport.clear()
    socket.check_ping()
    assert connection.close_code == 4408


def test_pings_continue_after_the_clock_was_set_back(connection):
    connection.open()
    socket = next(iter(connection.factory.reply_protocols.values()))
    socket.last_data = time.time() + 25 * 3600
    socket.check_ping()
    socket.last_data -= connection.factory.ping_interval + 1
    socket.check_ping()
    assert connection.received[0] == 0x89

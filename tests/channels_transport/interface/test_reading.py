"""Frames are read in small parts and within budgets. A client that keeps exceeding its budgets is closed with 4429."""

import time

import pytest
from twisted.internet import task
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from channels_transport.interface import budgets, closing, reading
from channels_transport.interface import turns as turns_module
from channels_transport.interface.limits import make_limits, make_rules
from tests.channels_transport.connection import FakeConnection, Transport, make_frame
from tests.stand_ins import Clock

pytestmark = pytest.mark.no_database

SMALL = {"socket_frames": (20, 10), "socket_control_frames": (20, 10), "socket_bytes": (10000, 1000)}


class PausableTransport(Transport):
    """A transport that records whether it is read and whether it was aborted."""

    is_read = True
    is_aborted = False

    def pauseProducing(self):
        self.is_read = False

    def resumeProducing(self):
        self.is_read = True

    def abortConnection(self):
        self.is_aborted = True


class Rig:
    """A server with fake clocks. `open()` returns a websocket."""

    def __init__(self, monkeypatch):
        self.reactor, self.clock = task.Clock(), Clock()
        for module in (reading, closing, turns_module):
            monkeypatch.setattr(module, "reactor", self.reactor)
        for module in (reading, budgets, turns_module):
            monkeypatch.setattr(module, "time", self.clock)

    def open(self, given=None, rules=(), path=b"/chat/garden/", **options):
        limits = make_limits(given or {})
        connection = FakeConnection(limits=limits, rules=make_rules(rules, limits), capacity=10**6, **options)
        connection.transport.__class__ = PausableTransport
        connection.forgotten = []
        connection.layer.forget = connection.forgotten.append
        return connection.open(path=path)

    def pass_by(self, seconds):
        for _ in range(round(seconds / 0.05)):
            self.clock.pass_by(0.05)
            self.reactor.advance(0.05)


@pytest.fixture
def rig(monkeypatch):
    return Rig(monkeypatch)


def frame(opcode, payload=b"", is_last=True):
    return make_frame((0x80 if is_last else 0) | opcode, payload)


TEXT, PING, CLOSE = frame(1, b"hello"), frame(9), frame(8, b"\x03\xe8")


def count(connection, channel="websocket.receive"):
    """Receive all messages that were passed on to a channel, and return their number."""
    number = 0
    while connection.passed_on(channel) is not None:
        number += 1
    return number


def test_one_read_of_many_frames_is_processed_in_several_turns_of_the_reactor(rig):
    connection = rig.open({"socket_frames": None})
    connection.write(TEXT * 5000)
    assert count(connection) == reading.FRAMES_AT_ONCE
    assert not connection.transport.is_read, "its client waits until these frames are processed"
    rig.reactor.advance(0)
    assert count(connection) == 5000 - reading.FRAMES_AT_ONCE
    assert connection.transport.is_read


def test_a_turn_of_the_reactor_takes_milliseconds_however_many_frames_wait(rig, monkeypatch):
    for module in (reading, turns_module):
        monkeypatch.setattr(module, "time", time)
    sockets = [rig.open({"socket_frames": None, "socket_control_frames": None}) for _ in range(20)]
    turns = sockets[0].factory.turns
    for connection in sockets:
        connection.transport.protocol.turns = turns
        connection.write(PING * 10000)
    started = time.monotonic()
    turns._backlog._work()
    assert time.monotonic() - started < 0.5, "all of these frames together take more than a second"
    assert sum(not connection.transport.is_read for connection in sockets) > 10


def test_a_socket_with_few_frames_does_not_wait_for_a_flood(rig):
    flood, other = rig.open({"socket_frames": None}), rig.open()
    flood.write(TEXT * 5000)
    other.write(TEXT)
    assert count(other) == 1


@pytest.mark.parametrize(
    "first, more",
    [
        (b"", TEXT),
        (b"", PING),
        (b"", frame(10)),
        (frame(1, b"", is_last=False), frame(0, b"", is_last=False)),
        (frame(1, b"x", is_last=False), frame(0, b"x", is_last=False)),
    ],
    ids=["texts", "pings", "pongs", "empty fragments", "fragments"],
)
def test_a_client_above_its_budget_is_not_read_and_then_closed_with_4429(rig, first, more):
    connection = rig.open(SMALL)
    connection.write(first + more * 100)
    rig.reactor.advance(0)
    assert not connection.transport.is_read
    assert count(connection) <= 20
    for _ in range(40):
        rig.pass_by(0.5)
        if connection.transport.is_read and not connection.forgotten:
            connection.write(more * 100)
    assert b"\x88\x02" + (4429).to_bytes(2, "big") in connection.received
    assert connection.forgotten == [connection.asgi_message["reply_channel"]]
    message = connection.passed_on("websocket.disconnect")
    assert (message["code"], connection.passed_on("websocket.disconnect")) == (4429, None)


def test_a_client_above_its_budget_of_bytes_is_not_read(rig):
    connection = rig.open({**SMALL, "socket_frames": None})
    connection.write(frame(2, b"x" * 100) * 110)
    rig.reactor.advance(0)
    assert not connection.transport.is_read
    rig.pass_by(3)
    assert connection.transport.is_read and count(connection) == 110


def test_a_client_that_pauses_is_read_again_and_loses_nothing(rig):
    connection = rig.open(SMALL)
    connection.write(TEXT * 50)
    rig.reactor.advance(0)
    assert 15 < count(connection) <= 20
    rig.pass_by(4)
    assert connection.transport.is_read
    assert connection.received == b"" and connection.forgotten == []
    for _ in range(3):
        connection.write(TEXT * 50)
        rig.pass_by(20)
    assert connection.received == b"", "the client pauses between its floods, so it is not closed"


def test_a_client_at_exactly_its_rate_is_never_closed(rig):
    connection = rig.open(SMALL)
    for _ in range(600):
        connection.write(TEXT)
        rig.pass_by(0.1)
    assert count(connection) == 600 and connection.received == b""


def test_bytes_that_a_client_sends_after_the_close_are_dropped(rig):
    connection = rig.open(SMALL)
    for _ in range(60):
        connection.write(TEXT * 20)
        rig.pass_by(0.5)
        connection.transport.resumeProducing()
    count(connection)
    assert connection.transport.is_read
    connection.write(TEXT * 1000)
    rig.pass_by(1)
    assert count(connection) == 0


@pytest.mark.parametrize("given", [{"discard_bytes": 1000}, {"address_bytes": (2000, 1)}])
def test_a_closed_client_that_still_sends_is_not_read_any_longer(rig, given):
    connection = rig.open(given)
    connection.transport.loseWriteConnection = lambda: None
    connection.write(frame(3))
    assert connection.close_code == 1002
    connection.write(b"x" * 1000)
    assert connection.transport.is_read
    connection.write(b"x" * 1000)
    assert not connection.transport.is_read and not connection.transport.disconnecting
    rig.pass_by(5.1)
    assert connection.transport.disconnecting


def test_the_disconnect_is_passed_on_once_before_the_connection_ends(rig):
    connection = rig.open()
    connection.write(CLOSE)
    assert connection.passed_on("websocket.disconnect")["code"] == 1000
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.passed_on("websocket.disconnect") is None


def test_all_sockets_of_an_address_share_its_budget(rig):
    first = rig.open({"address_frames": (30, 10)})
    second = rig.open()
    second.transport.protocol.shared = first.transport.protocol.shared
    first.write(TEXT * 20)
    rig.reactor.advance(0)
    second.write(TEXT * 20)
    rig.reactor.advance(0)
    assert count(first) == 20 and count(second) < 15
    assert not second.transport.is_read
    rig.pass_by(30)
    assert count(second) > 0 and b"\x88" not in first.received + second.received, "neither floods by itself"


def test_at_the_limit_of_an_address_only_a_client_that_sends_all_the_time_is_closed(rig):
    flood, other = rig.open({"address_frames": (30, 10)}), rig.open()
    other.transport.protocol.shared = flood.transport.protocol.shared
    flood.transport.protocol.meter.frames.left = other.transport.protocol.meter.frames.left = 10**6
    for second in range(300):
        if not flood.forgotten:
            flood.write(TEXT)
            flood.write(TEXT)
        if second % 10 == 0:
            other.write(TEXT)
        rig.pass_by(0.05)
    assert flood.close_code == 4429 and other.received == b""
    assert count(other) > 20


def test_frames_to_a_send_only_path_are_not_passed_on(rig):
    connection = rig.open(rules=[(r"/news/", {"send_only": True})], path=b"/news/")
    connection.write(TEXT * 20)
    rig.reactor.advance(0)
    assert count(connection) == 0
    connection.write(CLOSE)
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.passed_on("websocket.disconnect")["order"] == 1, "no order is missing"


def test_frames_before_a_close_are_passed_on_even_if_they_are_processed_after_it(rig):
    connection = rig.open()
    connection.write(TEXT * 100)
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.passed_on("websocket.disconnect") is None
    rig.reactor.advance(0)
    assert count(connection) == 100
    assert connection.passed_on("websocket.disconnect")["order"] == 101
    assert connection.forgotten == [] and not connection.factory.reply_protocols


def test_frames_above_the_budget_of_a_client_that_has_left_are_dropped(rig):
    connection = rig.open(SMALL)
    connection.write(TEXT * 100)
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    rig.reactor.advance(0)
    rig.pass_by(1)
    assert count(connection) <= 22
    assert connection.passed_on("websocket.disconnect") is not None
    assert not connection.factory.reply_protocols


def test_a_path_may_declare_that_frames_of_closed_sockets_are_forgotten(rig):
    connection = rig.open(rules=[(r"/probe/", {"forget": True})], path=b"/probe/")
    connection.write(TEXT)
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.forgotten == [connection.asgi_message["reply_channel"]]


def test_a_consumer_that_closes_with_4429_drops_the_frames_that_wait(rig):
    connection = rig.open()
    connection.write(TEXT)
    connection.reply({"close": 4429})
    assert connection.close_code == 4429
    assert connection.forgotten == [connection.asgi_message["reply_channel"]]
    assert connection.passed_on("websocket.disconnect")["order"] == 2
    connection.write(TEXT)
    assert count(connection) == 1, "no frame follows the disconnect"


@pytest.mark.parametrize("code", [1000, 1001, 4401, 4403, 4408])
def test_another_close_forgets_no_frame(rig, code):
    connection = rig.open()
    connection.write(TEXT)
    connection.reply({"close": code})
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.forgotten == []


def test_a_socket_above_the_limit_of_its_address_gets_the_reason_and_is_closed_with_1013(rig):
    limits = {"sockets_per_address": 1, "refusal_text": "too many"}
    first = rig.open(limits, path=b"/lobby/")
    second = FakeConnection(limits=make_limits(limits))
    second.factory.addresses = first.factory.addresses
    second.handshake(path=b"/chat/garden/")
    assert second.status == 101
    assert b"\x81\x08too many\x88\x02" + (1013).to_bytes(2, "big") in second.received
    assert second.passed_on("websocket.connect") is None
    first.transport.protocol.connectionLost(Failure(ConnectionDone()))
    second.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert second.passed_on("websocket.disconnect") is None
    third = FakeConnection(limits=make_limits(limits))
    third.factory.addresses = first.factory.addresses
    third.open()
    assert third.asgi_message["path"] == "/chat/garden/"


def test_bytes_before_the_answer_to_a_handshake_are_kept_up_to_a_limit(rig):
    connection = FakeConnection()
    connection.transport.__class__ = PausableTransport
    connection.handshake()
    connection.asgi_message = connection.passed_on("websocket.connect")
    # autobahn would read these bytes as another handshake.
    connection.write(TEXT + b"\r\n\r\n")
    assert connection.passed_on("websocket.connect") is None
    connection.write(b"x" * reading.MAX_EARLY_BYTES)
    assert not connection.transport.is_read
    connection.reply({"accept": True})
    assert connection.transport.is_read
    assert connection.passed_on("websocket.receive")["text"] == "hello"


@pytest.mark.parametrize("header", [b"X-Usual: a", b"X-Unusual: a\tb"], ids=["usual", "for autobahn"])
def test_early_bytes_are_limited_while_a_handshake_waits_for_redis(rig, monkeypatch, header):
    connection = FakeConnection()
    connection.transport.__class__ = PausableTransport
    held = []

    def send(channel, message):
        # The upstream does so if Redis is not connected.
        if channel == "websocket.connect":
            held.append(connection.factory.reply_protocols[message["reply_channel"]])
            held[0].pause()

    monkeypatch.setattr(connection.layer, "send", send)
    connection.handshake(headers=[header])
    connection.write(b"x" * (reading.MAX_EARLY_BYTES + 1))
    assert not connection.transport.is_read
    held[0].resume()
    assert not connection.transport.is_read
    held[0].serverAccept()
    assert connection.transport.is_read


def test_a_client_that_does_not_read_gets_no_pongs(rig):
    connection = rig.open()
    connection.write(PING)
    assert connection.received == b"\x8a\x00"
    connection.transport.protocol.unread.pauseProducing()  # as a transport does when its buffer is full
    connection.write(PING)
    assert connection.received == b"\x8a\x00"


def test_a_client_that_closes_and_does_not_read_is_disconnected(rig):
    connection = rig.open({"close_seconds": 3})
    connection.write(CLOSE)
    assert connection.transport.disconnecting, "the transport waits until the client has read everything"
    rig.pass_by(2.8)
    assert not connection.transport.is_aborted
    rig.pass_by(0.3)
    assert connection.transport.is_aborted


def test_frames_of_a_paused_socket_stay_in_the_interface(rig):
    connection = rig.open()
    connection.transport.protocol.pause()
    connection.write(TEXT * 100)
    rig.reactor.advance(0)
    assert count(connection) == 0, "outside the interface, the frames would wait in a queue without a limit"
    connection.transport.protocol.resume()
    rig.reactor.advance(0)
    assert count(connection) == 100


# The metrics show how many sockets of each kind are open.


def test_the_sockets_of_each_kind_are_counted_while_they_are_open(rig):
    connection = rig.open(rules=[("/news/", {"kind": "news"}), ("/feeds/", {"kind": "news"})], path=b"/news/1/")
    factory = connection.factory
    assert factory.count_sockets() == {"news": 1, "other": 0}
    factory.rules[1].sockets += 1  # another socket, of the other path
    assert factory.count_sockets() == {"news": 2, "other": 0}
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert factory.count_sockets() == {"news": 1, "other": 0}

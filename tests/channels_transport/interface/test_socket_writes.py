"""Frames go to the kernel at once, each with one call, and stay in order when the kernel has no room."""

import socket

import pytest
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactorClock

from channels_transport import interface
from channels_transport.memory import MemoryChannelLayer
from channels_transport.writing import data_frame
from tests.channels_transport.connection import FakeConnection, make_frame

pytestmark = pytest.mark.no_database

LARGE = b"x" * 60_000


class Socket:
    """A websocket on a real socket. `client` is the other end; `sends` has the length of each write to the kernel."""

    def __init__(self):
        near, self.client = socket.socketpair()
        self.client.setblocking(False)
        self.reactor, self.sends = MemoryReactorClock(), []
        self.connection = FakeConnection()
        self.protocol = self._open(near)
        self.transport = self.protocol.transport

    def _open(self, near):
        connection = self.connection
        connection.handshake()
        connection.asgi_message = connection.passed_on("websocket.connect")
        protocol = connection.transport.protocol
        protocol.transport = Connection(near, protocol, self.reactor)
        protocol.transport.connected = True
        protocol.transport.socket = CountedSocket(near, self.sends)
        connection.reply({"accept": True})
        self.handshake = self.client.recv(10_000)
        self.sends.clear()
        return protocol

    def send(self, payload):
        self.protocol.send_frame(data_frame(payload), payload.decode())

    def read(self):
        """Return everything that arrives, also what the transport writes later because the kernel had no room."""
        data = b""
        while True:
            try:
                data += self.client.recv(1_000_000)
            except BlockingIOError:
                if not self.reactor.writers:
                    return data
                self.transport.doWrite()


class CountedSocket:
    def __init__(self, near, sends):
        self.near, self.sends = near, sends

    def send(self, data):
        self.sends.append(len(data))
        return self.near.send(data)

    def __getattr__(self, name):
        return getattr(self.near, name)


@pytest.fixture
def opened():
    opened = Socket()
    yield opened
    opened.client.close()


def test_a_frame_needs_one_write_and_no_iteration_of_the_reactor(opened):
    opened.send(b"hello")
    opened.connection.reply({"text": "reply"})
    assert opened.client.recv(100) == data_frame(b"hello") + data_frame(b"reply")
    assert opened.sends == [7, 7] and not opened.reactor.writers


def test_handshakes_pings_and_pongs_need_one_write_each(opened):
    assert opened.handshake.startswith(b"HTTP/1.1 101 ")
    opened.protocol.sendPing(b"ping")
    opened.protocol.dataReceived(make_frame(0x89, b"pong"))
    assert opened.client.recv(100) == b"\x89\x04ping\x8a\x04pong"
    assert opened.sends == [6, 6] and not opened.reactor.writers


def test_a_broadcast_writes_once_to_each_socket():
    sockets = [Socket() for _ in range(5)]
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = sockets[0].connection.factory
    protocols = {str(number): one.protocol for number, one in enumerate(sockets)}
    server.factory.reply_protocols.update(protocols)
    server.broadcast([*protocols, "gone"], "hello", data_frame(b"hello"))
    assert [one.sends for one in sockets] == [[7]] * 5
    assert [one.client.recv(100) for one in sockets] == [data_frame(b"hello")] * 5


def test_frames_stay_in_order_and_whole_when_the_kernel_has_no_room(opened):
    sent = [LARGE if number % 3 else b"%d" % number for number in range(20)]
    for payload in sent:
        opened.send(payload)
    assert opened.reactor.writers and opened.protocol.unread.since is not None
    assert opened.read() == b"".join(map(data_frame, sent))
    assert opened.protocol.unread.since is None
    opened.sends.clear()
    opened.send(b"at once again")
    assert opened.sends == [15]


def test_a_client_that_does_not_read_is_dropped_after_a_mebibyte(opened, caplog):
    for _ in range(60):
        opened.send(LARGE)
    assert "does not read" in caplog.text and opened.transport._aborting


def test_a_frame_for_a_connection_that_has_ended_is_dropped(opened):
    opened.transport.socket.close()
    opened.transport.connected = False
    opened.send(b"hello")
    assert opened.transport._tempDataBuffer == []

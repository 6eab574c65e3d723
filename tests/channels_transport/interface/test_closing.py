"""Connections end in order on real TCP: each client can read its last response or close frame, within deadlines."""

import contextlib
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.channels_transport.connection import KEY, make_frame
from tests.channels_transport.interface import tcp_server

pytestmark = pytest.mark.no_database

END = tcp_server.LONG_CONTENT[-100:] + b"\r\n0\r\n\r\n"
FAST, SLOW = b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def port():
    command = [sys.executable, "-m", tcp_server.__name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture
def connect(port):
    with contextlib.ExitStack() as stack:

        def connect():
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
            return client

        yield connect


def read_all(client):
    """Return what the server sends until it closes its side. Raise ConnectionResetError for a reset."""
    received = b""
    while part := client.recv(65536):
        received += part
    return received


def handshake(path):
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY
    return b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n" + upgrade + b"\r\n\r\n"


def open_websocket(client, path=b"/chat"):
    client.sendall(handshake(path))
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        received += client.recv(1)
    assert b" 101 " in received


def read_close_code(client):
    """Return the code of the close frame that the server sends last."""
    received = read_all(client)
    position = received.index(b"\x88")
    assert len(received) == position + 2 + received[position + 1], "nothing follows the close frame"
    return int.from_bytes(received[position + 2 : position + 4], "big")


# Clients that close their side.


@pytest.mark.parametrize("path, end", [(b"/fast", b"fast"), (b"/slow", END), (b"/later", b"nothing")])
def test_a_client_that_closes_its_side_gets_its_whole_response(connect, path, end):
    client = connect()
    client.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    received = read_all(client)
    assert received.startswith(b"HTTP/1.1 200 ") and received.endswith(end)


def test_a_client_that_closes_its_side_gets_all_responses_of_a_pipeline(connect):
    client = connect()
    client.sendall(FAST + SLOW + FAST + SLOW + b"GET /unfinished HTTP/1.1\r\n")
    client.shutdown(socket.SHUT_WR)
    received = read_all(client)
    assert received.count(b"HTTP/1.1 200 ") == 4 and received.endswith(END)


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"]
)
def test_a_client_that_closes_its_side_and_waits_for_nothing_is_closed(connect, sent):
    client = connect()
    client.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    began = time.monotonic()
    assert read_all(client) == b"" and time.monotonic() - began < 1


@pytest.mark.parametrize("path, status, end", [(b"/chat", 101, b"\x88\x02\x03\xe8"), (b"/denied", 403, b"\r\n\r\n")])
def test_a_client_that_closes_its_side_gets_the_answer_to_its_handshake(connect, path, status, end):
    client = connect()
    client.sendall(handshake(path))
    client.shutdown(socket.SHUT_WR)
    received = read_all(client)
    assert received.startswith(b"HTTP/1.1 %d " % status) and received.endswith(end)


def test_a_client_that_sends_its_close_frame_and_closes_its_side_gets_the_answer(connect):
    client = connect()
    open_websocket(client)
    client.sendall(make_frame(0x88, b"\x03\xe8"))
    client.shutdown(socket.SHUT_WR)
    assert read_close_code(client) == 1000


def test_an_open_websocket_whose_client_closes_its_side_is_closed(connect):
    client = connect()
    open_websocket(client)
    client.shutdown(socket.SHUT_WR)
    assert read_all(client) == b""


# Frames that violate the protocol.


@pytest.mark.parametrize(
    "sent, code",
    [
        (make_frame(0x88, b"\x03"), 1002),
        (make_frame(0x88, (1005).to_bytes(2, "big")), 1002),
        (make_frame(0x88, (999).to_bytes(2, "big")), 1002),
        (make_frame(0x88, (5000).to_bytes(2, "big")), 1002),
        (make_frame(0x88, b"\x03\xe8\xff"), 1007),
        (make_frame(0x88, b"\x03\xe8", is_masked=False), 1002),
        (make_frame(0xC1, b"a"), 1002),
        (make_frame(0x83, b"a"), 1002),
        (make_frame(0x8B), 1002),
        (make_frame(0x09), 1002),
        (make_frame(0x08), 1002),
        (make_frame(0x80, b"a"), 1002),
        (make_frame(0x01, b"a") + make_frame(0x81, b"a"), 1002),
        (b"\x89\xfe\x00\x80", 1002),
        (make_frame(0x81, b"a", is_masked=False), 1002),
        (make_frame(0x81, b"\xff"), 1007),
        (b"\x82\xff" + (2**40).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    ],
    ids=[
        *("close of one byte", "code 1005", "code 999", "code 5000", "close reason", "unmasked close", "reserved bit"),
        *("reserved opcode", "reserved control opcode", "fragmented ping", "fragmented close", "continuation"),
        *("unfinished message", "long ping", "unmasked text", "invalid text", "long frame"),
    ],
)
def test_an_invalid_frame_is_answered_with_a_close_frame_and_an_orderly_end(connect, sent, code):
    client = connect()
    open_websocket(client)
    client.sendall(sent + make_frame(0x81, b"more") * 1000)
    assert read_close_code(client) == code
    client.sendall(make_frame(0x88, code.to_bytes(2, "big")))  # the client's answer causes no reset
    time.sleep(0.05)
    client.sendall(b"x")


# Clients that still send when the server closes.


def send_then_read(client, data):
    """Send all of `data` in a thread before the first read. Return what the server has sent."""
    sender = threading.Thread(target=client.sendall, args=[data], daemon=True)
    sender.start()
    sender.join(5)
    return read_all(client)


def test_a_client_that_floods_can_read_its_close_frame(connect):
    client = connect()
    open_websocket(client, b"/flood")
    received = send_then_read(client, make_frame(0x89) * 500_000)
    assert received.endswith(b"\x88\x02" + (4429).to_bytes(2, "big"))


def test_a_client_whose_socket_is_not_read_can_read_its_close_frame(connect):
    client = connect()
    open_websocket(client, b"/flood")
    client.sendall(make_frame(0x81, b"4403") + make_frame(0x81, b"a") * 200_000)
    assert b"\x88\x02" + (4403).to_bytes(2, "big") in read_all(client)


@pytest.mark.parametrize(
    "head, status",
    [
        (b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n", 413),
        (b"POST /slow HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000, 400),
        (b"POST /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"POST /slow HTTP/1.0\r\nHost: a\r\n\r\n", 200),
        (b"POST /slow HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (handshake(b"/denied"), 403),
        (handshake(b"/chat?session_key=a"), 400),
    ],
    ids=["413", "long head", "closing response", "long closing response", "two hosts", "denied", "session key"],
)
def test_a_client_that_still_sends_can_read_its_last_response(connect, head, status):
    client = connect()
    received = send_then_read(client, head + b"x" * 3_000_000)
    assert int(received.split(b" ", 2)[1]) == status


@pytest.mark.parametrize("sent", [b"GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", handshake(b"/denied")])
def test_a_client_that_never_closes_its_side_is_closed_soon(connect, sent):
    client = connect()
    client.sendall(sent)
    read_all(client)
    began = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - began < 5:
            client.sendall(b"x")
            time.sleep(0.02)
    assert time.monotonic() - began < 2

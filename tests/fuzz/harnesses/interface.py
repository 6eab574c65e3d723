"""Harnesses of the interface: bytes on a TCP connection, before and after the handshake of a websocket."""

import contextlib
import re
from unittest import mock

from twisted.internet import reactor, task

from channels_transport.interface import closing, deadlines, reading, requests
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.connection import FakeConnection
from tests.fuzz.target import no_logged_errors

CHANNELS = ("http.request", "http.disconnect", "websocket.connect", "websocket.receive", "websocket.disconnect")
REFUSALS = (101, 400, 405, 408, 411, 413, 414, 417, 431, 501, 505)
DANGEROUS = frozenset(b"\0\r\n")  # no header may contain one of these (RFC 9110, section 5.5)
LAYER = RedisChannelLayer()  # connects only when it is used; it has the format of the messages


@contextlib.contextmanager
def open_connection():
    """Yield a connection to an interface. Only the test moves its clock. The end of the block cancels all timers."""
    clock = task.Clock()
    with contextlib.ExitStack() as stack:
        for module in (closing, deadlines, reading, requests):
            stack.enter_context(mock.patch.object(module, "reactor", clock))
        stack.enter_context(no_logged_errors())
        connection = FakeConnection(capacity=100_000)
        connection.clock = clock
        try:
            yield connection
        finally:
            for call in reactor.getDelayedCalls():
                call.cancel()


def check_request(data):
    """
    Bytes of a client before any handshake are refused, or passed on in a form that every worker can read.

    The bytes arrive in two parts. The first byte is the length of the first part.
    """
    if not data:
        return
    with open_connection() as connection:
        for part in (data[1 : 1 + data[0]], data[1 + data[0] :]):
            if part and not connection.transport.disconnecting:
                connection.write(part)
        for _ in range(20):
            connection.clock.advance(0)
        check_status(connection.received, REFUSALS)
        for channel in CHANNELS:
            while (message := connection.passed_on(channel)) is not None:
                _check_passed_on(message)


def check_status(answer, allowed):
    """Check the status of the first response in what an interface has sent, if it has sent anything."""
    answer = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if answer:
        status = re.match(rb"HTTP/1\.[01] ([0-9]{3}) ", answer)
        assert status is not None and int(status[1]) in allowed, answer[:300]


def _check_passed_on(message):
    LAYER.serialize(message)
    message["path"].encode("utf-8", "surrogatepass")
    for name, value in message.get("headers", []):
        assert name == name.lower() and b"_" not in name and name != b"daphne-root-path"
        assert not DANGEROUS & set(name + value), (name, value)


def check_handshake(data):
    """A handshake has the same effect whether the interface, Twisted or autobahn reads it."""
    if not data:
        return
    with contextlib.ExitStack() as stack:
        found = _try_handshake(data)
        for module, reader in ((deadlines, "read_head"), (requests, "read_handshake")):
            stack.enter_context(mock.patch.object(module, reader, return_value=None))
            assert _try_handshake(data) == found


def _try_handshake(data):
    """Return what a handshake gets as its answer, and what it passes on, if a consumer accepts it."""
    with open_connection() as connection:
        connection.write(data)
        messages = [connection.passed_on(channel) for channel in CHANNELS]
        reply_channels = [message.pop("reply_channel") for message in messages if message is not None]
        if messages[2] is not None:
            connection.factory.dispatch_reply(reply_channels[-1], {"accept": True})
            return connection.received, messages
        # Other responses contain a random id.
        return connection.received.partition(b"\r\n")[0], messages


def check_websocket(data):
    """Bytes of a client after the handshake are passed on as whole messages, in order, or the connection is closed."""
    with open_connection() as connection:
        connection.open()
        connection.write(data)
        for _ in range(len(data) // 32 + 3):
            connection.clock.advance(0)
        closed = _read_frames(connection.received)
        order = 0
        while (message := connection.passed_on("websocket.receive")) is not None:
            order += 1
            assert message["order"] == order
            assert isinstance(message.get("text"), str) != isinstance(message.get("bytes"), bytes)
            LAYER.serialize(message)
        assert closed in (None, 1000, 1001, 1002, 1007, 1009), closed


def _read_frames(data):
    """Check the server's frames, and return its close code if it has closed the websocket."""
    while data:
        opcode, length = data[0] & 0x0F, data[1]
        assert data[0] & 0xF0 == 0x80 and length < 126
        payload, data = data[2 : 2 + length], data[2 + length :]
        if opcode == 8:
            assert not data, "the server sends nothing after its close frame"
            return int.from_bytes(payload[:2], "big")
        assert opcode == 0xA, "only pongs answer a client's frames"
    return None

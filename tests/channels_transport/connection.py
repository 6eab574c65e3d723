"""A TCP connection to an interface server, in memory."""

import base64

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport

from channels_transport import interface
from channels_transport.memory import MemoryChannelLayer

KEY = base64.b64encode(b"0123456789abcdef")


def make_frame(first, payload=b"", length=None, is_masked=True):
    """
    Return a frame of a client. The mask is zeros.

    `first` is the first byte: the flag of the last frame, and the opcode. `length` is the length that the frame
    announces, if it is not the real one. Without `is_masked`, the frame has no mask, so the server must refuse it.
    """
    length = len(payload) if length is None else length
    mask_flag, mask = (0x80, b"\0\0\0\0") if is_masked else (0, b"")
    if length < 126:
        head = bytes([first, mask_flag | length])
    elif length < 65536:
        head = bytes([first, mask_flag | 126]) + length.to_bytes(2, "big")
    else:
        head = bytes([first, mask_flag | 127]) + length.to_bytes(8, "big")
    return head + mask + payload


class Transport(StringTransport):
    """A transport in memory. Like a real one, it accepts `resumeProducing` after it was closed."""

    def resumeProducing(self):
        pass

    def setTcpNoDelay(self, on):
        pass


class HalfClosingTransport(Transport):
    """A transport that can close only its sending side, as a real transport can."""

    is_half_closed = is_aborted = False

    def loseWriteConnection(self):
        self.is_half_closed = True

    def abortConnection(self):
        self.is_aborted = True
        self.disconnected = True

    @property
    def has_ended(self):
        return self.disconnecting or self.is_half_closed or self.is_aborted


class FakeConnection:
    """One TCP connection to an interface server. `write` sends a client's bytes; `received` is the server's answer."""

    def __init__(self, **kwargs):
        self.layer = MemoryChannelLayer(capacity=kwargs.pop("capacity", 100))
        self.factory = interface.HTTPFactory(self.layer, send_channel="daphne.response.test!", **kwargs)
        self.channel = self.factory.buildProtocol(IPv4Address("TCP", "10.1.1.1", 4711))
        self.transport = Transport(peerAddress=IPv4Address("TCP", "10.1.1.1", 4711))
        self.channel.makeConnection(self.transport)
        self.transport.protocol = self.channel

    def write(self, data):
        self.transport.protocol.dataReceived(data)

    def request(self, method=b"GET", path=b"/", headers=(), body=b""):
        lines = [method + b" " + path + b" HTTP/1.1", b"Host: testserver"]
        if body:
            lines.append(b"Content-Length: %d" % len(body))
        self.write(b"\r\n".join([*lines, *headers, b"", b""]) + body)

    def handshake(self, path=b"/chat/garden/", headers=()):
        upgrade = [
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: " + KEY,
        ]
        self.request(path=path, headers=[*upgrade, *headers])

    @property
    def received(self):
        return self.transport.value()

    @property
    def status(self):
        return int(self.received.split(b" ", 2)[1])

    def passed_on(self, channel):
        """Receive the next message that was passed on to a channel, or None."""
        return self.layer.receive([channel])[1]

    def open(self, **kwargs):
        """Open a websocket. The bytes of the handshake are not in `received`."""
        self.handshake(**kwargs)
        self.asgi_message = self.passed_on("websocket.connect")
        self.reply({"accept": True})
        self.transport.clear()
        return self

    def reply(self, message):
        self.factory.dispatch_reply(self.asgi_message["reply_channel"], message)

    def frame(self, opcode, payload, length=None):
        """Send one frame."""
        self.write(make_frame(0x80 | opcode, payload, length))

    @property
    def close_code(self):
        data = self.received
        assert data[0] == 0x88, data[:50]
        return int.from_bytes(data[2:4], "big")

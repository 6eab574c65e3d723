"""A client of websockets that sends any bytes, valid or not, and reads what the server answers."""

import os
import socket
from urllib.parse import urlsplit

from tests.channels_transport.connection import KEY
from tests.live.processes import PATIENCE_SECONDS

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL = 0x80


def frame(opcode, payload=b"", flags=FINAL, length=None):
    """Return a masked frame. `length` is the length that the frame announces, if it is not the real one."""
    length = len(payload) if length is None else length
    if length < 126:
        head = bytes([flags | opcode, 0x80 | length])
    elif length < 65536:
        head = bytes([flags | opcode, 0xFE]) + length.to_bytes(2, "big")
    else:
        head = bytes([flags | opcode, 0xFF]) + length.to_bytes(8, "big")
    mask = os.urandom(4)
    stream = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ stream).to_bytes(len(payload), "big")


def fragments(opcode, *payloads):
    """Return one message in as many frames as there are payloads."""
    last = len(payloads) - 1
    return b"".join(
        frame(CONTINUATION if number else opcode, payload, FINAL if number == last else 0)
        for number, payload in enumerate(payloads)
    )


def close_frame(code, reason=b""):
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


class RawSocket:
    """An open websocket, as a context manager."""

    def __init__(self, url, path):
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {address.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY.decode()}",
        ]
        self.send("\r\n".join([*lines, "", ""]).encode())
        status = self._file.readline()
        assert b" 101 " in status, status
        while self._file.readline().strip():
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()
        self._socket.close()

    def send(self, data, part=None):
        """Send bytes, at once or in parts of `part` bytes."""
        part = part or max(1, len(data))
        for start in range(0, len(data), part):
            self._socket.sendall(data[start : start + part])

    def read(self):
        """Return (opcode, payload) of the next frame, or None at the end of the connection."""
        head = self._file.read(2)
        if not head:
            return None
        assert head[0] & 0xF0 == FINAL, "the server sends each message in one frame, without reserved bits"
        assert not head[1] & 0x80, "a server does not mask"
        length = head[1]
        if length > 125:
            length = int.from_bytes(self._file.read(2 if length == 126 else 8), "big")
        return head[0] & 0x0F, self._file.read(length)

    def read_all(self):
        """Return all frames until the server ends the connection."""
        return list(iter(self.read, None))

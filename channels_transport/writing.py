"""
Writing to sockets inside Twisted's reactor with little work: at once, and each frame in one piece.

The module does not depend on channels.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from twisted.internet.tcp import Connection

# The first octet of a frame in one fragment (RFC 6455, section 5.2).
TEXT, BINARY = 0x81, 0x82


def data_frame(payload: bytes, is_binary: bool = False) -> bytes:
    """Return the websocket frame that contains `payload` (UTF-8 unless binary), as a server sends it."""
    kind, length = BINARY if is_binary else TEXT, len(payload)
    if length < 126:
        return struct.pack("!BB", kind, length) + payload
    if length < 65536:
        return struct.pack("!BBH", kind, 126, length) + payload
    return struct.pack("!BBQ", kind, 127, length) + payload


def unsent_bytes(transport: Any) -> int:
    """Return how many bytes are in a socket's buffer, or 0 if that is unknown."""
    if not isinstance(transport, Connection):
        return 0
    return len(transport.dataBuffer) - transport.offset + transport._tempDataLen


def find_send(transport: Any) -> Callable[[bytes], int] | None:
    """
    Return the function that passes bytes to the kernel at once, or None for TLS and for transports of another kind.

    The function returns how many bytes the kernel has taken. It raises OSError if the kernel has no room, or if the
    connection has ended. It must not be called while the transport has unsent bytes.
    """
    return transport.socket.send if isinstance(transport, Connection) and not transport.TLS else None


def write_now(transport: Any, data: bytes) -> None:
    """
    Write to a socket without TLS at once if its buffer is empty. Otherwise let Twisted write later. If the connection
    has ended, drop the data.

    Twisted itself would write in the reactor's next turn. With a thousand sockets in a room, that would add a thousand
    polls of the kernel for each message.
    """
    if not isinstance(transport, Connection) or transport.TLS or transport.dataBuffer or transport._tempDataBuffer:
        transport.write(data)
        return
    if transport.disconnecting or not transport.connected:
        return
    try:
        sent = transport.socket.send(data)
    except OSError:
        sent = 0  # the socket is full or broken, and Twisted handles both
    if sent < len(data):
        transport.write(data[sent:])

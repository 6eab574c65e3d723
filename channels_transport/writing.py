"""
Writing to sockets inside Twisted's reactor with little work: at once, and frames in one piece.

It knows neither channels nor chat.
"""

import struct

from twisted.internet.tcp import Connection

# The first octet of a frame in one fragment (RFC 6455, section 5.2).
TEXT, BINARY = 0x81, 0x82


def data_frame(payload, is_binary=False):
    """Returns the websocket frame in which a server says `payload` (bytes; UTF-8 unless binary)."""
    kind, length = BINARY if is_binary else TEXT, len(payload)
    if length < 126:
        return struct.pack("!BB", kind, length) + payload
    if length < 65536:
        return struct.pack("!BBH", kind, 126, length) + payload
    return struct.pack("!BBQ", kind, 127, length) + payload


def unsent_bytes(transport):
    """Returns how much lies in a socket's buffer, or 0 where that cannot be known."""
    if not isinstance(transport, Connection):
        return 0
    return len(transport.dataBuffer) - transport.offset + transport._tempDataLen


def write_now(transport, data):
    """
    Writes to a socket at once where nothing waits for it, else behind what waits.

    Twisted would come back for it in its next turn; with a thousand sockets in a room that is a thousand questions
    to the kernel more for each message.
    """
    if not isinstance(transport, Connection) or transport.TLS or transport.dataBuffer or transport._tempDataBuffer:
        return transport.write(data)
    if transport.disconnecting or not transport.connected:
        return None
    try:
        sent = transport.socket.send(data)
    except OSError:
        sent = 0  # full, or broken: Twisted knows what to do
    return None if sent == len(data) else transport.write(data[sent:])

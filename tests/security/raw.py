"""Requests as raw bytes, which no client library would send, and all bytes of the server's responses."""

import re
import socket
import time

PATIENCE_SECONDS = 60
HANDSHAKE = (
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    b"Sec-WebSocket-Version: 13",
)


def host_line(site):
    return b"Host: 127.0.0.1:%d" % site.port


def make_handshake(site, path, lines, head=HANDSHAKE, host=None):
    """Return the bytes of a handshake with further header lines."""
    return b"\r\n".join([b"GET %b HTTP/1.1" % path.encode(), host or host_line(site), *head, *lines, b"", b""])


def connect(site):
    return socket.create_connection(("127.0.0.1", site.port), PATIENCE_SECONDS)


def read_status(connection):
    """Return (status of the first response, what follows its head), or (None, what arrived before the end)."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return None, received
        received += part
    head, _, rest = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), rest


def read_close_code(connection, received=b""):
    """Read a websocket to its end, and return the code of the server's close frame, or None."""
    while part := connection.recv(65536):
        received += part
    code = re.search(rb"\x88\x02(..)\Z", received, re.DOTALL)
    return int.from_bytes(code[1], "big") if code else None


def send_together(site, requests):
    """Send each request on its own connection, all at the same time. Return their statuses."""
    connections = [connect(site) for _ in requests]
    try:
        for connection, data in zip(connections, requests, strict=True):
            connection.sendall(data)
        return [read_status(connection)[0] for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def converse(site, data, closes=True):
    """
    Send raw bytes, close this side, and return (statuses of all responses, all bytes of the responses).

    The server sends everything that it has to say before it closes its own side. So the result contains each response
    that these bytes cause, and a second response that nobody asked for would be in it. With `closes` False, this side
    stays open, and the server must close the connection first.
    """
    received, started = b"", time.monotonic()
    with connect(site) as connection:
        try:
            connection.sendall(data)
            if closes:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
                assert time.monotonic() - started < PATIENCE_SECONDS
        except (ConnectionResetError, BrokenPipeError):
            pass
    return split_statuses(received), received


def split_statuses(received):
    """Return the statuses of the responses in these bytes, and after them the first bytes that are no response."""
    statuses = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        if not end or not head.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")):
            return [*statuses, received[:80]]
        statuses.append(int(head.split()[1]))
        received = _skip_body(statuses[-1], head.lower(), rest)
    return statuses


def _skip_body(status, head, rest):
    length = re.search(rb"\r\ncontent-length: *(\d+)", head)
    if length or status < 200:
        return rest[int(length[1]) if length else 0 :]
    if b"\r\ntransfer-encoding: chunked" not in head:
        return b""
    while (size := int(rest.partition(b"\r\n")[0], 16)) > 0:
        rest = rest.partition(b"\r\n")[2][size + 2 :]
    return rest.partition(b"\r\n\r\n")[2]

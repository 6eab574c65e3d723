"""
Reads the usual handshake of a websocket, and writes its answer, with less work than Twisted and autobahn.

Twisted reads a request line by line. Daphne would write what Twisted has read as bytes again, and autobahn would parse
these bytes. This module reads only what browsers and common clients send. Twisted and autobahn read all other
handshakes, valid or not, and answer them. This module sends nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, NamedTuple

from twisted.web.http_headers import Headers

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
# urlparse would read a host after //, parameters after a semicolon, and a fragment after a number sign.
_URI = re.compile(rb"(/(?!/)[^?;#]*)(?:\?([^#]*))?")
_UNUSUAL = re.compile(rb"[^\x20-\x7e]")
_HOST = rb"[a-z0-9.-]+(?::[0-9]{1,4}|:[1-5][0-9]{4})?"  # with a port of at most 59999, so that no port is out of range
_NEEDED = {
    b"host": re.compile(_HOST, re.IGNORECASE),
    b"upgrade": re.compile(rb"websocket", re.IGNORECASE),
    b"connection": re.compile(rb"(?:keep-alive, ?)?upgrade", re.IGNORECASE),
    b"sec-websocket-version": re.compile(rb"13"),
    b"sec-websocket-key": re.compile(rb"[A-Za-z0-9+/]{22}=="),
}
_OPTIONAL = {
    b"origin": re.compile(rb"https?://" + _HOST, re.IGNORECASE),
    b"sec-websocket-protocol": re.compile(rb"[A-Za-z0-9._-]+"),
    # Browsers offer this. The interface does not compress, so it ignores the offer.
    b"sec-websocket-extensions": re.compile(rb"permessage-deflate(?:; client_max_window_bits)?"),
}
# A head that arrives in one piece. Longer ones are left to Twisted, which has a limit for them.
_HEAD = re.compile(rb"GET ([\x21-\x7e]+) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[\x20-\x7e]*\r\n){1,100})\r\n")
MAX_HEAD_BYTES = 8192
# Twisted would read a body, answer "100 Continue", or close the connection after a response.
_NOT_IN_HEAD = (b"content-length", b"transfer-encoding", b"expect")


class Handshake(NamedTuple):
    """The request of a websocket. `path` is percent-encoded, and the names of `headers` are in lower case."""

    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    key: bytes
    protocols: list[str]


def read_handshake(method: bytes, uri: bytes, headers: Headers) -> Handshake | None:
    """Return the handshake of a request in HTTP/1.1 without a body, or None if autobahn must read the request."""
    match = _URI.fullmatch(uri)
    if match is None or method != b"GET":
        return None
    # As in Daphne, one line replaces several lines with the same name. Joined cookies may end with a blank.
    lines = [(name.lower(), b",".join(values).strip(b" ")) for name, values in headers.getAllRawHeaders()]
    if _UNUSUAL.search(b"".join([name + value for name, value in lines])):
        return None
    found = dict(lines)
    if not all(name in found and pattern.fullmatch(found[name]) for name, pattern in _NEEDED.items()):
        return None
    if not all(name not in found or pattern.fullmatch(found[name]) for name, pattern in _OPTIONAL.items()):
        return None
    protocol = found.get(b"sec-websocket-protocol")
    return Handshake(
        match[1].decode("ascii"),
        match[2] or b"",
        # A proxy may not tell an underscore from a hyphen (CVE-2015-0219).
        [(name, value) for name, value in lines if b"_" not in name],
        found[b"sec-websocket-key"],
        [] if protocol is None else [protocol.decode("ascii")],
    )


def read_head(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]] | None:
    """Return the address and the header lines of a whole handshake, or None if Twisted must read the bytes."""
    if len(data) > MAX_HEAD_BYTES or b"\nsec-websocket-key:" not in data.lower():
        return None
    match = _HEAD.fullmatch(data)
    if match is None:
        return None
    lines = [line.partition(b":") for line in match[2].split(b"\r\n")[:-1]]
    headers = [(name.lower(), value.strip(b" ")) for name, _, value in lines]
    if any(name in _NOT_IN_HEAD or (name == b"connection" and b"close" in value.lower()) for name, value in headers):
        return None
    return match[1], headers


def begin_answer(server: str) -> bytes:
    """Return the first lines of the answers that accept handshakes."""
    lines = ["HTTP/1.1 101 Switching Protocols", f"Server: {server}", "Upgrade: WebSocket", "Connection: Upgrade", ""]
    return "\r\n".join(lines).encode()


def make_answer(first_lines: bytes, key: bytes, protocol: str | None) -> bytes:
    """Return the answer that accepts a handshake with this key, and one of its protocols or None."""
    digest = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    chosen = b"" if protocol is None else b"Sec-WebSocket-Protocol: %b\r\n" % protocol.encode()
    return b"%b%bSec-WebSocket-Accept: %b\r\n\r\n" % (first_lines, chosen, digest)


class Waiting:
    """The answer that a websocket waits for. Daphne uses it as a Deferred."""

    __slots__ = ("protocol",)

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol

    def callback(self, subprotocol: str | None) -> None:
        """Accept the handshake."""
        self.protocol.accept_handshake(subprotocol)

    def errback(self, denied: Any) -> None:
        """Refuse the handshake with the status and the reason of a ConnectionDeny."""
        self.protocol.failHandshake(denied.reason, denied.code)

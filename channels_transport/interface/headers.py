"""
Checks a request's header lines before other code reads them: finds faults, joins cookies, removes forged addresses.

The rules are those of RFC 9110, section 5.3, and RFC 9113, section 8.2.3. Handshakes follow the
same rules, and some more. This module sends no response.
"""

from __future__ import annotations

import ipaddress
import re

from twisted.web.http_headers import Headers

# autobahn reads the handshake with str.splitlines, which ends a line at each of these bytes. So a header value with
# such a byte could inject another header, for example Origin.
LINE_ENDS = (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85")
_LINE_END = re.compile(b"|".join(LINE_ENDS))
# A request has at most one line of each of these headers. With two lines, this server and a proxy in front of it could
# each use a different one. Twisted refuses a second Content-Length itself.
SINGLE = (b"host", b"authorization", b"origin", b"content-type", b"upgrade", b"sec-websocket-key")
SCHEMES = (b"http", b"https")
REQUEST_ID = b"x-request-id"
# Every common format: hexadecimal digits, a UUID, the ids of load balancers. No character needs an escape in a log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=@+/-]{1,128}")
_NOT_IN_ADDRESS = re.compile(rb"[^\x21-\x7e]")


_ABSOLUTE = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)


def split_absolute(uri: bytes) -> tuple[bytes, bytes] | None:
    """
    Return the host and the rest of a request's address that begins with a scheme, or None for any other address.

    The scheme is http or https. Clients send this form to a proxy, and some proxies pass it on. The host in the address
    counts instead of the header Host (RFC 9112, section 3.2.2).
    """
    match = _ABSOLUTE.fullmatch(uri)
    if match is None:
        return None
    rest = match[2]
    return match[1], rest if rest.startswith(b"/") else b"/" + rest


def find_fault(uri: bytes, version: bytes, headers: Headers) -> str | None:
    """Return why a request must be answered with 400, or None if its address and its header lines are valid."""
    if _NOT_IN_ADDRESS.search(uri):
        return "The address contains characters that must be percent-encoded."
    for name, values in headers.getAllRawHeaders():
        if len(values) > 1 and name.lower() in SINGLE:
            return f"The request has more than one header {name.decode().title()}."
    if version == b"HTTP/1.1" and not headers.hasHeader(b"host"):
        return "The request has no header Host."
    if version == b"HTTP/1.0" and headers.hasHeader(b"transfer-encoding"):
        # A proxy that speaks HTTP/1.0 does not know this header, and would see another end of the body.
        return "HTTP/1.0 has no header Transfer-Encoding."
    if headers.hasHeader(b"upgrade"):
        return _find_fault_of_handshake(version, headers)
    return None


def _find_fault_of_handshake(version: bytes, headers: Headers) -> str | None:
    if _has_line_ends(headers):
        return "A header contains a line break."
    if headers.getRawHeaders(b"upgrade", [b""])[0].lower() != b"websocket":
        return None
    if version != b"HTTP/1.1":
        return "A handshake of a websocket needs HTTP/1.1."
    # The bytes of a body would count as frames, while a proxy sees them as a part of the request.
    if headers.hasHeader(b"transfer-encoding") or headers.getRawHeaders(b"content-length", [b"0"])[0] != b"0":
        return "A handshake of a websocket has no body."
    return None


def _has_line_ends(headers: Headers) -> bool:
    values = [value for _, values in headers.getAllRawHeaders() for value in values]
    return _LINE_END.search(b"\n".join(values)) is not None


def join_cookies(headers: Headers) -> None:
    """Join the lines of Cookie with a semicolon. HTTP/2 splits this header, and a comma would be part of a value."""
    lines = headers.getRawHeaders(b"cookie", [])
    if len(lines) > 1:
        headers.setRawHeaders(b"cookie", [b"; ".join(line.strip(b" \t;") for line in lines)])


def trust_proxies(headers: Headers, hops: int) -> None:
    """
    Reduce X-Forwarded-For and X-Forwarded-Proto to what the outermost of `hops` trusted proxies saw.

    A header whose value is not an address, or not a scheme, is removed. Then the address or scheme of the connection
    counts. With 0 hops, nothing changes.
    """
    if not hops:
        return
    _replace(headers, b"x-forwarded-for", read_address(_select(headers, b"x-forwarded-for", hops)))
    scheme = _select(headers, b"x-forwarded-proto", hops).lower()
    _replace(headers, b"x-forwarded-proto", scheme if scheme in SCHEMES else None)


def trust_ids(headers: Headers, hops: int) -> str | None:
    """
    Return the id that a trusted proxy gave to a request in X-Request-Id, or None without a valid id.

    Without trusted proxies, remove this header and `traceparent`, because any client can send them. An invalid id is
    removed too.
    """
    values = headers.getRawHeaders(REQUEST_ID, [])
    given = values[0].decode("latin1") if hops and len(values) == 1 else ""
    is_valid = _REQUEST_ID.fullmatch(given) is not None
    if not is_valid:
        headers.removeHeader(REQUEST_ID)
    if not hops:
        headers.removeHeader(b"traceparent")
        headers.removeHeader(b"tracestate")
    return given if is_valid else None


def _select(headers: Headers, name: bytes, hops: int) -> bytes:
    values = b",".join(headers.getRawHeaders(name, [])).split(b",")
    return values[-min(hops, len(values))].strip(b" \t")


def _replace(headers: Headers, name: bytes, value: bytes | None) -> None:
    if value is None:
        headers.removeHeader(name)
    else:
        headers.setRawHeaders(name, [value])


def read_address(text: bytes) -> bytes | None:
    """
    Return the IP address that a text contains, in its shortest form, or None.

    An IPv4 address that is mapped to IPv6 is returned as IPv4. The text may contain a port, as some proxies send it:
    `192.0.2.1:4711`, `[2001:db8::1]:4711`. The scope of an IPv6 address, which can be any text, is removed:
    `fe80::1%eth0`.
    """
    host = text.decode("ascii", "replace").strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0] if "]" in host else ""
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    if ":" in host:
        host = host.partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address).encode()

"""
Requests to addresses that people name, such as a hook's URL or a link in a message.

Through the server, a person must not reach systems that the person cannot reach directly: this machine, its network, or
a cloud's metadata service. So the server connects only to public addresses. It checks the address after it has resolved
the name, and connects to the checked address. So neither a redirect nor a changed DNS record leads elsewhere.

The setting OUTGOING_NETWORKS names private networks that are allowed too, for sites whose services are inside a
company's network.
"""

import contextlib
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.connection import create_connection

MAX_URL = 2000  # characters
CHUNK_BYTES = 16 * 1024
# If a host contains one of these characters, two libraries read it differently. Examples are
# `https://a.example\.b.example/` and `https://a.example%2F.b.example/`: urllib3 connects to the first name, and
# `urlsplit` returns the whole text.
_AMBIGUOUS = re.compile(r"[\\%\s\x00-\x1f]")
REDIRECTS = (301, 302, 303, 307, 308)
USER_AGENT = "Mozilla/5.0 (compatible; ChatServer)"


class OutgoingError(Exception):
    """A request failed. The text says why, and contains no address of the site's own network."""


class AddressRefused(OutgoingError):
    """The URL leads to an address that is not public, or is no URL of http or https."""


def check_url(url: Any) -> str:
    """
    Return the URL if it is one of http or https, without credentials. Otherwise raise AddressRefused. Resolve no name.
    """
    try:
        parts = urlsplit(url) if isinstance(url, str) and len(url) <= MAX_URL else urlsplit("")
        has_host, _ = bool(parts.hostname) and not _AMBIGUOUS.search(parts.netloc), parts.port
    except ValueError:
        has_host = False
    if not has_host or parts.scheme not in ("http", "https") or parts.username is not None:
        raise AddressRefused("This is not a URL of http or https.")
    return url


def is_allowed(address: str) -> bool:
    """Return whether the server may connect to an IP address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if any(found.version == network.version and found in network for network in settings.OUTGOING_NETWORKS):
        return True
    embedded = _find_embedded(found)
    if embedded is not None:
        return is_allowed(str(embedded))
    # Python calls some IPv6 networks global although nobody on the internet has them: the former site-local addresses,
    # and the reserved ones, such as `::127.0.0.1`.
    is_special = found.is_multicast or found.is_reserved or getattr(found, "is_site_local", False)
    return found.is_global and not is_special


# An address in this IPv6 network contains an IPv4 address, to which a gateway may connect.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _find_embedded(address):
    """Return the IPv4 address to which a gateway would translate an IPv6 address, or None."""
    if address.version == 4:
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo and address.teredo[1])


def _connect(connection):
    """Return a socket to the first address of a connection's host that is allowed and accepts the connection."""
    try:
        found = socket.getaddrinfo(connection._dns_host, connection.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NewConnectionError(connection, "the name cannot be resolved") from None
    addresses = [str(address[0]) for *_, address in found]
    allowed = [address for address in dict.fromkeys(addresses) if is_allowed(address)]
    if not allowed:
        raise AddressRefused("This URL leads to an address that is not public.")
    failure: Exception = OSError()
    for address in allowed:
        try:
            connected = create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failure = error
        else:
            _open.add(connected)
            return connected
    raise NewConnectionError(connection, type(failure).__name__)


class _CheckedHTTPConnection(HTTPConnection):
    def _new_conn(self):
        return _connect(self)


class _CheckedHTTPSConnection(HTTPSConnection):
    def _new_conn(self):
        return _connect(self)


class _CheckedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _CheckedHTTPConnection


class _CheckedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPSConnection


class _CheckedAdapter(HTTPAdapter):
    """Connects only to allowed addresses."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Let the pools use the checked connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _CheckedHTTPPool, "https": _CheckedHTTPSPool}


class _OpenConnections(threading.local):
    """The connections that this thread makes during a block of `_end_after`."""

    connections: list[socket.socket] | None = None

    def add(self, connection: socket.socket) -> None:
        """
        Let `_end_after` end this connection in time. Keep a copy of the socket, because TLS takes over the original.
        """
        if self.connections is not None:
            self.connections.append(connection.dup())


_open = _OpenConnections()


@contextlib.contextmanager
def _end_after(seconds: float) -> Iterator[None]:
    """Run a block. After `seconds`, end the connections that this thread has made in the block."""
    # The timeout of a socket is for one packet. A server that sends its headers byte by byte never reaches it.
    connections: list[socket.socket] = []
    _open.connections = connections
    timer = threading.Timer(seconds, _shut_down, [connections])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _open.connections = None
        for connection in connections:
            connection.close()


def _shut_down(connections):
    for connection in list(connections):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def make_session() -> requests.Session:
    """
    Return a client of `requests` that connects only to allowed addresses.

    The client reads no proxies and no passwords from the environment. The caller gives each request a timeout. `send`
    is enough for a single request.
    """
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _CheckedAdapter())
    return session


def send(
    method: str,
    url: str,
    seconds: float = 5,
    most_bytes: int = 64 * 1024,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most_redirects: int = 0,
) -> requests.Response:
    """
    Send a request, and return the response with any status. Its body is in `content`.

    - `seconds`: for the whole request, with all redirects and the body. The time to resolve names is not bounded.
    - `most_bytes`: of the body. A longer body is cut off, and `response.headers` stay as they were.
    - `most_redirects`: how many redirects of a GET request are followed. Each address is checked.

    Raise AddressRefused, and OutgoingError for every other failure.
    """
    deadline = time.monotonic() + seconds
    with _end_after(seconds), make_session() as session:
        for _ in range(most_redirects + 1):
            response = _send_once(session, method, check_url(url), deadline, most_bytes, data, headers)
            target = response.headers.get("Location")
            if response.status_code not in REDIRECTS or not target or not most_redirects:
                return response
            url = _join(url, target)
    raise OutgoingError("The server redirects too often.")


def _join(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise AddressRefused("This is not a URL of http or https.") from None


def _send_once(session, method, url, deadline, most_bytes, data, headers):
    # A compressed body could be small on the wire and large in memory.
    given = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})}
    left = max(0.1, deadline - time.monotonic())
    try:
        response = session.request(
            method, url, data=data, headers=given, timeout=left, allow_redirects=False, stream=True
        )
        with response:
            response._content = _read_body(response, deadline, most_bytes)
            if time.monotonic() > deadline:  # the end of the connection may look like the end of the response
                raise OutgoingError("The request takes too long.")
    except (requests.RequestException, HTTPError, UnicodeError, ValueError) as failure:
        raise OutgoingError(f"The request failed: {type(failure).__name__}.") from None
    return response


def _read_body(response, deadline, most_bytes):
    body = b""
    # `read1` returns after each packet, so that a server that sends slowly cannot pass the deadline unnoticed.
    while len(body) < most_bytes and (chunk := response.raw.read1(CHUNK_BYTES, decode_content=False)):
        body += chunk
        if time.monotonic() > deadline:
            break
    return body[:most_bytes]

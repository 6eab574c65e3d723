"""
For a hidden room, the real server sends the same bytes as for a missing room: status line, headers, their order, and
body.

test_hidden_rooms.py compares every kind of request, without the interface.
"""

import re

import pytest

from tests.security import raw

pytestmark = [pytest.mark.live, pytest.mark.process, pytest.mark.no_database]

CLOSE, MISSING = b"Connection: close", "attic-0123456789"
REQUESTS = {
    "page": ("GET", "/rooms/{}/"),
    "messages": ("GET", "/api/rooms/{}/messages/"),
    "people": ("GET", "/api/rooms/{}/people/"),
    "history": ("GET", "/api/rooms/{}/messages/1/history/"),
    "first poll": ("GET", "/api/rooms/{}/poll/"),
    "search": ("GET", "/api/search/?q=apples&room={}"),
    "post without a CSRF token": ("POST", "/api/rooms/{}/messages/"),
    "handshake": ("SOCKET", "/chat/{}/"),
    "address with a query": ("GET", "/rooms/{}/?pane=1"),
}


@pytest.fixture(scope="module")
def hidden(make_person):
    """Return the slug of a private room that the person of the fixture `asker` may not know of."""
    body = {"slug": "cellar", "name": "The cellar", "private": True}
    return make_person("Owner", "correct horse").call("POST", "/api/rooms/", expected=201, **body).json()["slug"]


@pytest.fixture(scope="module")
def asker(make_person):
    return make_person("Asker", "correct horse")


def fetch(site, asker, method, path):
    """Send one request, and return the bytes of the response without the headers that differ each time."""
    lines = [f"{name}: {value}".encode() for name, value in asker.headers.items()]
    if method == "SOCKET":
        data = raw.make_handshake(site, path, lines)
    else:
        head = [f"{method} {path} HTTP/1.1".encode(), raw.host_line(site), CLOSE, b"Content-Length: 0"]
        data = b"\r\n".join([*head, *lines, b"", b""])
    with raw.connect(site) as connection:
        connection.sendall(data)
        received = b""
        # A websocket stays open until the client has answered the close frame.
        while not re.search(rb"\x88\x02..\Z", received, re.DOTALL) and (part := connection.recv(65536)):
            received += part
    return re.sub(rb"(?m)^(Date|Expires|X-Request-Id): .*\r\n", b"", received)


@pytest.mark.parametrize("name", list(REQUESTS))
def test_a_hidden_room_has_the_bytes_of_a_missing_room(live_site, asker, hidden, name):
    method, path = REQUESTS[name]
    missing = MISSING[: len(hidden)].ljust(len(hidden), "0")
    answers = [fetch(live_site, asker, method, path.format(slug)) for slug in (hidden, missing)]
    assert answers[0].replace(hidden.encode(), b"NAME") == answers[1].replace(missing.encode(), b"NAME")
    status = {"SOCKET": b"101", "POST": b"403"}.get(method, b"404")
    assert answers[0].split()[1] == status

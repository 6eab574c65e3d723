"""
Random requests to the addresses of the site, and random handshakes: no 5xx, no traceback, and JSON errors under /api/.

The paths come from the URLs, and the names of fields and parameters from the docstrings of the views. So a new endpoint
is tried without a change of this file.
"""

import ast
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.http import urls
from tests.fuzz.harnesses import site
from tests.fuzz.targets import TARGETS
from tests.names_in_code import ROOT
from tests.random_examples import examples

METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")
ODD_METHODS = ("HEAD", "OPTIONS", "TRACE", "get", "X")
PARTS = ("garden", "1", "Bob")
TEXTS = (
    "garden",
    "Alice",
    "Bob",
    "",
    " ",
    "x",
    "0",
    "1",
    "-1",
    "1.5",
    "9" * 30,
    "\0",
    "\ud800",
    "é👍",
    "\u202e",
    "%",
    "' OR 1=1",
)
TEXTS += (
    "2026-01-31",
    "2026-01-31T12:00:00Z",
    "0001-01-01",
    "9999-12-31",
    "Europe/Berlin",
    "22:00",
    "a" * 5000,
    "r0",
    "p1",
)
TEXTS += (
    "public",
    "owner",
    "banned",
    "all",
    "from:Bob",
    '"',
    "https://a.example",
    "00000000-0000-4000-8000-000000000000",
)
VALUES = st.sampled_from((*TEXTS, 0, 1, 2, -1, 1.5, 2**53, 10**30, True, False, None, [], {}, ["Bob"], [{}], {"a": 1}))
CONTENT_TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "text/plain",
)
CONTENT_TYPES += ("multipart/form-data; boundary=b", "multipart/form-data", "image/png", "", "x" * 200, "é")
CREDENTIALS = (
    f"Cookie: sessionid={site.SESSION}; csrftoken={site.CSRF}\r\nX-CSRFToken: {site.CSRF}\r\n",
    f"Authorization: Bearer {site.TOKEN}\r\n",
)
BAD_CREDENTIALS = (
    "",
    "Authorization: Bearer x\r\n",
    'Cookie: sessionid="\\000aaaaaaaa"; browser=x; language=zz; csrftoken="\r\n',
)
HEADERS = ("Accept: application/json", "Accept-Language: de;q=x, *", "Accept-Encoding: gzip;q=nan", "If-None-Match: *")
HEADERS += (
    "If-Modified-Since: yesterday",
    "Range: bytes=9-0",
    "Expect: x",
    "X-HTTP-Method-Override: PUT",
    "Origin: null",
)
HEADERS += ("X-Forwarded-For: ::%x", "Referer: \xff", "Content-Encoding: gzip", "Host: other.example")


def list_paths():
    """Return the addresses, except regular expressions: lists of texts, with None in place of each part that varies."""
    found = []
    for pattern in urls.urlpatterns:
        text = str(pattern.pattern)
        if not text.startswith("^"):
            found.append([None if part.startswith("<") else part for part in re.split(r"(<[^>]*>)", text)])
    return found


def list_names():
    """Return the names of fields and of parameters that the docstrings of the views contain."""
    found = set()
    for path in Path(ROOT, "chat", "http").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
                for part in re.findall(r"Body:? ?\{([^}]*)\}|Query: ([^.]*)\.", text):
                    found.update(re.findall(r"[a-z_]+", " ".join(part)))
    return sorted(found | {"name", "status", "emoji", "time_zone", "theme", "language", "notify", "quiet_from", "role"})


NAMES = list_names()
FIELDS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)


def mostly(common, rare):
    """Return a strategy that chooses three times in four from the first list, and else from the second."""
    return st.sampled_from((common, common, common, rare)).flatmap(st.sampled_from)


@st.composite
def requests(draw):
    """Return the bytes of a request."""
    path = "/" + "".join(
        quote(draw(mostly(PARTS, TEXTS)), safe="", errors="surrogatepass") if part is None else part
        for part in draw(st.sampled_from(list_paths()))
    )
    query = "&".join(f"{name}={quote(str(value), errors='surrogatepass')}" for name, value in draw(FIELDS).items())
    body = draw(FIELDS.map(lambda fields: json.dumps(fields).encode()) | st.binary(max_size=30) | st.just(b"[" * 5000))
    lines = [
        f"{draw(mostly(METHODS, ODD_METHODS))} {path}?{query} HTTP/1.1",
        "Host: testserver",
        f"Content-Type: {draw(mostly(CONTENT_TYPES[:1], CONTENT_TYPES))}",
        f"Content-Length: {len(body)}",
        *draw(st.lists(st.sampled_from(HEADERS), max_size=2)),
    ]
    head = "\r\n".join(lines) + "\r\n" + draw(mostly(CREDENTIALS, BAD_CREDENTIALS))
    return head.encode("latin1") + b"\r\n" + body


SOCKETS = (
    "/chat/garden/",
    "/me/",
    "/lobby/",
    "/echo/",
    "/operators/rooms/",
    "/operators/health/",
    "/auth/x/y/",
    "/write/x/y/",
)
ODD_SOCKETS = (
    "/chat//",
    "/chat/%00/",
    "/chat/GARDEN/",
    "/x",
    "/chat/garden",
    "/auth/%ff/%0a/",
    "//me/",
    "/me/?session_key=a",
)
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)
ODD_UPGRADES = (
    UPGRADE.replace("13", "8"),
    UPGRADE.replace("==", ""),
    UPGRADE.replace("websocket", "WebSocket, h2c"),
    UPGRADE + "Sec-WebSocket-Protocol: a,,b\r\nSec-WebSocket-Extensions: permessage-deflate; x=\r\n",
    UPGRADE + "Content-Length: 3\r\n",
)
ORIGINS = ("http://testserver",)
ODD_ORIGINS = (
    "null",
    "",
    "http://",
    "http://[::1",
    "http://testserver:99999",
    "http://a@testserver",
    "\xff",
    "x" * 300,
)


@st.composite
def handshakes(draw):
    """Return the bytes of the handshake of a websocket, and sometimes a frame after them."""
    query = "&".join(f"{name}={quote(str(value), errors='surrogatepass')}" for name, value in draw(FIELDS).items())
    head = f"GET {draw(mostly(SOCKETS, ODD_SOCKETS))}?cursor={draw(st.sampled_from(TEXTS[8:10]))}&{query} HTTP/1.1\r\n"
    head += f"Host: testserver\r\nOrigin: {draw(mostly(ORIGINS, ODD_ORIGINS))}\r\n"
    head += draw(mostly((UPGRADE,), ODD_UPGRADES)) + draw(mostly(CREDENTIALS, BAD_CREDENTIALS))
    return head.encode("latin1") + b"\r\n" + draw(st.just(b"") | st.binary(max_size=20))


@pytest.fixture
def garden(db, settings):
    settings.CHAT_LIMITS_ON = False
    return site.make_site()


def test_the_names_of_fields_and_parameters_are_found():
    assert {"ref", "body", "handle", "password", "q", "before", "zone"} <= set(NAMES)


def test_every_request_gets_a_response_that_is_no_failure(garden):
    @examples(300)
    @given(requests())
    def check(data):
        TARGETS["site"].check(data)

    check()


def test_every_handshake_is_answered_without_a_failure(garden):
    @examples(100)
    @given(handshakes())
    def check(data):
        TARGETS["site"].check(data)

    check()

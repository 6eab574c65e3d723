"""
Handshakes of unusual clients: each one gets the answer that it gets from Twisted and autobahn.

The interface reads usual handshakes itself, and leaves the others to Twisted and autobahn. The answers in the tables
are those of a version that left all handshakes to them.
"""

import pytest
from twisted.internet.protocol import connectionDone

from channels_transport.interface import deadlines, requests
from tests.channels_transport.connection import KEY, FakeConnection, make_frame

pytestmark = pytest.mark.no_database

USUAL = {
    "Host": b"testserver",
    "Upgrade": b"websocket",
    "Connection": b"Upgrade",
    "Sec-WebSocket-Version": b"13",
    "Sec-WebSocket-Key": KEY,
}
LINE = b"GET /chat/garden/ HTTP/1.1"


def make_handshake(line=LINE, *more, **changed):
    """Return a handshake whose headers are `changed` (None: without this header), with the lines `more` after them."""
    lines = {**USUAL, **{name.replace("_", "-"): value for name, value in changed.items()}}
    headers = [name.encode() + b": " + value for name, value in lines.items() if value is not None]
    return b"\r\n".join([line, *headers, *more, b"", b""])


def with_path(path):
    return make_handshake(b"GET " + path + b" HTTP/1.1")


ACCEPTED = {
    "usual": make_handshake(),
    "other case of the values": make_handshake(Upgrade=b"WebSocket", Connection=b"upgrade"),
    "names in lower case": make_handshake()
    .lower()
    .replace(KEY.lower(), KEY)
    .replace(b"get", b"GET")
    .replace(b"http/", b"HTTP/"),
    "Connection is a list": make_handshake(Connection=b"keep-alive, Upgrade"),
    "Connection is another list": make_handshake(Connection=b"Upgrade,close"),
    "Connection has two lines": make_handshake(LINE, b"Connection: keep-alive"),
    "version 8": make_handshake(Sec_WebSocket_Version=b"8"),
    "version with a zero": make_handshake(Sec_WebSocket_Version=b"013"),
    "Host with a port": make_handshake(Host=b"testserver:8000"),
    "Host with the largest port": make_handshake(Host=b"testserver:65535"),
    "empty Host": make_handshake(Host=b""),
    "IPv6": make_handshake(Host=b"[::1]:8000", Origin=b"http://[::1]:8000"),
    "origin": make_handshake(Origin=b"https://chat.example"),
    "origin with a port": make_handshake(Origin=b"http://localhost:8000"),
    "origin with the largest port": make_handshake(Origin=b"http://localhost:65535"),
    "origin in capitals": make_handshake(Origin=b"HTTP://CHAT.EXAMPLE"),
    "origin with a path": make_handshake(Origin=b"http://chat.example/a"),
    "origin null": make_handshake(Origin=b"null"),
    "origin of a file": make_handshake(Origin=b"file://"),
    "origin of an extension": make_handshake(Origin=b"chrome-extension://abc"),
    "one protocol": make_handshake(Sec_WebSocket_Protocol=b"chat"),
    "two protocols": make_handshake(Sec_WebSocket_Protocol=b"soap, chat"),
    "protocols in two lines": make_handshake(LINE, b"Sec-WebSocket-Protocol: chat", Sec_WebSocket_Protocol=b"soap"),
    "unknown protocol": make_handshake(Sec_WebSocket_Protocol=b"soap"),
    "empty protocol": make_handshake(Sec_WebSocket_Protocol=b""),
    "percent-encoded protocol": make_handshake(Sec_WebSocket_Protocol=b"ch%61t"),
    "percent-encoded list of protocols": make_handshake(Sec_WebSocket_Protocol=b"soap%2Cchat"),
    "compression of browsers": make_handshake(
        Sec_WebSocket_Extensions=b"permessage-deflate; client_max_window_bits", Cookie=b"a=1"
    ),
    "other compression": make_handshake(Sec_WebSocket_Extensions=b"permessage-deflate; server_max_window_bits=12"),
    "unknown extension": make_handshake(Sec_WebSocket_Extensions=b"x-unknown; a=1"),
    "no extension": make_handshake(Sec_WebSocket_Extensions=b""),
    "two lines of extensions": make_handshake(
        LINE, b"Sec-WebSocket-Extensions: x", Sec_WebSocket_Extensions=b"permessage-deflate"
    ),
    "escapes": with_path(b"/chat/%C3%A9%20x/%zz%ff%/?a=%20b+c"),
    "parameters of the path": with_path(b"/chat/garden;a=1/b;c=2?d=3"),
    "marks in the query": with_path(b"/chat/?a?b=/;:@[]"),
    "empty query": with_path(b"/chat/?"),
    "brackets and a colon": with_path(b"/a:b/[x]/"),
    "absolute address": with_path(b"http://testserver/chat/garden/?a"),
    "absolute address of a websocket": with_path(b"ws://testserver/chat/garden/"),
    "two slashes": with_path(b"//chat/garden/"),
    "only slashes": with_path(b"//"),
    "asterisk": with_path(b"*"),
    "relative path": with_path(b"chat/"),
    "long header": make_handshake(X_Long=b"a" * 15000),
    "two lines of Cookie": make_handshake(LINE, b"Cookie: a=1", b"Cookie: b=2"),
    "empty line of Cookie": make_handshake(LINE, b"Cookie: a=1", b"Cookie:"),
    "two lines of another header": make_handshake(LINE, b"X-A:", b"X-A: 2"),
    "header in UTF-8": make_handshake(X_Name="é".encode()),
    "header in Latin-1": make_handshake(X_Name=b"\xe9"),
    "no-break space at the end": make_handshake(X_Name=b"a\xa0"),
    "tabs": make_handshake(X_Name=b"\ta\tb\t"),
    "control characters": make_handshake(X_Name=b"a\x7fb\x1f"),
    "empty header": make_handshake(X_Name=b""),
    "header with an underscore": make_handshake(LINE, b"X_Forwarded: 1"),
    "header with colons": make_handshake(LINE, b"X-A: b: c"),
    "headers of proxies": make_handshake(LINE, b"X-Forwarded-For: 192.0.2.1", b"X-Request-Id: a", b"traceparent: b"),
    "path of the script": make_handshake(LINE, b"Daphne-Root-Path: /x"),
    "type of a body": make_handshake(LINE, b"Content-Type: text/plain"),
    "body of no bytes": make_handshake(LINE, b"Content-Length: 0"),
    "line end before the request": b"\r\n" + make_handshake(),
    "bytes after the headers": make_handshake() + make_frame(0x81, b"early"),
    "two handshakes": make_handshake() + make_handshake(),
}
REFUSED = {
    "no Host": (make_handshake(Host=None), b"400 Bad Request"),
    "two lines of Host": (make_handshake(LINE, b"Host: other"), b"400 Bad Request"),
    "port that is no number": (make_handshake(Host=b"a:x"), b'400 invalid port "x" in HTTP Host header "a:x"'),
    "two lines of Upgrade": (make_handshake(LINE, b"Upgrade: websocket"), b"400 Bad Request"),
    "no Connection": (make_handshake(Connection=None), b"400 HTTP Connection header missing"),
    "other Connection": (
        make_handshake(Connection=b"keep-alive"),
        b'400 HTTP Connection headers do not include "upgrade" value (case-insensitive): "keep-alive"',
    ),
    "no version": (
        make_handshake(Sec_WebSocket_Version=None),
        b"400 WebSocket connection denied - Hixie76 protocol not supported.",
    ),
    "unknown version": (
        make_handshake(Sec_WebSocket_Version=b"14"),
        b"400 WebSocket version 14 not supported (supported versions: 13,8)",
    ),
    "two versions": (
        make_handshake(LINE, b"Sec-WebSocket-Version: 13"),
        b'400 could not parse HTTP Sec-WebSocket-Version header "13,13" in opening handshake request',
    ),
    "no key": (make_handshake(Sec_WebSocket_Key=None), b"400 HTTP Sec-WebSocket-Key header missing"),
    "short key": (
        make_handshake(Sec_WebSocket_Key=b"abc="),
        b'400 bad Sec-WebSocket-Key (length must be 24 ASCII chars) "abc="',
    ),
    "key without padding": (
        make_handshake(Sec_WebSocket_Key=b"a" * 24),
        b'400 bad Sec-WebSocket-Key (invalid base64 encoding) "aaaaaaaaaaaaaaaaaaaaaaaa"',
    ),
    "wrong character in the key": (
        make_handshake(Sec_WebSocket_Key=b"a" * 21 + b"-=="),
        b'400 bad character "-" in Sec-WebSocket-Key (invalid base64 encoding) "aaaaaaaaaaaaaaaaaaaaa-=="',
    ),
    "two keys": (make_handshake(LINE, b"Sec-WebSocket-Key: " + KEY), b"400 Bad Request"),
    "empty origin": (make_handshake(Origin=b""), b"400 HTTP Origin header invalid: No host part in Origin ''"),
    "port out of range": (
        make_handshake(Origin=b"http://localhost:65536"),
        b"400 HTTP Origin header invalid: Port out of range 0-65535",
    ),
    "two origins": (make_handshake(LINE, b"Origin: http://a", Origin=b"http://b"), b"400 Bad Request"),
    "the same protocol twice": (
        make_handshake(Sec_WebSocket_Protocol=b"chat, chat"),
        b'400 duplicate protocol "chat" specified in HTTP Sec-WebSocket-Protocol header',
    ),
    "protocol that is not ASCII": (make_handshake(Sec_WebSocket_Protocol=b"\xe9"), b"400 A header is not ASCII"),
    "HTTP/1.0": (make_handshake(b"GET /chat/garden/ HTTP/1.0"), b"400 Bad Request"),
    "unknown version of HTTP": (make_handshake(b"GET /chat/garden/ HTTP/1.2"), b"400 Bad Request"),
    "HEAD": (make_handshake(b"HEAD /chat/garden/ HTTP/1.1"), b'405 HTTP method "HEAD" not allowed'),
    "POST": (make_handshake(b"POST /chat/garden/ HTTP/1.1"), b'405 HTTP method "POST" not allowed'),
    "method in lower case": (make_handshake(b"get /chat/garden/ HTTP/1.1"), b'405 HTTP method "get" not allowed'),
    "fragment": (
        with_path(b"/chat/garden/#x"),
        b'400 HTTP requested resource contains a fragment identifier "x"',
    ),
    "path that is not ASCII": (with_path(b"/chat/\xe9/"), b"400 Bad Request"),
    "blank in the path": (with_path(b"/chat/ x"), b"400 Bad Request"),
    "session key": (with_path(b"/chat/?session_key=a"), b"400 session_key is not accepted"),
    "101 parameters": (with_path(b"/chat/?" + b"&".join([b"a=1"] * 101)), b"400 Too many parameters"),
    "too long header": (make_handshake(X_Long=b"a" * 17000), b"400 Bad Request"),
    "line end in a header": (make_handshake(X_Name=b"a\x0bb"), b"400 Bad Request"),
    "NUL in a header": (make_handshake(X_Name=b"a\x00b"), b"400 Bad Request"),
    "continued line": (make_handshake(LINE, b"X-A: 1", b" 2"), b"400 Bad Request"),
    "line without a name": (make_handshake(LINE, b": 1"), b"400 Bad Request"),
    "line without a colon": (make_handshake(LINE, b"nonsense"), b"400 Bad Request"),
    "body": (make_handshake(LINE, b"Content-Length: 3") + b"abc", b"400 Bad Request"),
    "chunked body": (make_handshake(LINE, b"Transfer-Encoding: chunked") + b"0\r\n\r\n", b"400 Bad Request"),
}


def try_handshake(data, **options):
    """Return all that a handshake leads to if a consumer accepts it and the client then sends a text."""
    connection = FakeConnection(ws_protocols=["chat"], **options)
    connection.write(data)
    message, text = connection.passed_on("websocket.connect"), None
    if message is not None:
        connection.factory.dispatch_reply(message.pop("reply_channel"), {"accept": True, "text": "Hello"})
        connection.write(make_frame(0x81, b"late"))
        text = connection.passed_on("websocket.receive")["text"]
    has_ended = connection.transport.disconnecting
    connection.transport.protocol.connectionLost(connectionDone)
    factory = connection.factory
    counts = factory.forwarding.counts, factory.ws_factory.countConnections, len(factory.reply_protocols)
    return connection.received, message, text, has_ended, counts


def leave_to_twisted(monkeypatch):
    monkeypatch.setattr(deadlines, "read_head", lambda data: None)


def leave_to_autobahn(monkeypatch):
    monkeypatch.setattr(requests, "read_handshake", lambda *request: None)


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
def test_a_valid_handshake_has_the_effect_that_autobahn_gives_it(monkeypatch, data):
    proxy = {"trusted_proxies": 1, "proxy_forwarded_address_header": "X-Forwarded-For"}
    found = [try_handshake(data), try_handshake(data, **proxy)]
    for leave_to_others in (leave_to_twisted, leave_to_autobahn):
        leave_to_others(monkeypatch)
        assert [try_handshake(data), try_handshake(data, **proxy)] == found
    received, _, text, *_ = found[0]
    assert received.startswith(b"HTTP/1.1 101 ") and text == "late"


@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_handshake_gets_the_answer_of_autobahn(monkeypatch, data, status):
    received, message, _, has_ended, _ = try_handshake(data)
    assert received.partition(b" ")[2].partition(b"\r\n")[0] == status and message is None and has_ended
    for leave_to_others in (leave_to_twisted, leave_to_autobahn):
        leave_to_others(monkeypatch)
        again = try_handshake(data)
        assert again[0].partition(b"\r\n")[0] == received.partition(b"\r\n")[0] and again[3]


@pytest.mark.parametrize("name", ["usual", "origin", "one protocol", "compression of browsers", "Connection is a list"])
def test_autobahn_reads_no_usual_handshake(monkeypatch, name):
    monkeypatch.setattr("autobahn.websocket.protocol.parseHttpHeader", None)
    assert try_handshake(ACCEPTED[name])[1] is not None


def test_a_handshake_that_waits_has_no_timer_of_its_own():
    connection = FakeConnection()
    connection.handshake()
    protocol = connection.transport.protocol
    assert protocol.holds_handshake and protocol.openHandshakeTimeoutCall is None


@pytest.mark.parametrize("websocket_timeout", [-1, 0])
def test_a_handshake_that_is_answered_late_is_refused_once(websocket_timeout):
    connection = FakeConnection(websocket_connect_timeout=-1, websocket_timeout=websocket_timeout)
    connection.handshake()
    connection.factory.check_timeouts()
    assert connection.status == 503 and connection.passed_on("websocket.disconnect") is not None
    connection.asgi_message = connection.passed_on("websocket.connect")
    connection.reply({"accept": True})
    assert connection.received.count(b"HTTP/1.1") == 1

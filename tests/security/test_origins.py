"""
The table of origins: which header lines open a websocket, on every path, over real sockets.

To add a row, add header lines to REFUSED or ACCEPTED. To add a path, add it to `paths`: a new way in gets all rows.
Each refused handshake has the cookie or the token of a person who may open the socket. So the reason is its origin.
"""

import pytest
from channels.message import Message

from channels_transport.interface.headers import LINE_ENDS
from chat.consumers import ws_unknown
from tests.security import raw
from tests.wire import layer

pytestmark = [pytest.mark.live, pytest.mark.process, pytest.mark.no_database]

# {own} is the origin of the site, {host} its host with the port, {port} its port.
# name: (header lines, the status of the refusal)
REFUSED = {
    # Other sites.
    "another site": ("Origin: https://evil.example", 403),
    "another site with our port": ("Origin: http://evil.example:{port}", 403),
    "another port": ("Origin: http://127.0.0.1:1", 403),
    "no port": ("Origin: http://127.0.0.1", 403),
    "the port of https": ("Origin: http://127.0.0.1:443", 403),
    "our port with a leading zero": ("Origin: http://127.0.0.1:0{port}", 403),
    "an empty port": ("Origin: http://127.0.0.1:", 403),
    "a second port": ("Origin: {own}:80", 400),
    # Other schemes.
    "ftp": ("Origin: ftp://{host}", 403),
    "ws": ("Origin: ws://{host}", 403),
    "wss": ("Origin: wss://{host}", 403),
    "file": ("Origin: file://", 403),
    "a file": ("Origin: file:///etc/passwd", 403),
    "file with our host": ("Origin: file://{host}", 403),
    "data": ("Origin: data:text/html,x", 400),
    "blob": ("Origin: blob:{own}/x", 400),
    "about": ("Origin: about:blank", 400),
    "javascript": ("Origin: javascript://{host}", 403),
    "a browser's extension": ("Origin: chrome-extension://abcdefghijklmnop", 403),
    "an app": ("Origin: capacitor://localhost", 403),
    "a scheme in capitals": ("Origin: HTTP://{host}", 403),
    "no scheme": ("Origin: {host}", 400),
    "no scheme with slashes": ("Origin: //{host}", 403),
    "one slash": ("Origin: http:/{host}", 400),
    "no slash": ("Origin: http:{host}", 400),
    "backslashes": ("Origin: http:\\\\{host}", 400),
    # Names that contain ours, or that a browser resolves to ours.
    "a subdomain": ("Origin: http://chat.{host}", 403),
    "our name in front": ("Origin: http://127.0.0.1.evil.example:{port}", 403),
    "our name with a suffix": ("Origin: {own}.evil.example", 400),
    "our name with a prefix": ("Origin: http://evil-{host}", 403),
    "a trailing dot": ("Origin: http://127.0.0.1.:{port}", 403),
    "another name for us": ("Origin: http://localhost:{port}", 403),
    "IPv6": ("Origin: http://[::1]:{port}", 403),
    "IPv4 in IPv6": ("Origin: http://[::ffff:127.0.0.1]:{port}", 403),
    "half an IPv6 address": ("Origin: http://[::1", 400),
    "a decimal address": ("Origin: http://2130706433:{port}", 403),
    "a short address": ("Origin: http://127.1:{port}", 403),
    "an octal address": ("Origin: http://0177.0.0.1:{port}", 403),
    "a hexadecimal address": ("Origin: http://0x7f.0.0.1:{port}", 403),
    "punycode": ("Origin: http://xn--evil-9za.example:{port}", 403),
    "fullwidth digits": ("Origin: http://１２７.０.０.１:{port}", 403),
    "a fullwidth dot": ("Origin: http://127。0.0.1:{port}", 403),
    "a name in capitals": ("Host: localhost:{port}\r\nOrigin: http://LOCALHOST:{port}", 403),
    # Parts that no origin has.
    "us as a user": ("Origin: {own}@evil.example", 403),
    "us as a user with a password": ("Origin: http://127.0.0.1:x@evil.example:{port}", 403),
    "a user": ("Origin: http://evil@{host}", 403),
    "an empty user": ("Origin: http://@{host}", 403),
    "a slash": ("Origin: {own}/", 403),
    "a path": ("Origin: {own}/x", 403),
    "a query": ("Origin: {own}?x", 403),
    "a fragment": ("Origin: {own}#x", 403),
    "a backslash and another site": ("Origin: {own}\\@evil.example", 403),
    "an encoded dot": ("Origin: http://127%2e0.0.1:{port}", 403),
    "an encoded line end": ("Origin: {own}%0d%0a", 400),
    # Other values and several of them.
    "null": ("Origin: null", 403),
    "null in capitals": ("Origin: NULL", 403),
    "empty": ("Origin:", 400),
    "only blanks": ("Origin:   ", 400),
    "nonsense": ("Origin: nonsense", 400),
    "a star": ("Origin: *", 400),
    "only a scheme": ("Origin: http://", 400),
    "no host": ("Origin: http:///x", 400),
    "NUL at the end": ("Origin: {own}\0", 400),
    "a list": ("Origin: {own}, https://evil.example", 400),
    "a list with blanks": ("Origin: {own} https://evil.example", 400),
    "the same line twice": ("Origin: {own}\r\nOrigin: {own}", 400),
    "ours, then another": ("Origin: {own}\r\nOrigin: https://evil.example", 400),
    "another, then ours": ("Origin: https://evil.example\r\nOrigin: {own}", 400),
    "a folded line": ("Origin: {own}\r\n .evil.example", 400),
    # No header Origin, but something that looks like it.
    "no origin": ("X-Any: x", 403),
    "only a referer": ("Referer: {own}/", 403),
    "an underscore": ("Origin_: {own}", 403),
    "the header of old browsers": ("Sec-WebSocket-Origin: {own}", 403),
    "a forwarded origin": ("X-Forwarded-Origin: {own}", 403),
    "a blank before the colon": ("Origin : {own}", 400),
    # The origin of a host that is not ours, which the header Host names.
    "a foreign host": ("Host: evil.example\r\nOrigin: http://evil.example", 403),
    "a forwarded host": ("X-Forwarded-Host: evil.example\r\nOrigin: http://evil.example", 403),
    "a host with a user": ("Host: evil@{host}\r\nOrigin: http://evil@{host}", 403),
    "a host with a path": ("Host: {host}/x\r\nOrigin: {own}/x", 400),
    # No token of a bot, or a token and the origin of another site.
    "another kind of authorization": ("Authorization: Basic eDp5", 403),
    "an empty authorization": ("Authorization:", 403),
    "only the word Bearer": ("Authorization: Bearer", 403),
    "a token and another site": ("Authorization: Bearer {token}\r\nOrigin: https://evil.example", 403),
    "a token and null": ("Authorization: Bearer {token}\r\nOrigin: null", 403),
}
ACCEPTED = {
    "ours": "Origin: {own}",
    # A proxy that ends TLS passes the host on. PUBLIC_URL limits this site to one of the two.
    "ours with https": "Origin: https://{host}",
    "blanks around ours": "Origin: \t {own} \t",
    "a name in capitals": "ORIGIN: {own}",
    "ours by another name": "Host: localhost:{port}\r\nOrigin: http://localhost:{port}",
    "ours and a token": "Origin: {own}\r\nAuthorization: Bearer {token}",
    "a token": "Authorization: Bearer {token}",
}


@pytest.fixture(scope="module")
def paths(live_operator):
    """Return a path of each kind of websocket, with the ids of a room and a board of the operator."""
    board = f"{live_operator.board['board']}/{live_operator.board['session']}"
    return [
        f"/chat/{live_operator.room}/",
        "/me/",
        "/lobby/",
        "/echo/",
        f"/auth/{board}/",
        f"/write/{board}/",
        "/operators/rooms/",
        "/operators/health/",
    ]


@pytest.fixture(scope="module")
def token(live_operator):
    """Return the key of a token of the operator."""
    return live_operator.call("POST", "/api/tokens/", name="a bot", expected=201).json()["token"]


@pytest.fixture(scope="module")
def open_sockets(live_site, paths, token):
    """Return a function that sends a handshake with these header lines on each path. It returns {path: status}."""
    names = {"own": live_site.url, "host": f"127.0.0.1:{live_site.port}", "port": live_site.port, "token": token}

    def send(lines, *others):
        lines = lines.format(**names).encode().split(b"\r\n")
        host = next((line for line in lines if line.startswith(b"Host:")), None)
        lines = [line for line in lines if line is not host]
        requests = [raw.make_handshake(live_site, path, [*lines, *others], host=host) for path in paths]
        return dict(zip(paths, raw.send_together(live_site, requests), strict=True))

    return send


@pytest.fixture(scope="module")
def cookie(live_operator):
    """Return the header line of the operator's cookies."""
    return f"Cookie: {live_operator.headers['Cookie']}".encode()


@pytest.mark.parametrize("lines, status", REFUSED.values(), ids=REFUSED)
def test_a_websocket_of_another_origin_is_refused_on_every_path(open_sockets, paths, cookie, lines, status):
    # A token needs no cookie. The token alone must not open a socket from a foreign origin either.
    others = [] if "Authorization" in lines and "Bearer {token}" in lines else [cookie]
    assert open_sockets(lines, *others) == dict.fromkeys(paths, status)


@pytest.mark.parametrize("lines", ACCEPTED.values(), ids=ACCEPTED)
def test_a_websocket_of_this_site_or_of_a_bot_is_accepted_on_every_path(open_sockets, paths, cookie, lines):
    assert open_sockets(lines, cookie) == dict.fromkeys(paths, 101)


@pytest.mark.parametrize("end", LINE_ENDS)
def test_no_header_injects_an_origin(open_sockets, paths, cookie, live_site, end):
    injected = b"X-Innocent: a" + end + b"Origin: " + live_site.url.encode()
    assert open_sockets("X-Any: x", cookie, injected) == dict.fromkeys(paths, 400)


def test_the_table_has_a_path_of_each_consumer(paths):
    # An unknown path, such as /nowhere/, has no row: its websocket is closed with 4404 for every origin.
    consumers = list_consumers(layer().router.root.routing) - {ws_unknown}
    messages = [Message({"path": path, "reply_channel": "x"}, "websocket.connect", None) for path in paths]
    assert {layer().router.match(message)[0] for message in messages} == consumers


def list_consumers(routing):
    """Return the consumers of all handshakes in a routing, which may contain other routings."""
    consumers = set()
    for entry in routing:
        if hasattr(entry, "routing"):
            consumers |= list_consumers(entry.routing)
        elif "websocket.connect" in entry.channels:
            consumers.add(entry.consumer)
    return consumers

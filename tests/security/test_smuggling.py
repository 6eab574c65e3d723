"""
The tables of smuggled headers and smuggled requests: raw bytes on real sockets, and all responses that they cause.

To add a row, add bytes and the statuses of all responses to REQUESTS, bytes and the only status to HANDSHAKES, or a
header and its value to FORGED. {host} is the site's host. Each row of REQUESTS and HANDSHAKES also checks that the next
client is served. tests/channels_transport/interface/test_headers.py has the rules of
single headers, and what the site sees.
"""

import re
import socket

import pytest
import requests

from channels_transport.interface.headers import LINE_ENDS
from tests.security import raw

pytestmark = [pytest.mark.live, pytest.mark.process, pytest.mark.no_database]

GET = b"GET /api/nowhere/ HTTP/1.1\r\nHost: {host}\r\n"
# The smuggled request. If the site handles it as a request, it adds 404 to the statuses of a row.
SECOND = b"GET /api/second/ HTTP/1.1\r\nHost: {host}\r\n\r\n"
POST = b"POST /api/nowhere/ HTTP/1.1\r\nHost: {host}\r\n"
# The status of this POST if a worker gets it: it has no CSRF token.
PASSED_ON = 403
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# name: (bytes, the statuses of all responses)
REQUESTS = {
    # Two requests are two requests.
    "two requests": (GET + b"\r\n" + SECOND, [404, 404]),
    "a body and a request": (POST + b"Content-Length: 3\r\n\r\nabc" + SECOND, [PASSED_ON, 404]),
    "chunks and a request": (POST + CHUNKED + b"\r\n3\r\nabc\r\n0\r\n\r\n" + SECOND, [PASSED_ON, 404]),
    # The length of the body: nothing of a request with an ambiguous length is another request.
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + SECOND, [400]),
    "two different lengths": (POST + b"Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc" + SECOND, [400]),
    "a list of lengths": (POST + b"Content-Length: 3, 3\r\n\r\nabc" + SECOND, [400]),
    "a length and chunks": (POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks and a length": (POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n" + SECOND, [400]),
    "a length with a sign": (POST + b"Content-Length: +3\r\n\r\nabc" + SECOND, [400]),
    "a length with an underscore": (POST + b"Content-Length: 1_0\r\n\r\nabcdefghij" + SECOND, [400]),
    "a hexadecimal length": (POST + b"Content-Length: 0x3\r\n\r\nabc" + SECOND, [400]),
    "a length with a fraction": (POST + b"Content-Length: 3.0\r\n\r\nabc" + SECOND, [400]),
    "an empty length": (POST + b"Content-Length:\r\n\r\n" + SECOND, [400]),
    "a length of other digits": (POST + b"Content-Length: \xd9\xa3\r\n\r\nabc" + SECOND, [400]),
    "a length of 5,000 digits": (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + SECOND, [400]),
    "a length of a terabyte": (POST + b"Content-Length: 1000000000000\r\n\r\n" + SECOND, [413]),
    "a length with an underscore in its name": (POST + b"Content_Length: 50\r\n\r\n" + SECOND, [PASSED_ON, 404]),
    "a blank before the colon": (POST + b"Content-Length : 3\r\n\r\nabc" + SECOND, [400]),
    "a tab before the colon": (POST + b"Content-Length\t: 3\r\n\r\nabc" + SECOND, [400]),
    "a blank before the name": (POST + b" Content-Length: 3\r\n\r\nabc" + SECOND, [400]),
    "a NUL in the name": (POST + b"Content-Length\0: 3\r\n\r\nabc" + SECOND, [400]),
    "a vertical tab before the name": (POST + b"\x0bContent-Length: 3\r\n\r\nabc" + SECOND, [400]),
    "a vertical tab before the length": (POST + b"Content-Length: \x0b3\r\n\r\nabc" + SECOND, [400]),
    # The coding of the body.
    "an unknown coding": (POST + b"Transfer-Encoding: x\r\n\r\n" + SECOND, [400]),
    "a coding and chunks": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks twice": (POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks, then identity": (POST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "identity and a length": (POST + b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc" + SECOND, [400]),
    "chunks in quotes": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + SECOND, [400]),
    "chunks after a vertical tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks with a NUL": (POST + b"Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks with a folded line": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks after a comma": (POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks with a blank before the colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks with an underscore": (POST + b"Transfer_Encoding: chunked\r\n\r\n" + SECOND, [PASSED_ON, 404]),
    "chunks in HTTP/1.0": (POST.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n0\r\n\r\n" + SECOND, [400]),
    # Chunks.
    "an extension of a chunk": (POST + CHUNKED + b"\r\n3;a=b\r\nabc\r\n0\r\n\r\n" + SECOND, [PASSED_ON, 404]),
    "a line feed in an extension": (POST + CHUNKED + b"\r\n3;a\nb\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a NUL in an extension": (POST + CHUNKED + b"\r\n3;\0\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "an endless extension": (POST + CHUNKED + b"\r\n3;" + b"a" * 20000 + b"\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a chunk with a sign": (POST + CHUNKED + b"\r\n+3\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a chunk with a prefix": (POST + CHUNKED + b"\r\n0x3\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a chunk with an underscore": (POST + CHUNKED + b"\r\n1_0\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a chunk with a blank": (POST + CHUNKED + b"\r\n 3\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a negative chunk": (POST + CHUNKED + b"\r\n-3\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "an empty length of a chunk": (POST + CHUNKED + b"\r\n\r\nabc\r\n0\r\n\r\n" + SECOND, [400]),
    "a chunk of 2 ** 64 bytes": (POST + CHUNKED + b"\r\n10000000000000000\r\nabc\r\n0\r\n\r\n" + SECOND, []),
    "a chunk that is too long": (POST + CHUNKED + b"\r\n3\r\nabcdef\r\n0\r\n\r\n" + SECOND, [400]),
    "chunks with line feeds": (POST + CHUNKED + b"\r\n3\nabc\n0\n\n" + SECOND, [400]),
    "a trailer": (POST + CHUNKED + b"\r\n0\r\nX-CSRFToken: x\r\n\r\n" + SECOND, [PASSED_ON, 404]),
    "a length in the trailer": (POST + CHUNKED + b"\r\n0\r\nContent-Length: 50\r\n\r\n" + SECOND, [PASSED_ON, 404]),
    "an endless trailer": (POST + CHUNKED + b"\r\n0\r\n" + b"X: y\r\n" * 20000 + b"\r\n" + SECOND, [400]),
    # Lines.
    "line feeds only": (b"GET /api/nowhere/ HTTP/1.1\nHost: {host}\n\n" + SECOND.replace(b"\r", b""), []),
    "a line feed in a value": (GET + b"X-A: a\nX-B: b\r\n\r\n" + SECOND, [400]),
    "a line feed and a request in a value": (GET + b"X-A: a\n\n" + SECOND + b"\r\n", [400]),
    "a carriage return in a value": (GET + b"X-A: a\rX-B: b\r\n\r\n" + SECOND, [400]),
    "a carriage return at the end": (GET + b"X-A: a\r\r\n\r\n" + SECOND, [400]),
    "a NUL in a value": (GET + b"X-A: a\0b\r\n\r\n" + SECOND, [400]),
    "a folded line": (GET + b"X-A: a\r\n b\r\n\r\n" + SECOND, [400]),
    "a folded line as the first header": (b"GET /api/nowhere/ HTTP/1.1\r\n Host: {host}\r\n\r\n" + SECOND, [400]),
    "a line without a colon": (GET + b"No colon\r\n\r\n" + SECOND, [400]),
    "an empty name": (GET + b": a\r\n\r\n" + SECOND, [400]),
    "a name with other letters": (GET + b"X-\xc3\xa9: a\r\n\r\n" + SECOND, [400]),
    "a name with a line end of Unicode": (GET + b"X-\x85: a\r\n\r\n" + SECOND, [400]),
    "a header of 20,000 bytes": (GET + b"X-A: " + b"a" * 20000 + b"\r\n\r\n" + SECOND, [400]),
    "600 headers": (GET + b"".join(b"X-%d: x\r\n" % number for number in range(600)) + b"\r\n" + SECOND, [400]),
    "an empty line before": (b"\r\n" + GET + b"\r\n" + SECOND, [404, 404]),
    "empty lines before": (b"\r\n\r\n" + GET + b"\r\n" + SECOND, [400]),
    # Hosts and addresses.
    "no host": (b"GET /api/nowhere/ HTTP/1.1\r\n\r\n" + SECOND, [400]),
    "two hosts": (GET + b"Host: evil.example\r\n\r\n" + SECOND, [400]),
    "the same host twice": (GET + b"Host: {host}\r\n\r\n" + SECOND, [400]),
    "a foreign host": (GET.replace(b"{host}", b"evil.example") + b"\r\n" + SECOND, [400, 404]),
    "a foreign host in the address": (GET.replace(b" /", b" http://evil.example/") + b"\r\n" + SECOND, [400, 404]),
    "our host in the address": (GET.replace(b" /", b" http://{host}/") + b"\r\n" + SECOND, [404, 404]),
    "two slashes": (GET.replace(b" /api", b" //evil.example/api") + b"\r\n" + SECOND, [404, 404]),
    "a blank in the address": (GET.replace(b"nowhere", b"no where") + b"\r\n" + SECOND, [400]),
    "a tab in the address": (GET.replace(b"nowhere", b"no\twhere") + b"\r\n" + SECOND, [400]),
    "raw bytes in the address": (GET.replace(b"nowhere", b"no\xffwhere") + b"\r\n" + SECOND, [400]),
    "a version in the address": (GET.replace(b"nowhere/", b"nowhere/%20HTTP/1.1%0d%0a") + b"\r\n" + SECOND, [404, 404]),
    "an address without a slash": (GET.replace(b"/api/nowhere/", b"api") + b"\r\n" + SECOND, [404, 404]),
    "a fragment in the address": (GET.replace(b"nowhere/", b"nowhere/#x") + b"\r\n" + SECOND, [404, 404]),
    "a proxy's CONNECT": (GET.replace(b"GET /api/nowhere/", b"CONNECT evil.example:80") + b"\r\n" + SECOND, [404, 404]),
    "an unknown method": (GET.replace(b"GET", b"BREW") + b"\r\n" + SECOND, [403, 404]),
    "a method with a NUL": (GET.replace(b"GET", b"G\0ET") + b"\r\n" + SECOND, [400]),
    # Versions and other protocols.
    "no address": (b"GET\r\n\r\n" + SECOND, [400]),
    "HTTP/0.9": (b"GET /\r\n\r\n" + SECOND, [400]),
    "HTTP/9.9": (GET.replace(b"1.1", b"9.9") + b"\r\n" + SECOND, [400]),
    "HTTP/1.1 with a suffix": (GET.replace(b"1.1", b"1.1x") + b"\r\n" + SECOND, [400]),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SECOND, [400]),
    "an upgrade to HTTP/2": (GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + SECOND, [404, 404]),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" + SECOND, [400]),
    "nonsense": (b"nonsense\r\n\r\n" + SECOND, [400]),
    "a response": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + SECOND, [400]),
    # The end of the connection.
    "the client closes": (GET + b"Connection: close\r\n\r\n" + SECOND, [404]),
    "a refusal closes": (GET + b"Host: a\r\n\r\n" + SECOND * 3, [400]),
    "a body of an unread length": (POST + b"Content-Length: 50\r\n\r\nabc", []),
    "expectations": (POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" + SECOND, [100, PASSED_ON, 404]),
}
HANDSHAKE = b"GET /echo/ HTTP/1.1\r\nHost: {host}\r\n" + b"\r\n".join(raw.HANDSHAKE) + b"\r\nOrigin: {own}\r\n"
# name: (bytes, the status of the only response)
HANDSHAKES = {
    "a handshake": (HANDSHAKE + b"\r\n", 101),
    "two keys": (HANDSHAKE + b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", 400),
    "two versions": (HANDSHAKE + b"Sec-WebSocket-Version: 8\r\n\r\n", 400),
    "the same version twice": (HANDSHAKE + b"Sec-WebSocket-Version: 13\r\n\r\n", 400),
    "an unknown version": (HANDSHAKE.replace(b"Version: 13", b"Version: 777") + b"\r\n" + SECOND, 400),
    "no version": (HANDSHAKE.replace(b"Sec-WebSocket-Version: 13\r\n", b"") + b"\r\n" + SECOND, 400),
    "no key": (HANDSHAKE.replace(b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n", b"") + b"\r\n" + SECOND, 400),
    "a short key": (HANDSHAKE.replace(b"MDEyMzQ1Njc4OWFiY2RlZg==", b"x") + b"\r\n" + SECOND, 400),
    "an underscore in a name": (HANDSHAKE.replace(b"Sec-WebSocket-Key", b"Sec_WebSocket_Key") + b"\r\n" + SECOND, 400),
    "no connection": (HANDSHAKE.replace(b"Connection: Upgrade\r\n", b"") + b"\r\n" + SECOND, 400),
    "another upgrade": (HANDSHAKE.replace(b"Upgrade: websocket", b"Upgrade: h2c") + b"\r\n", 404),
    "two upgrades": (HANDSHAKE + b"Upgrade: h2c\r\n\r\n", 400),
    "a list of upgrades": (HANDSHAKE.replace(b"Upgrade: websocket", b"Upgrade: websocket, h2c") + b"\r\n", 404),
    "HTTP/1.0": (HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n" + SECOND, 400),
    "POST": (HANDSHAKE.replace(b"GET", b"POST") + b"\r\n" + SECOND, 405),
    "a foreign host": (HANDSHAKE.replace(b"{host}\r\n", b"evil.example\r\n") + b"\r\n" + SECOND, 403),
    "two hosts": (HANDSHAKE + b"Host: {host}\r\n\r\n" + SECOND, 400),
    "a subprotocol that is no text": (HANDSHAKE + b"Sec-WebSocket-Protocol: \xff\r\n\r\n" + SECOND, 400),
    "a length and no body": (HANDSHAKE + b"Content-Length: 0\r\n\r\n", 101),
    "a body": (HANDSHAKE + b"Content-Length: %d\r\n\r\n%b" % (len(SECOND), SECOND), 400),
    "chunks": (HANDSHAKE + CHUNKED + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SECOND), SECOND), 400),
    "a header of 20,000 bytes": (HANDSHAKE + b"X-A: " + b"a" * 20000 + b"\r\n\r\n" + SECOND, 400),
    "600 headers": (HANDSHAKE + b"".join(b"X-%d: x\r\n" % n for n in range(600)) + b"\r\n" + SECOND, 400),
    "an extension": (HANDSHAKE + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 101),
    "an invalid extension": (HANDSHAKE + b"Sec-WebSocket-Extensions: ;;==\r\n\r\n", 101),
    "a line without a colon": (HANDSHAKE + b"No colon\r\n\r\n" + SECOND, 400),
    "an empty name": (HANDSHAKE + b": a\r\n\r\n" + SECOND, 400),
    "a folded line": (HANDSHAKE + b"X-A: a\r\n b\r\n\r\n" + SECOND, 400),
    "a line feed in a value": (HANDSHAKE + b"X-A: a\nX-B: b\r\n\r\n" + SECOND, 400),
    "a carriage return in a value": (HANDSHAKE + b"X-A: a\rX-B: b\r\n\r\n" + SECOND, 400),
    **{
        f"a line end {end!r} in a value": (HANDSHAKE + b"X-A: a" + end + b"X-B: b\r\n\r\n" + SECOND, 400)
        for end in LINE_ENDS
    },
}
# Headers with which a client could pretend to be a proxy. Without TRUSTED_PROXIES, none of them changes a response.
FORGED = {
    **dict.fromkeys(["X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP"], "192.0.2.7"),
    **dict.fromkeys(["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-Host"], "evil.example"),
    **dict.fromkeys(["X_Forwarded_Host", "X_Forwarded_Proto", "HTTP_HOST", "SERVER_NAME"], "evil.example"),
    **dict.fromkeys(["X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Forwarded-Protocol", "X-Url-Scheme"], "https"),
    **dict.fromkeys(["X-Forwarded-Ssl", "Front-End-Https"], "on"),
    **dict.fromkeys(["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Script-Name"], "/evil"),
    **dict.fromkeys(["Daphne-Root-Path", "Script-Name", "SCRIPT_NAME", "Path-Info", "Request-URI"], "/evil"),
    **dict.fromkeys(["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"], "DELETE"),
    **dict.fromkeys(["Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Authenticated-User"], "Root"),
    "X-Forwarded-Port": "1",
    "Forwarded": "for=192.0.2.7;host=evil.example;proto=https",
    "Proxy": "http://evil.example",
    "Via": "1.1 evil.example",
    "Max-Forwards": "0",
    "SSL-Client-Verify": "SUCCESS",
    "X-Requested-With": "XMLHttpRequest",
    "Range": "bytes=0-1",
    "If-None-Match": "*",
    "TE": "trailers",
    "Trailer": "Host",
    "Expect-CT": "max-age=0",
}


def fill(data, site):
    host = b"127.0.0.1:%d" % site.port
    return data.replace(b"{host}", host).replace(b"{own}", b"http://" + host)


def assert_serves(site):
    """Assert that the next client gets the response to its own request."""
    [status], received = raw.converse(site, fill(GET + b"\r\n", site))
    assert status == 404 and received.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("data, statuses", REQUESTS.values(), ids=REQUESTS)
def test_only_unambiguous_requests_are_answered_and_none_is_smuggled(live_site, data, statuses):
    assert raw.converse(live_site, fill(data, live_site))[0] == statuses
    assert_serves(live_site)


@pytest.mark.parametrize("data, status", HANDSHAKES.values(), ids=HANDSHAKES)
def test_only_unambiguous_handshakes_are_accepted_and_no_request_follows_a_refusal(live_site, data, status):
    with raw.connect(live_site) as connection:
        connection.sendall(fill(data, live_site))
        answer, rest = raw.read_status(connection)
        connection.shutdown(socket.SHUT_WR)
        try:
            while part := connection.recv(65536):
                rest += part
        except ConnectionResetError:
            pass
    assert answer == status and not re.search(rb"HTTP/1\.[01] \d\d\d ", rest)
    assert_serves(live_site)


def get_page(site, path, headers=None):
    """Return what a response says, without its random parts."""
    response = requests.get(site.url + path, headers=headers, allow_redirects=False, timeout=60)
    text = re.sub(r"[A-Za-z0-9]{64}|(?<=nonce)\S+", "", response.text)
    return response.status_code, response.headers.get("Location"), text


PAGES = ["/sign-in/?next=/rooms/x/", "/settings/", "/api/session/"]


@pytest.fixture(scope="module")
def pages(live_site):
    return {path: get_page(live_site, path) for path in PAGES}


@pytest.mark.parametrize("name, value", FORGED.items())
def test_a_header_of_a_proxy_changes_nothing_without_trusted_proxies(live_site, pages, name, value):
    for path in PAGES:
        assert get_page(live_site, path, {name: value}) == pages[path]


# Names that a server could confuse with X-CSRFToken or Authorization.
CONFUSED = ["X_CSRFToken", "HTTP_X_CSRFTOKEN", "HTTP-X-CSRFToken", "X-CSRF-Token", "X-CSRFToken_"]


@pytest.mark.parametrize("name", CONFUSED)
def test_a_name_with_an_underscore_is_not_a_csrf_token(live_operator, live_site, name):
    token = live_operator.http.cookies["csrftoken"]
    response = live_operator.http.post(f"{live_site.url}/api/tokens/", json={"name": "x"}, headers={name: token})
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")

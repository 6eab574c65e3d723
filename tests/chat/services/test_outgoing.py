"""Requests to addresses that people name reach only public addresses, and end in time."""

import http.server
import ipaddress
import socket
import threading
import time

import pytest

from chat.services import outgoing

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


class Handler(http.server.BaseHTTPRequestHandler):
    """A handler that answers by the path of the request."""

    def do_GET(self):
        path, _, rest = self.path[1:].partition("/")
        if path == "redirect":
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
        elif path == "drip":
            self._drip()
        else:
            self.send_response(404 if path == "missing" else 200)
            self.end_headers()
            self.wfile.write(b"x" * int(rest or 5))

    def _drip(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body + self.headers["X-Signature"].encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def server():
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


@pytest.fixture
def allowed(settings):
    settings.OUTGOING_NETWORKS = LOOPBACK


def resolve_to(monkeypatch, *addresses):
    """Make each look-up of a name return the next of these addresses. After the last one, it is returned again."""
    left, real = list(addresses), socket.getaddrinfo

    def resolve(host, port, *arguments, **options):
        if host[0].isdigit():
            return real(host, port, *arguments, **options)
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "fec0::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address):
    assert not outgoing.is_allowed(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is_allowed(address):
    assert outgoing.is_allowed(address)


def test_a_private_network_is_allowed_by_its_setting_only(settings):
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fc00::/7")]
    assert outgoing.is_allowed("10.1.2.3") and outgoing.is_allowed("fc00::1") and outgoing.is_allowed("::ffff:10.0.0.1")
    assert not outgoing.is_allowed("192.168.1.1") and not outgoing.is_allowed("::1")


@pytest.mark.parametrize(
    "url",
    ["", None, 5, "ftp://a.example/", "file:///etc/passwd", "//a.example", "http://", "http://me:secret@a.example/"]
    + ["http://a.example:99999/", "http://[::1/", "gopher://a.example", "https://a.example/" + "x" * 2000]
    # urllib3 connects to a.example, although the text ends with another name.
    + [r"https://a.example\.b.example/", "https://a.example%2F.b.example/", "https://a.example%23.b.example/"],
)
def test_a_text_that_is_no_http_url_is_refused(url):
    with pytest.raises(outgoing.AddressRefused):
        outgoing.check_url(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0"])
def test_no_form_of_this_machines_address_is_reached(server, host):
    port = server.rpartition(":")[2]
    with pytest.raises(outgoing.OutgoingError, match="not public"):
        outgoing.send("GET", f"http://{host}:{port}/")


def test_a_response_comes_with_its_body(server, allowed):
    response = outgoing.send("GET", f"{server}/found")
    assert (response.status_code, response.content) == (200, b"xxxxx")
    assert outgoing.send("GET", f"{server}/missing").status_code == 404


def test_a_body_and_headers_are_sent(server, allowed):
    response = outgoing.send("POST", server, data=b"body", headers={"X-Signature": "signed"})
    assert response.content == b"bodysigned"


def test_a_long_body_is_cut_off(server, allowed):
    assert len(outgoing.send("GET", f"{server}/long/300000", most_bytes=100_000).content) == 100_000


def test_a_redirect_is_followed_only_if_asked(server, allowed):
    url = f"{server}/redirect/{server}/found"
    assert outgoing.send("GET", url).status_code == 302
    assert outgoing.send("GET", url, most_redirects=1).content == b"xxxxx"


def test_the_number_of_redirects_is_limited(server, allowed):
    with pytest.raises(outgoing.OutgoingError, match="redirects too often"):
        outgoing.send("GET", f"{server}/redirect/{server}/redirect/{server}/found", most_redirects=1)


def test_a_redirect_to_a_private_address_is_refused(server, settings):
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    port = server.rpartition(":")[2]
    with pytest.raises(outgoing.AddressRefused):
        outgoing.send("GET", f"{server}/redirect/http://127.0.0.2:{port}/found", most_redirects=2)
    with pytest.raises(outgoing.AddressRefused):
        outgoing.send("GET", f"{server}/redirect/file:///etc/passwd", most_redirects=2)


def test_a_redirect_to_no_url_is_refused(server, allowed):
    with pytest.raises(outgoing.AddressRefused):
        outgoing.send("GET", f"{server}/redirect/http://[", most_redirects=2)


def test_a_name_that_changes_its_address_is_checked_at_each_connection(server, settings, monkeypatch):
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    port = server.rpartition(":")[2]
    resolve_to(monkeypatch, "127.0.0.1", "127.0.0.2")
    assert outgoing.send("GET", f"http://changing.example:{port}/").status_code == 200
    with pytest.raises(outgoing.AddressRefused):
        outgoing.send("GET", f"http://changing.example:{port}/")


def test_the_connection_goes_to_the_address_that_was_checked(server, settings, monkeypatch):
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    resolve_to(monkeypatch, "127.0.0.1", "127.0.0.2")
    connected = []
    real = outgoing.create_connection
    monkeypatch.setattr(
        outgoing,
        "create_connection",
        lambda address, *rest, **more: (connected.append(address[0]), real(address, *rest, **more))[1],
    )
    outgoing.send("GET", f"http://changing.example:{server.rpartition(':')[2]}/")
    assert connected == ["127.0.0.1"]


def test_headers_that_come_byte_by_byte_end_in_time(server, allowed):
    before = time.monotonic()
    with pytest.raises(outgoing.OutgoingError):
        outgoing.send("GET", f"{server}/drip", seconds=0.5)
    assert time.monotonic() - before < 3


def test_a_proxy_of_the_environment_is_not_used(server, allowed, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert outgoing.send("GET", server + "/").status_code == 200


def test_an_unknown_name_and_a_closed_port_are_errors(allowed):
    with pytest.raises(outgoing.OutgoingError):
        outgoing.send("GET", "http://no-such-name.invalid/")
    with pytest.raises(outgoing.OutgoingError):
        outgoing.send("GET", "http://127.0.0.1:9/")

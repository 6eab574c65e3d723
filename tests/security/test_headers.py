"""
Responses to HTTP requests have the security headers of a public site, whether a worker or the interface makes them.

One table has the responses that Django makes, the other those that pass through no middleware of Django.
"""

import io
import json

import pytest
from django.conf import settings as site_settings
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image
from twisted.internet.address import IPv4Address

from channels_transport.interface.added_headers import load_added_headers
from channels_transport.interface.answers import load_answers
from channels_transport.interface.limits import Limits
from chat.http import bundles
from chat.http.security_middleware import RedirectToTLSMiddleware
from chat.protocol import ChatError
from chatproj.security_headers import HSTS, make_headers
from tests import wire
from tests.channels_transport.connection import KEY, FakeConnection, Transport
from tests.helpers import fail_with

HOST = "chat.example"
PUBLIC_URL = f"https://{HOST}"
HEADERS = make_headers(PUBLIC_URL, 31536000, "host")
CSP = "Content-Security-Policy"
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.fixture(autouse=True)
def public_site(settings):
    """Give this process the settings of a public site behind one proxy."""
    settings.PUBLIC_URL = PUBLIC_URL
    settings.ALLOWED_HOSTS = [HOST]
    settings.TRUSTED_PROXIES = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.INTERFACE_HEADERS = HEADERS


# These are the responses of Django, as a proxy with TLS gets them.


def ask(browser, path, method="get", **options):
    options = {"HTTP_HOST": HOST, "HTTP_X_FORWARDED_PROTO": "https", **options}
    return getattr(wire.calm(browser), method)(path, **options)


def draw_picture():
    file = io.BytesIO()
    Image.new("RGB", (300, 300)).save(file, "PNG")
    return file.getvalue()


def fetch_picture(root):
    browser = wire.browser_of(root)
    stored = ask(browser, "/api/profile/picture/", "put", data=draw_picture(), content_type="image/png").json()
    return ask(Client(), f"/pictures/{stored['picture']}/")


def fetch_export(root):
    browser = wire.browser_of(root)
    body = json.dumps({"ref": "x1", "task": "export", "params": {"format": "html"}})
    task = ask(browser, "/api/rooms/garden/tasks/", "post", data=body, content_type="application/json").json()
    wire.work()
    return ask(browser, f"/api/tasks/{task['task_id']}/result/")


def fail(monkeypatch, path, error):
    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", fail_with(error))
    return ask(Client(), path)


# {kind of response: (status, a function of (the person, monkeypatch) that returns the response)}
OF_WORKERS = {
    "page": (200, lambda root, patch: ask(Client(), "/")),
    "room": (200, lambda root, patch: ask(wire.browser_of(root), "/rooms/garden/")),
    "JSON": (200, lambda root, patch: ask(Client(), "/api/session/")),
    "redirect": (302, lambda root, patch: ask(Client(), "/settings/")),
    "redirect to a slash": (301, lambda root, patch: ask(Client(), "/sign-in")),
    "admin": (200, lambda root, patch: ask(wire.browser_of(root), reverse("admin:chat_room_changelist"))),
    "sign-in of the admin": (200, lambda root, patch: ask(Client(), "/admin/login/")),
    "script of the admin": (200, lambda root, patch: ask(wire.browser_of(root), "/admin/jsi18n/")),
    "picture": (200, lambda root, patch: fetch_picture(root)),
    "export": (200, lambda root, patch: fetch_export(root)),
    "static file": (200, lambda root, patch: ask(Client(), "/static/chat/page.js")),
    "bundle": (
        200,
        lambda root, patch: ask(Client(), f"/static/{bundles.CLIENT_PREFIX}{next(iter(bundles.make_bundles()))}"),
    ),
    "service worker": (200, lambda root, patch: ask(Client(), "/service-worker.js")),
    "readiness": (200, lambda root, patch: ask(Client(), "/readyz")),
    "wrong host": (400, lambda root, patch: ask(Client(), "/", HTTP_HOST="evil.example")),
    "invalid JSON": (400, lambda root, patch: ask(Client(), "/api/rooms/?page=x")),
    "not signed in": (401, lambda root, patch: ask(Client(), "/api/tokens/")),
    "wrong token": (401, lambda root, patch: ask(Client(), "/api/rooms/", HTTP_AUTHORIZATION="Bearer x")),
    "no CSRF token": (403, lambda root, patch: ask(Client(enforce_csrf_checks=True), "/sign-in/", "post")),
    "unknown page": (404, lambda root, patch: ask(Client(), "/nowhere/")),
    "unknown path of the API": (404, lambda root, patch: ask(Client(), "/api/nowhere/")),
    "wrong method": (405, lambda root, patch: ask(Client(), "/api/rooms/", "put")),
    "large form": (413, lambda root, patch: _fail_in_view(patch, RequestDataTooBig())),
    "rate limit": (429, lambda root, patch: _fail_in_view(patch, ChatError("rate_limited", "Wait.", retry_after=1.0))),
    "bug in a page": (500, lambda root, patch: _fail_in_view(patch, ZeroDivisionError())),
    "bug in a middleware": (500, lambda root, patch: fail(patch, "/", ZeroDivisionError())),
    "outage": (503, lambda root, patch: fail(patch, "/", OperationalError("away"))),
    "outage of the API": (503, lambda root, patch: fail(patch, "/api/rooms/", OperationalError("away"))),
}


def _fail_in_view(monkeypatch, error):
    monkeypatch.setattr("chat.http.pages.render", fail_with(error))
    return ask(Client(), "/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", OF_WORKERS)
def test_every_response_of_a_worker_has_the_headers(kind, root, room, monkeypatch):
    status, fetch = OF_WORKERS[kind]
    response = fetch(root, monkeypatch)
    assert response.status_code == status
    for name, value in HEADERS.items():
        expected = SANDBOX if (kind, name) == ("export", CSP) else value
        assert response.get(name) == expected, name


# These are the responses that reach the client without Django.


@pytest.fixture
def connect():
    """Return a function that opens a connection to an interface with the settings of the site."""

    def connect(**options):
        options = {"limits": Limits(max_body_bytes=1000), "trusted_proxies": 1, **options}
        return FakeConnection(
            answers=load_answers(),
            added_headers=load_added_headers(),
            proxy_forwarded_address_header="X-Forwarded-For",
            proxy_forwarded_proto_header="X-Forwarded-Proto",
            **options,
        )

    return connect


def read_headers(connection):
    """Return (status, {lower-case name: [values]}) of the response."""
    head = connection.received.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    found = {}
    for line in head[1:]:
        name, _, value = line.partition(": ")
        found.setdefault(name.lower(), []).append(value)
    return connection.status, found


def answer_as_worker(connection, headers=()):
    connection.request()
    message = connection.passed_on("http.request")
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "headers": headers, "content": b"x"})


def refuse(connection):
    connection.request()
    next(iter(connection.factory.reply_protocols.values())).refuse(503, b"Service Unavailable", "Try again.")


# {kind of response: (status, a function that makes a connection receive it)}
OF_INTERFACES = {
    "health": (200, lambda connection: connection.request(path=b"/healthz")),
    "wrong method": (405, lambda connection: connection.request(b"POST", b"/healthz")),
    "metrics without a token": (403, lambda connection: connection.request(path=b"/metrics")),
    "static file": (200, lambda connection: connection.request(path=b"/static/chat/page.js")),
    "icon": (200, lambda connection: connection.request(path=b"/favicon.ico")),
    "invalid address": (400, lambda connection: connection.request(path=b"/\x7f")),
    "two hosts": (400, lambda connection: connection.request(headers=[b"Host: evil.example"])),
    "large body": (413, lambda connection: connection.request(b"POST", b"/api/x/", body=b"x" * 2000)),
    "no worker": (503, refuse),
    "response without headers": (200, answer_as_worker),
}


@pytest.mark.parametrize("kind", OF_INTERFACES)
def test_every_response_of_an_interface_has_the_headers_once(kind, connect):
    connection = connect()
    status, request = OF_INTERFACES[kind]
    request(connection)
    assert read_headers(connection)[0] == status
    found = read_headers(connection)[1]
    assert {name: found.get(name.lower()) for name in HEADERS} == {name: [value] for name, value in HEADERS.items()}


def test_a_response_of_a_worker_keeps_its_own_headers(connect):
    connection = connect()
    answer_as_worker(connection, [(b"content-security-policy", SANDBOX.encode()), (b"X-Frame-Options", b"DENY")])
    found = read_headers(connection)[1]
    assert (found["content-security-policy"], found["x-frame-options"]) == ([SANDBOX], ["DENY"])


def test_the_response_429_of_the_interface_has_the_headers(connect):
    connection = connect(limits=Limits(connections_per_address=1))
    connection.request(headers=[b"X-Forwarded-For: 192.0.2.1"])
    connection.channel = connection.factory.buildProtocol(None)
    connection.transport = Transport(peerAddress=IPv4Address("TCP", "10.1.1.1", 4711))
    connection.channel.makeConnection(connection.transport)
    connection.transport.protocol = connection.channel
    connection.request(headers=[b"X-Forwarded-For: 192.0.2.1"])
    status, found = read_headers(connection)
    assert status == 429 and found["strict-transport-security"] == ["max-age=31536000"]


def test_a_request_without_tls_gets_no_hsts_header(connect):
    connection = connect()
    connection.request(path=b"/healthz", headers=[b"X-Forwarded-Proto: http"])
    found = read_headers(connection)[1]
    assert HSTS.lower() not in found and found["x-frame-options"] == ["DENY"]


def test_the_answer_to_a_handshake_has_no_headers_of_pages(connect):
    connection = connect()
    connection.handshake()
    connection.asgi_message = connection.passed_on("websocket.connect")
    connection.reply({"accept": True})
    status, found = read_headers(connection)
    assert status == 101 and set(found) == {"server", "upgrade", "connection", "sec-websocket-accept"}
    assert KEY not in connection.received


@pytest.mark.parametrize("reply", [{"accept": False}, {"close": True}])
def test_a_refused_handshake_has_no_body_that_could_be_shown(connect, reply):
    connection = connect()
    connection.handshake()
    connection.asgi_message = connection.passed_on("websocket.connect")
    connection.reply(reply)
    assert connection.status == 403 and connection.received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("line", [b"GET /\xff HTTP/1.1", b"no request at all", b"GET / HTTP/1.1\r\nno header"])
def test_the_response_to_an_unreadable_request_has_no_body(connect, line):
    connection = connect()
    connection.write(line + b"\r\nHost: x\r\n\r\n")
    assert connection.status == 400 and connection.received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("wrong", ["x", {"X": 1}, {1: "x"}, {"X Y": "x"}, {"X": "a\r\nb"}, {"X": "ü"}, {"X": ""}])
def test_a_wrong_setting_of_the_headers_is_reported(settings, wrong):
    settings.INTERFACE_HEADERS = wrong
    with pytest.raises(
        ImproperlyConfigured, match="INTERFACE_HEADERS must be a dictionary of the names and the values"
    ):
        load_added_headers()


# These tests are about redirects to TLS.


@pytest.mark.parametrize(
    "path, scheme, location",
    [
        ("/rooms/garden/?at=3", "http", f"{PUBLIC_URL}/rooms/garden/?at=3"),
        ("//evil.example/", "http", f"{PUBLIC_URL}//evil.example/"),
        ("/static/chat/page.js", "http", f"{PUBLIC_URL}/static/chat/page.js"),
        ("/readyz", "http", None),
        ("/metrics", "http", None),
        ("/", "https", None),
        ("/", None, None),
        ("/", "http, https", None),
    ],
)
@pytest.mark.django_db
def test_a_request_is_redirected_only_if_the_proxy_says_that_it_has_no_tls(path, scheme, location, rf):
    headers = {} if scheme is None else {"HTTP_X_FORWARDED_PROTO": scheme}
    request = rf.get("/", HTTP_HOST="evil.example", **headers)
    request.path, _, request.META["QUERY_STRING"] = path.partition("?")
    response = RedirectToTLSMiddleware(lambda request: HttpResponse("passed"))(request)
    assert response.get("Location") == location
    assert response.status_code == (200 if location is None else 301)


def test_a_redirected_post_keeps_its_method(rf):
    response = RedirectToTLSMiddleware(None)(rf.post("/sign-in/", HTTP_X_FORWARDED_PROTO="http"))
    assert (response.status_code, response["Location"]) == (308, f"{PUBLIC_URL}/sign-in/")


@pytest.mark.parametrize(
    "changed", [{"TRUSTED_PROXIES": 0}, {"PUBLIC_URL": None}, {"PUBLIC_URL": "http://chat.example"}]
)
def test_without_a_trusted_proxy_or_an_https_address_nothing_is_redirected(rf, settings, changed):
    for name, value in changed.items():
        setattr(settings, name, value)
    request = rf.get("/", HTTP_X_FORWARDED_PROTO="http")
    assert RedirectToTLSMiddleware(lambda request: HttpResponse("passed"))(request).status_code == 200


def test_the_interface_leaves_the_redirect_of_a_static_file_to_a_worker(connect):
    connection = connect()
    connection.request(path=b"/static/chat/page.js", headers=[b"X-Forwarded-Proto: http"])
    assert connection.passed_on("http.request")["path"] == "/static/chat/page.js"


# These tests are about the values of the headers.


def test_hsts_names_what_the_operator_chose():
    assert HSTS not in make_headers(PUBLIC_URL, 0, "host")
    assert HSTS not in make_headers("http://chat.example", 31536000, "host")
    assert HSTS not in make_headers(None, 31536000, "host")
    assert make_headers(PUBLIC_URL, 5, "host")[HSTS] == "max-age=5"
    assert make_headers(PUBLIC_URL, 5, "subdomains")[HSTS] == "max-age=5; includeSubDomains"
    assert make_headers(PUBLIC_URL, 5, "preload")[HSTS] == "max-age=5; includeSubDomains; preload"


def test_pages_may_open_sockets_of_their_own_site_only(settings):
    def sources(policy):
        return next(part for part in policy.split("; ") if part.startswith("connect-src")).split()[1:]

    assert sources(HEADERS[CSP]) == ["'self'", "wss://chat.example"]
    assert sources(make_headers("http://[::1]:8000", 0, "host")[CSP]) == ["'self'", "ws://[::1]:8000"]
    settings.PUBLIC_URL, settings.INTERFACE_HEADERS = None, make_headers(None, 0, "host")
    settings.ALLOWED_HOSTS = ["10.0.0.5"]
    options = {"HTTP_X_FORWARDED_PROTO": "http"}
    assert sources(ask(Client(), "/readyz", HTTP_HOST="10.0.0.5:8000", **options)[CSP]) == [
        "'self'",
        "ws://10.0.0.5:8000",
    ]
    assert sources(ask(Client(), "/readyz", HTTP_HOST="evil.example; script-src *", **options)[CSP]) == ["'self'"]


def test_the_policy_allows_no_inline_code_and_no_other_site():
    policy = dict(part.split(" ", 1) for part in HEADERS[CSP].split("; "))
    assert policy["default-src"] == policy["frame-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'" and policy["form-action"] == "'self'"
    allowed = {source for name, sources in policy.items() for source in sources.split()}
    assert allowed == {"'none'", "'self'", "data:", "wss://chat.example"}
    assert "data:" not in policy["script-src"]
    assert site_settings.X_FRAME_OPTIONS == "DENY"

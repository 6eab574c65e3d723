"""
The table of cross-site request forgery: the addresses of the site, and ways to send a request without its token.

A new address is in the table by itself. To add a way, add a function to FORGERIES. A view without the check needs a row
in EXEMPT, with the reason.
"""

import contextlib
import logging
import re

import pytest
from django.db import connection
from django.test import Client

from tests import wire
from tests.chat.helpers import Browser
from tests.security.addresses import list_addresses

pytestmark = [pytest.mark.large, pytest.mark.django_db, pytest.mark.no_database]

UNSAFE = ["POST", "PUT", "PATCH", "DELETE", "BREW"]
# path: why requests to it need no token
EXEMPT = {
    "/hooks/1": "the key in the path is the credential, and no page of another site knows it",
    "/hooks/1/": "the same",
}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Forger:
    """A page of another site in the browser of an operator. `own` and `other` are the tokens of two browsers."""

    def __init__(self, person):
        self.browser = wire.browser_of(person, enforce_csrf_checks=True)
        self.own = self.browser.get("/api/session/").json()["csrf"]
        self.other = Client().get("/api/session/").json()["csrf"]

    def send(self, path, method="POST", body='{"x": 1}', type=JSON, **headers):
        # With this header, every address answers with JSON.
        return self.browser.generic(method, path, body, type, HTTP_ACCEPT=JSON, **headers)


# Each function sends a request to a path, and returns the response.
FORGERIES = {
    "no token": lambda forger, path: forger.send(path),
    "an empty token": lambda forger, path: forger.send(path, HTTP_X_CSRFTOKEN=""),
    "a wrong token": lambda forger, path: forger.send(path, HTTP_X_CSRFTOKEN="x" * 64),
    "a short token": lambda forger, path: forger.send(path, HTTP_X_CSRFTOKEN="x"),
    "the token of another browser": lambda forger, path: forger.send(path, HTTP_X_CSRFTOKEN=forger.other),
    "the token in the query": lambda forger, path: forger.send(f"{path}?csrfmiddlewaretoken={forger.own}"),
    "the token in JSON": lambda forger, path: forger.send(path, body=f'{{"csrfmiddlewaretoken": "{forger.own}"}}'),
    "the token in a text": lambda forger, path: forger.send(
        path, body=f"csrfmiddlewaretoken={forger.own}", type="text/plain"
    ),
    "JSON as a form": lambda forger, path: forger.send(path, type=FORM),
    "JSON as a text": lambda forger, path: forger.send(path, type="text/plain"),
    "JSON without a type": lambda forger, path: forger.send(path, type=""),
    "a form": lambda forger, path: forger.send(path, body="x=1", type=FORM),
    "a form with a wrong token": lambda forger, path: forger.send(
        path, body=f"csrfmiddlewaretoken={forger.other}", type=FORM
    ),
    "another method in a header": lambda forger, path: forger.send(path, HTTP_X_HTTP_METHOD_OVERRIDE="GET"),
    "a script's header": lambda forger, path: forger.send(path, HTTP_X_REQUESTED_WITH="XMLHttpRequest"),
    "another kind of authorization": lambda forger, path: forger.send(path, HTTP_AUTHORIZATION="Basic eDp5"),
}
# A page of another site knows a valid token only if it has set the cookie. These headers name such a page.
FOREIGN = {
    "another site": {"HTTP_ORIGIN": "https://evil.example"},
    "a subdomain": {"HTTP_ORIGIN": "http://evil.testserver"},
    "another port": {"HTTP_ORIGIN": "http://testserver:81"},
    "another scheme": {"HTTP_ORIGIN": "ftp://testserver"},
    "null": {"HTTP_ORIGIN": "null"},
    "empty": {"HTTP_ORIGIN": ""},
    "our name as a user": {"HTTP_ORIGIN": "http://testserver@evil.example"},
    "another referer, with TLS": {"HTTP_REFERER": "https://evil.example/", "wsgi.url_scheme": "https"},
    "a referer without TLS, with TLS": {"HTTP_REFERER": "http://testserver/", "wsgi.url_scheme": "https"},
    "no referer, with TLS": {"wsgi.url_scheme": "https"},
    "another origin and our referer, with TLS": {
        "HTTP_ORIGIN": "https://evil.example",
        "HTTP_REFERER": "https://testserver/",
        "wsgi.url_scheme": "https",
    },
}
ADDRESSES = [path for path in list_addresses() if path not in EXEMPT]


@pytest.fixture
def forger(root):
    return Forger(root)


@pytest.fixture(autouse=True)
def no_log():
    """Log no warnings: each refused request logs one."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@contextlib.contextmanager
def noted_writes():
    """Yield the list of the statements of the block that write into the database."""
    writes = []

    def note(execute, sql, parameters, many, context):
        if re.match(r"(?i)\W*(insert|update|delete)", sql):
            writes.append(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        yield writes


def is_refused(response):
    """Return whether this is the response to a request without a valid token."""
    return response.status_code == 403 and b'"csrf_failed"' in response.content


def find_accepted(send):
    """Return the addresses that do not refuse the request which `send(path)` sends. Nothing may be written."""
    with noted_writes() as writes:
        accepted = [path for path in ADDRESSES if not is_refused(send(path))]
    assert writes == []
    return accepted


@pytest.mark.parametrize("send", FORGERIES.values(), ids=FORGERIES)
def test_no_address_accepts_a_request_without_its_token(forger, send):
    assert find_accepted(lambda path: send(forger, path)) == []


@pytest.mark.parametrize("method", UNSAFE)
def test_no_address_accepts_another_method_without_its_token(forger, method):
    assert find_accepted(lambda path: forger.send(path, method)) == []


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_address_accepts_a_page_of_another_site_that_knows_the_token(forger, headers):
    assert find_accepted(lambda path: forger.send(path, HTTP_X_CSRFTOKEN=forger.own, **headers)) == []


@pytest.mark.parametrize("origin", [None, "http://testserver", "https://testserver"])
def test_a_page_of_this_site_with_the_token_is_not_refused(forger, origin):
    headers = {"HTTP_X_CSRFTOKEN": forger.own, **({"HTTP_ORIGIN": origin} if origin else {})}
    for path in ["/api/nowhere/", "/sign-out/", "/api/rooms/", "/settings/profile/"]:
        assert not is_refused(forger.send(path, **headers)), path


def test_a_public_site_accepts_its_public_origin_behind_a_proxy_that_changes_the_host(forger, settings):
    settings.PUBLIC_URL = "https://chat.example"
    sent = {"HTTP_X_CSRFTOKEN": forger.own}
    assert not is_refused(forger.send("/api/rooms/", HTTP_ORIGIN="https://chat.example", **sent))
    assert not is_refused(forger.send("/api/rooms/", HTTP_ORIGIN="http://testserver", **sent))
    assert is_refused(forger.send("/api/rooms/", HTTP_ORIGIN="http://chat.example", **sent))


def test_only_the_views_of_the_table_are_exempt():
    exempt = {path for path, view in list_addresses().items() if getattr(view, "csrf_exempt", False)}
    assert exempt == set(EXEMPT)


# The next tests are about methods that need no token.

# path: what reading it writes
WRITTEN_BY_READING = {
    "/board/{board}/": "a visitor of a board gets a session of the board, in the session of the browser",
    "/api/boards/{board}/": "as above",
    "/api/boards/{board}/visitors/": "as above",
}
# A poll joins a room, as a websocket does. tests/chat/http/test_polling_admission.py has its rules.
NOT_READ = ["/api/rooms/garden/poll/"]


@pytest.fixture
def state(root):
    """Return values for the parameters of addresses: a room with a message and a task, an invitation, and a board."""
    caller = wire.Caller(root)
    caller("POST", "/api/rooms/", {"slug": "garden", "name": "The garden"})
    caller("POST", "/api/rooms/garden/messages/", {"ref": "r1", "body": "Hello"})
    started = caller("POST", "/api/rooms/garden/tasks/", {"ref": "r2", "task": "statistics", "params": {}})
    cellar = caller("POST", "/api/rooms/", {"slug": "cellar", "name": "The cellar", "private": True})[1]["slug"]
    made = caller("POST", f"/api/rooms/{cellar}/invitations/", {})
    board = Browser(root).make_board().board
    key = made[1]["url"].strip("/").split("/")[-1]
    return {
        "slug": "garden",
        "number": 1,
        "task_id": started[1]["task_id"],
        "key": key,
        "board": board,
        "handle": "Root",
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_reading_writes_only_what_the_table_names(root, state, method):
    browser = wire.calm(wire.browser_of(root))
    changed = {}
    for path in list_addresses(state):
        if path in NOT_READ:
            continue
        with noted_writes() as writes:
            browser.generic(method, path)
        if writes:
            changed[path] = writes
    allowed = {path.format(**state) for path in WRITTEN_BY_READING}
    assert {path: writes for path, writes in changed.items() if path not in allowed} == {}

"""The behaviour that the calls of the API have in common: methods, JSON bodies, CSRF, and errors as JSON."""

import pytest

from tests.helpers import fail_with
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = [
    ("/api/session/", {"GET", "POST", "DELETE"}),
    ("/api/users/", {"POST"}),
    ("/api/guests/", {"POST"}),
    ("/api/tokens/", {"GET", "POST"}),
    ("/api/tokens/1/", {"DELETE"}),
    ("/api/rooms/", {"GET", "POST"}),
    ("/api/rooms/garden/messages/", {"GET", "POST"}),
    ("/api/rooms/garden/scheduled/", {"GET", "POST"}),
    ("/api/rooms/garden/scheduled/1/", {"DELETE"}),
    ("/api/rooms/garden/invitations/1/", {"DELETE"}),
    ("/api/invitations/", {"POST"}),
    ("/api/rooms/garden/membership/", {"DELETE", "PUT"}),
]
MESSAGES = "/api/rooms/garden/messages/"


# The next tests are about methods and addresses.


@pytest.mark.parametrize("path, methods", CALLS)
def test_a_call_refuses_other_methods_as_json(as_alice, room, path, methods):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - methods:
        assert as_alice(method, path) == (405, "method_not_allowed")
        assert as_alice.response["Allow"] == ", ".join(sorted(methods))
    if "GET" in methods:
        assert as_alice.browser.head(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/nothing/",
        "/api/rooms/garden/",
        "/api/tokens/x/",
        "/api/session",
        "/api/rooms/a/b/messages/",
        "/api/rooms/%00/messages/",
        "/api/rooms/Ä/messages/",
        "/api/rooms/garden%0A/messages/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_or_method_is_refused_as_json(as_alice, path, method):
    status, code = as_alice(method, path, {"ref": "r1", "body": "Hello"})
    assert (status, code) in [(404, "not_found"), (405, "method_not_allowed")]


# The next tests are about the body of a request and its host name.


@pytest.mark.parametrize(
    "path", ["/api/session/", "/api/users/", "/api/guests/", "/api/tokens/", "/api/rooms/", MESSAGES]
)
@pytest.mark.parametrize(
    "body, code",
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        (b"\xff", "invalid_json"),
        ("a=1", "invalid_json"),
        ('{"a": 1, "a": 2}', "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ("{}", "missing_field"),
    ],
)
def test_each_kind_of_invalid_body_has_its_code(room, as_alice, path, body, code):
    assert as_alice("POST", path, body) == (400, code)


def test_a_body_that_is_too_large_returns_413(as_alice, room, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "x" * 2000}) == (413, "too_large")


def test_an_unknown_host_name_returns_400(as_alice):
    assert as_alice("GET", "/api/rooms/", HTTP_HOST="evil.example") == (400, "invalid_field")


# The next tests are about cross-site request forgery.


def test_the_csrf_token_of_the_session_is_accepted(alice, room):
    caller = Caller(alice, enforce_csrf_checks=True)
    csrf = caller("GET", "/api/session/")[1]["csrf"]
    body = {"ref": "r1", "body": "Hello"}
    assert caller("POST", MESSAGES, body, HTTP_X_CSRFTOKEN=csrf)[0] == 201
    assert caller("POST", MESSAGES, body, HTTP_X_CSRFTOKEN="x" * 64) == (403, "csrf_failed")


def test_signing_up_returns_a_new_csrf_token(db):
    caller = Caller(enforce_csrf_checks=True)
    csrf = caller("GET", "/api/session/")[1]["csrf"]
    body = {"handle": "Alice", "password": "correct horse"}
    csrf = caller("POST", "/api/users/", body, HTTP_X_CSRFTOKEN=csrf)[1]["csrf"]
    body = {"slug": "attic", "name": "Attic"}
    assert caller("POST", "/api/rooms/", body, HTTP_X_CSRFTOKEN=csrf)[0] == 201


# The next test is about bugs.


@pytest.mark.parametrize(
    "method, path, place",
    [
        ("GET", "/api/rooms/", "chat.services.rooms.find_rooms"),
        ("GET", MESSAGES, "chat.services.rooms.get_page"),
        ("POST", MESSAGES, "chat.services.rooms.post_message"),
        ("GET", "/api/session/", "chat.http.api.accounts.get_token"),
    ],
)
def test_a_bug_is_logged_and_returns_500_without_a_traceback(as_alice, room, monkeypatch, caplog, method, path, place):
    monkeypatch.setattr(place, fail_with(ZeroDivisionError("on purpose")))
    assert as_alice(method, path, {"ref": "r1", "body": "Hello"}) == (500, "internal")
    assert b"purpose" not in as_alice.response.content and b"Traceback" not in as_alice.response.content
    assert "on purpose" in caplog.text

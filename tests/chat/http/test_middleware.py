"""Middleware: headers, and the responses to errors, bugs and outages."""

import json

import pytest
import redis
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.test import Client, RequestFactory

from channels_transport import log_context
from chat.http.error_handlers import server_error
from chat.http.middleware import FailuresMiddleware
from chat.http.responses import STATUSES, error_response
from chat.http.security_middleware import HeadersMiddleware
from chat.protocol import ChatError, CloseConnection
from tests import wire
from tests.helpers import fail_with

OUTAGES = [
    OperationalError("at 10.0.0.1"),
    InterfaceError("at 10.0.0.1"),
    redis.ConnectionError("at 10.0.0.1"),
    redis.TimeoutError("at 10.0.0.1"),
]


def request(path):
    return RequestFactory().get(path)


@pytest.mark.parametrize(
    "code, status",
    [
        ("invalid_json", 400),
        ("not_an_object", 400),
        ("missing_field", 400),
        ("invalid_field", 400),
        ("too_long", 400),
        ("empty", 400),
        ("not_signed_in", 401),
        ("forbidden", 403),
        ("muted", 403),
        ("csrf_failed", 403),
        ("not_found", 404),
        ("method_not_allowed", 405),
        ("taken", 409),
        ("ref_conflict", 409),
        ("too_large", 413),
        ("rate_limited", 429),
        ("internal", 500),
        ("unavailable", 503),
    ],
)
def test_a_code_has_its_status_as_json_and_as_a_page(code, status):
    refusal = ChatError(code, "A <b>sentence</b>.")
    as_json, as_page = error_response(request("/api/x/"), refusal), error_response(request("/x/"), refusal)
    assert as_json.status_code == as_page.status_code == status
    assert as_json["Content-Type"] == "application/json"
    assert b"A &lt;b&gt;sentence&lt;/b&gt;." in as_page.content
    assert not as_json.has_header("Retry-After")


def test_an_error_has_only_the_fields_that_apply():
    response = error_response(request("/api/x/"), ChatError("empty", "No."))
    assert response.content == b'{"code": "empty", "detail": "No."}'
    response = error_response(request("/api/x/"), ChatError("rate_limited", "No.", "r1", 0.25))
    assert response.content == b'{"code": "rate_limited", "detail": "No.", "ref": "r1", "retry_after": 0.25}'
    assert response["Retry-After"] == "1"
    assert set(STATUSES.values()) >= {401, 403, 404, 405, 409, 413, 429, 503}


def test_a_bug_is_answered_with_the_id_of_its_log_line():
    with log_context.handling("http.request", {"reply_channel": "daphne.response.a!b"}):
        response = FailuresMiddleware(None).process_exception(request("/api/x/"), ZeroDivisionError())
        page = server_error(request("/x/"))
    assert json.loads(response.content)["id"] == "b"
    assert b"Error id: b" in page.content


@pytest.mark.parametrize("error", OUTAGES)
@pytest.mark.parametrize("path", ["/", "/api/rooms/"])
def test_an_outage_returns_503_and_reveals_no_address(error, path):
    response = FailuresMiddleware(None).process_exception(request(path), error)
    assert response.status_code == 503 and response["Retry-After"] == "1"
    assert b"10.0.0.1" not in response.content


def test_bugs_in_pages_and_suspicious_operations_are_left_to_django():
    assert FailuresMiddleware(None).process_exception(request("/"), ZeroDivisionError()) is None
    assert FailuresMiddleware(None).process_exception(request("/api/x/"), SuspiciousOperation()) is None


@pytest.mark.parametrize("error", [SuspiciousOperation(), PermissionDenied(), Http404(), MultiPartParserError()])
def test_a_fault_of_the_client_is_left_to_django_also_if_the_client_accepts_json(error, caplog):
    assert FailuresMiddleware(None).process_exception(request("/api/x/"), error) is None and not caplog.text


def test_a_path_cannot_forge_lines_in_the_log(caplog):
    FailuresMiddleware(None).process_exception(request("/api/%0AERROR forged"), ZeroDivisionError())
    assert "\nERROR forged" not in caplog.text and "ERROR forged" in caplog.text


def test_a_page_may_set_its_own_headers():
    def get_response(request):
        response = HttpResponse()
        response["Referrer-Policy"] = "no-referrer"
        return response

    response = HeadersMiddleware(get_response)(request("/"))
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/api/rooms/", "/api/session/", "/readyz"])
def test_an_outage_in_a_middleware_returns_503_with_the_headers_for_security(monkeypatch, path):
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_request", fail_with(OperationalError("away"))
    )
    response = wire.calm(Client()).get(path)
    assert response.status_code == 503
    assert "Content-Security-Policy" in response and response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"].startswith("application/json" if path.startswith("/api/") else "text/html")


@pytest.mark.django_db
def test_a_bot_gets_503_if_an_outage_prevents_the_check_of_its_token(monkeypatch):
    monkeypatch.setattr("chat.services.people.find_token", fail_with(OperationalError("away")))
    response = wire.calm(Client()).get("/api/rooms/", HTTP_AUTHORIZATION="Bearer x")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.json()["retry_after"] == 1.0


@pytest.mark.parametrize("path", ["/api/invitations/", "/api/rooms/garden/invitations/", "/api/tokens/"])
def test_requests_over_the_rate_limit_return_429_and_no_server_error(alice, path, monkeypatch):
    monkeypatch.setattr("chat.services.limits.check_event", fail_with(CloseConnection(4429)))
    response = wire.browser_of(alice).post(path, {"key": "x", "name": "x"}, content_type="application/json")
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (429, "rate_limited", "10")


@pytest.mark.parametrize("path", ["/api/invitations/", "/api/rooms/garden/messages/"])
def test_a_form_instead_of_json_returns_400(alice, path):
    browser = wire.browser_of(alice, enforce_csrf_checks=True)
    token = browser.get("/api/session/").json()["csrf"]
    # The test client sends a multipart form, as a browser sends files. Such a body can be read only once.
    response = browser.post(path, {"key": "x"}, HTTP_X_CSRFTOKEN=token)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_json")


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["hex", "zlib", "rot13", "undefined", "idna", "punycode", "unknown", "latin-1"])
def test_a_form_is_read_as_utf_8_whatever_charset_it_names(charset):
    client = Client(enforce_csrf_checks=True)
    client.get("/sign-up/")
    token = client.cookies["csrftoken"].value
    body = f"csrfmiddlewaretoken={token}&handle=Zo%C3%AB"
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    response = client.generic("POST", "/guest/", body, content_type=content_type)
    assert response.status_code == 302
    assert client.get("/api/session/").json()["handle"] == "Zo\u00eb"

"""docs/http-api.md contains every address and method of the site, and no others."""

import re
from pathlib import Path

import pytest
from django.test import Client

from chat.consumers.routing import http_routing
from chat.http.urls import api_patterns, urlpatterns
from tests import wire

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "http-api.md"
CALL = re.compile(r"`([A-Z]+) (/[^`?\s]*)`")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# A consumer in front of Django answers this call: see test_a_consumer_answers_the_health_check_before_django.
HEALTH_CHECK = ("GET", "/healthz")

pytestmark = pytest.mark.django_db(transaction=True)


def documented():
    """Return the calls that have a heading or a row of their own."""
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith(("### `", "| `"))]
    return [call for line in lines for call in CALL.findall(line)]


def paths():
    """Return the path of each pattern, as the document writes it: `<row_id:token_id>` is `<token_id>`."""
    routes = [str(pattern.pattern) for pattern in urlpatterns]
    return ["/" + re.sub(r"<\w+:", "<", route) for route in routes if route != "^api/"]


def ask(browser, method, path):
    """Return the status of a call, with values in place of the path's parameters."""
    numbers = re.sub(r"<(number|\w+_id)>", "1", path)
    return browser.generic(method, re.sub(r"<\w+>", "x", numbers)).status_code


def test_every_address_and_method_is_documented_and_no_other(alice, room):
    browser = wire.calm(wire.browser_of(alice))
    existing = {(method, path) for path in paths() for method in METHODS if ask(browser, method, path) != 405}
    assert set(documented()) == existing | {HEALTH_CHECK}


def test_no_call_is_documented_twice():
    assert len(documented()) == len(set(documented()))


def test_each_call_of_the_api_names_its_scope():
    documented_scopes = {}
    for section in re.split(r"^### ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        [heading, *_], found = section.split("\n"), re.search(r"^- \*\*Scope:\*\* (.+)\.$", section, re.MULTILINE)
        for method, path in CALL.findall(heading):
            documented_scopes[method, path] = found and found[1]
    for pattern in api_patterns:
        path = "/" + re.sub(r"<\w+:", "<", str(pattern.pattern))
        if path.startswith("/api/"):
            for method, scope in pattern.callback.scopes.items():
                expected = [f"`{scope}`"] if scope else ["none; tokens are refused", None]
                assert documented_scopes.get((method, path)) in expected, f"{method} {path}"


def test_the_text_mentions_no_call_that_does_not_exist():
    mentioned = set(CALL.findall(DOCUMENT.read_text()))
    assert mentioned <= set(documented())


def test_a_consumer_answers_the_health_check_before_django():
    assert any(route.filters["path"].pattern == r"^/healthz\Z" for route in http_routing)
    assert Client().get("/healthz").status_code == 404


def test_every_link_of_the_document_has_a_target():
    for target in re.findall(r"\]\(([^)]+)\)", DOCUMENT.read_text()):
        name, _, anchor = target.partition("#")
        text = (DOCUMENT.parent / name).read_text() if name else DOCUMENT.read_text()
        headings = [line.lstrip("#").strip().lower() for line in text.splitlines() if line.startswith("#")]
        assert not anchor or anchor in [re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in headings], target

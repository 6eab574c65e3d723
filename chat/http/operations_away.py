"""
What the interface answers for `/operations/` while no worker can answer: a small page that says which part is missing.

The setting INTERFACE_ANSWERS names `answer_operations`. The page says no more than `/readyz` says to everybody. This
module reads neither Redis nor the database.
"""

from collections.abc import Mapping
from functools import partial
from http.cookies import CookieError, SimpleCookie

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from channels_transport import Answer, Asked, PassOn
from chat.http.language import find_language

# Without a monitor, a worker takes the sample for the page itself, which may take some seconds.
WORKER_SECONDS = 5
SAFE_METHODS = ("GET", "HEAD")


def answer_operations(asked: Asked) -> Answer | PassOn | None:
    """Let a worker answer. If Redis is down or no worker answers in time, answer 503 with a page about it."""
    if asked.method not in SAFE_METHODS:
        return None
    if not asked.is_redis_answering():
        return _answer(asked.headers, "redis")
    return PassOn(WORKER_SECONDS, partial(_answer_late, asked))


def _answer_late(asked: Asked) -> Answer:
    return _answer(asked.headers, "worker" if asked.is_redis_answering() else "redis")


def _answer(headers: Mapping[str, str], missing: str) -> Answer:
    request = _make_request(headers)
    with translation.override(find_language(request)):
        content = render_to_string("chat/operations_away.html", {"missing": missing})
    return Answer(503, content.encode(), "text/html; charset=utf-8", {"Retry-After": "5"})


def _make_request(headers: Mapping[str, str]) -> HttpRequest:
    """Return a request with the headers that decide about the language."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get("accept-language", "")
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        cookies = SimpleCookie()
    request.COOKIES = {name: morsel.value for name, morsel in cookies.items()}
    return request

"""
Monitoring: `/healthz` says whether an interface is alive, `/readyz` whether the site can serve requests, and `/metrics`
returns the site's numbers.

The interface itself answers `/healthz` and `/metrics`, so that they also work while no worker runs. A worker answers
`/readyz`; if no worker answers in time, the interface does. The setting INTERFACE_ANSWERS names the functions for the
interface. Under another server, the views and the consumer in chat/consumers/http.py answer all three.

This module only reads.
"""

import json
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from channels_transport import Answer, Asked, InThread, PassOn
from channels_transport.metrics import CONTENT_TYPE, Family, collect, collect_interface, find_refusal, write
from chat.store import store

from .site_numbers import NAMESPACE, PARTS

# A health check and a scrape get their answer within a second, even if Redis or the database is down.
READY_SECONDS = 0.9
PART_SECONDS, METRICS_SECONDS = 0.6, 0.9
SAFE_METHODS = ("GET", "HEAD")
CLOSED = "The metrics of a public site are closed: set METRICS_TOKEN, or METRICS_PORT and ask there.\n"


# What the interface answers.


def answer_healthz(asked: Asked) -> Answer:
    """Answer that this interface is alive."""
    return _answer(200, {"status": "ok"}) if asked.method in SAFE_METHODS else _refuse()


def answer_readyz(asked: Asked) -> Answer | PassOn:
    """Let a worker answer. If Redis is down or no worker answers in time, answer 503 with what is missing."""
    if asked.method not in SAFE_METHODS:
        return _refuse()
    if not asked.is_redis_answering():
        return _fail("redis")
    return PassOn(READY_SECONDS, lambda: _fail("worker" if asked.is_redis_answering() else "redis"))


def answer_metrics(asked: Asked) -> Answer | InThread:
    """Answer with this interface's numbers, and with the numbers of Redis and the database if they answer in time."""
    refusal = _refuse_metrics(asked.method, asked.headers.get("authorization", ""))
    if refusal is not None:
        return refusal
    own = collect_interface(NAMESPACE, asked)
    return InThread(partial(_answer_numbers, own), METRICS_SECONDS, partial(_write_answer, own))


def _refuse_metrics(method: str, authorization: str) -> Answer | None:
    """
    Return the answer to a request that may not read the metrics, or None if it may.

    METRICS_TOKEN decides, if it is set. Otherwise the metrics are open, except on the public port of a site with
    PUBLIC_URL: the metrics would tell strangers how busy the site is.
    """
    if method not in SAFE_METHODS:
        return _refuse()
    if settings.METRICS_TOKEN:
        return find_refusal(method, authorization)
    if settings.PUBLIC_URL and not settings.INTERFACE_PRIVATE:
        return Answer(403, CLOSED.encode(), "text/plain; charset=utf-8")
    return None


def _answer_numbers(own: list[Family]) -> Answer:
    return _write_answer([*own, *collect(PARTS, NAMESPACE, PART_SECONDS)])


def _write_answer(families: list[Family]) -> Answer:
    return Answer(200, write(families), CONTENT_TYPE)


def _answer(status: int, body: dict, **headers: str) -> Answer:
    return Answer(status, json.dumps(body).encode(), headers=headers)


def _fail(*missing: str) -> Answer:
    return _answer(503, {"status": "failing", "missing": list(missing)})


def _refuse() -> Answer:
    return _answer(405, {"code": "method_not_allowed", "detail": "Use GET."}, Allow="GET")


# What a worker answers.


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Return 200 if database and Redis answer, else 503. The body is {status, missing: what does not answer}."""
    missing = [name for name, check in (("database", _query_database), ("redis", store.ping)) if not _works(check)]
    body = {"status": "failing" if missing else "ok", "missing": missing}
    return JsonResponse(body, status=503 if missing else 200)


def _query_database() -> None:
    connection.ensure_connection()
    connection.cursor().execute("SELECT 1")


def _works(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:
        return False
    return True


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """
    Return the site's numbers in the text format of Prometheus.

    Without METRICS_TOKEN, refuse every request if the site has a private port. The interface itself answers on this
    port, so a request that reaches a worker came to the public port.
    """
    if settings.INTERFACE_PRIVATE and not settings.METRICS_TOKEN:
        return HttpResponse(CLOSED, status=403, content_type="text/plain; charset=utf-8")
    refusal = _refuse_metrics(request.method or "", request.META.get("HTTP_AUTHORIZATION", ""))
    if refusal is not None:
        response = HttpResponse(refusal.content, status=refusal.status, content_type=refusal.content_type)
        for name, text in refusal.headers.items():
            response[name] = text
        return response
    families = [family for function in PARTS.values() for family in function()]
    return HttpResponse(write(families), content_type=CONTENT_TYPE)

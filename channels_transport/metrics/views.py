"""
The view and the answer of the interface that serve the metrics. Both require the token in the setting METRICS_TOKEN.

Without METRICS_TOKEN, both refuse every request, because metrics tell strangers how busy a site is.
"""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from ..instructions import Answer, Asked, InThread
from .collecting import NAMESPACE, collect
from .counted import collect_own
from .families import CONTENT_TYPE, Family, gauge, write

METRICS_SECONDS = 0.9
SAFE_METHODS = ("GET", "HEAD")
NO_TOKEN = "Set METRICS_TOKEN: without this setting, the site shows no metrics."
WRONG_TOKEN = "Send the header `Authorization: Bearer TOKEN`, where TOKEN is the METRICS_TOKEN of this site."


def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics as a view. A worker answers, so nothing answers while no worker runs."""
    refusal = find_refusal(request.method or "", request.META.get("HTTP_AUTHORIZATION", ""))
    answer = refusal or Answer(200, write(collect()), CONTENT_TYPE)
    response = HttpResponse(answer.content, status=answer.status, content_type=answer.content_type)
    for name, text in answer.headers.items():
        response[name] = text
    response["Cache-Control"] = "no-store"
    return response


def answer_metrics(asked: Asked) -> Answer | InThread:
    """
    Return the metrics as an answer of the interface, within a second, also while no worker runs.

    A site names this function in INTERFACE_ANSWERS. If collecting takes too long, the answer contains only the numbers
    of this interface.
    """
    refusal = find_refusal(asked.method, asked.headers.get("authorization", ""))
    if refusal is not None:
        return refusal
    own = collect_interface(NAMESPACE, asked)
    return InThread(
        lambda: Answer(200, write([*own, *collect()]), CONTENT_TYPE),
        METRICS_SECONDS,
        partial(Answer, 200, write(own), CONTENT_TYPE),
    )


def collect_interface(namespace: str, asked: Asked) -> list[Family]:
    """Return the families of the interface that answers. They need neither Redis nor the database."""
    sockets = gauge(f"{namespace}_interface_sockets", "Open websockets of this interface, by the kind of their path")
    for kind, number in asked.sockets.items():
        sockets.add(number, kind=kind)
    return [
        sockets,
        gauge(f"{namespace}_connections", "Open connections of this interface").add(asked.open_connections),
        gauge(f"{namespace}_interface_polls", "Requests that wait for a message").add(asked.waiting_requests),
        *collect_own(namespace),
    ]


def find_refusal(method: str, authorization: str) -> Answer | None:
    """Return the answer to a request that may not read the metrics, or None if it may."""
    if method not in SAFE_METHODS:
        return _refuse(405, "Use GET.", Allow="GET")
    token = getattr(settings, "METRICS_TOKEN", None)
    if not token:
        return _refuse(403, NO_TOKEN)
    if not constant_time_compare(authorization, f"Bearer {token}"):
        return _refuse(401, WRONG_TOKEN, **{"WWW-Authenticate": "Bearer"})
    return None


def _refuse(status: int, text: str, **headers: str) -> Answer:
    return Answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8", headers)

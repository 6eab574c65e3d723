"""Refusals as HTTP answers: the wire's codes with the status that fits. Nothing here decides; it only words."""

import logging
import math

from django.http import JsonResponse
from django.shortcuts import render

from chat.protocol import ChatError

logger = logging.getLogger(__name__)

STATUSES = {
    "not_signed_in": 401,
    "forbidden": 403,
    "muted": 403,
    "csrf_failed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "taken": 409,
    "ref_conflict": 409,
    "too_large": 413,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}

TITLES = {
    401: "Who are you?",
    403: "Not open to you",
    404: "Nothing here",
    405: "Not like that",
    409: "Taken",
    413: "Too large",
    429: "Too much at once",
    500: "Something broke",
    503: "Back in a moment",
}


def flood_error(ref=None):
    """Returns the ChatError for one who asks on and on: what on a socket is a CloseConnection that closes it."""
    return ChatError("rate_limited", "Too much at once; wait.", ref, retry_after=10.0)


def wants_json(request):
    """Whether a script asks, and no person: under /api/, and wherever it says so."""
    return request.path.startswith("/api/") or "application/json" in request.META.get("HTTP_ACCEPT", "")


def error_response(request, refusal, close=None):
    """
    Return a ChatError as JSON for a script, as a page for a person. Codes without a status of their own are 400;
    `close` is the code with which a socket would have been closed.
    """
    status = STATUSES.get(refusal.code, 400)
    if wants_json(request):
        body = {"code": refusal.code, "detail": refusal.detail}
        if refusal.ref is not None:
            body["ref"] = refusal.ref
        if refusal.retry_after is not None:
            body["retry_after"] = refusal.retry_after
        if close is not None:
            body["close"] = close
        response = JsonResponse(body, status=status)
    else:
        # Without the request: its context asks for the session, which may be what has just failed.
        context = {"title": TITLES.get(status, "That did not make sense"), "detail": refusal.detail, "status": status}
        response = render(None, "error.html", context, status=status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(math.ceil(refusal.retry_after))
    return response


def outage_response(request, outage):
    """Returns 503 for one of OUTAGES: what failed may succeed if it is tried again."""
    logger.warning("A request could not be handled for now: %s", outage)
    detail = "The server cannot answer for now. Nothing is lost; try again in a moment."
    return error_response(request, ChatError("unavailable", detail, retry_after=1.0))

"""
Error responses: each error code with its HTTP status, as JSON for scripts and as a page for people.

The sentence of an error is in the language of the request. Frames of sockets have the English sentence instead.

This module must not check rights or read rows.
"""

import logging
import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy

from chat.protocol import ChatError, unavailable_error

logger = logging.getLogger(__name__)

# The status of every other code is 400.
STATUSES = {
    "not_signed_in": 401,
    "second_factor_required": 401,
    "forbidden": 403,
    "muted": 403,
    "csrf_failed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "taken": 409,
    "ref_conflict": 409,
    "too_large": 413,
    "unsupported_type": 415,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}

# The headings of the error page.
HEADINGS = {
    400: gettext_lazy("Invalid request"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    409: gettext_lazy("Already taken"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Not accepted"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Server error"),
    503: gettext_lazy("Temporarily unavailable"),
}


def flood_error(ref: str | None = None) -> ChatError:
    """Return the error for a person who ignores the rate limit. (A socket is closed with 4429 instead.)"""
    return ChatError("rate_limited", "Too many requests. Wait 10 seconds, then try again.", ref, retry_after=10.0)


def accepts_json(request: HttpRequest) -> bool:
    """Return whether the client is a script: the path is under /api/, or `Accept` names JSON."""
    return request.path.startswith("/api/") or "application/json" in request.META.get("HTTP_ACCEPT", "")


def translate_detail(error: ChatError, **labels: object) -> str:
    """Return the sentence of an error in the language of the request. `labels` replace values of the same names."""
    text = gettext(error.text)
    return text % {**error.values, **labels} if error.values else text


def error_response(request: HttpRequest, error: ChatError, close: int | None = None) -> HttpResponse:
    """
    Return a ChatError as JSON for a script, and as a page for a person.

    `close` is the code that would close a socket for the same reason; the JSON contains it.
    """
    status = STATUSES.get(error.code, 400)
    response = _error_json(error, status, close) if accepts_json(request) else _error_page(error, status)
    if error.retry_after is not None:
        response["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _error_json(error: ChatError, status: int, close: int | None) -> HttpResponse:
    optional = {"ref": error.ref, "retry_after": error.retry_after, "close": close, "id": error.id}
    body: dict[str, str | float] = {"code": error.code, "detail": translate_detail(error)}
    body.update({name: value for name, value in optional.items() if value is not None})
    return JsonResponse(body, status=status)


def _error_page(error: ChatError, status: int) -> HttpResponse:
    context = {"title": HEADINGS[status], "detail": translate_detail(error), "status": status, "id": error.id}
    # Pass no request: the template context of a request reads the session, and the session store may have failed.
    return render(None, "error.html", context, status=status)


def outage_response(request: HttpRequest, outage: BaseException) -> HttpResponse:
    """Return 503 `unavailable` for one of OUTAGES, and log the outage."""
    logger.warning("A request failed because a backend is unavailable: %s", outage)
    return error_response(request, unavailable_error())

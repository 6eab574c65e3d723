"""Django's error views: they answer requests that no other view answers, with JSON for scripts or with a page."""

import sys

from django.http import HttpRequest, HttpResponse

from channels_transport import OUTAGES, get_current_id
from chat.http.responses import error_response, outage_response
from chat.protocol import ChatError, internal_error


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return 403 `csrf_failed` for a request with a missing or wrong CSRF token, or from a page of another origin."""
    error = ChatError("csrf_failed", "This page is out of date, or cookies are off. Go back, reload, and try again.")
    return error_response(request, error)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return 400 `invalid_field` for a request that Django refuses, such as one for a foreign host name."""
    return error_response(request, ChatError("invalid_field", "The server does not understand this request."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return 403 `forbidden` for a PermissionDenied."""
    return error_response(request, ChatError("forbidden", "You may not do that."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return 404 `not_found` for an address that no pattern matches, and for an Http404."""
    return error_response(request, ChatError("not_found", "There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Return 503 `unavailable` for an outage, and 500 `internal` for any other unhandled exception."""
    # Django calls this view while it handles the exception, which a middleware may have raised.
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES):
        return outage_response(request, error)
    return error_response(request, internal_error(request_id=get_current_id()))

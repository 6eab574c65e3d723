"""
The check of the header Origin, as a second protection against cross-site request forgery beside Django's token.

A site on a neighbouring domain can set a cookie for this site, and so choose the token. Django 4 checks the origin too.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from chat.http.error_handlers import csrf_failed
from chat.services import origins

logger = logging.getLogger("django.security.csrf")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


class OriginMiddleware:
    """
    Refuse requests that change something and come from a page of another origin, even with a valid token.

    This class must precede Django's CsrfViewMiddleware, which marks the requests that it has checked. Requests of bots
    are marked by `TokenMiddleware`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, callback: Callable, callback_args: Sequence[Any], callback_kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        """Return the refusal of a request from another origin, or None."""
        is_exempt = getattr(request, "csrf_processing_done", False) or getattr(callback, "csrf_exempt", False)
        if is_exempt or request.method in SAFE_METHODS or _is_origin_allowed(request):
            return None
        logger.warning("Forbidden (origin of another site): %s", request.path)
        return csrf_failed(request)


def _is_origin_allowed(request: HttpRequest) -> bool:
    """Return whether the request has the origin of this site, or none: old browsers and scripts send none."""
    origin = request.META.get("HTTP_ORIGIN")
    return origin is None or origins.may_change(origin, request.get_host())

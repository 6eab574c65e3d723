"""
What holds for every HTTP answer: headers that protect the page, errors as the API words them, bots' tokens.

It decides nothing about rooms and writes nothing.
"""
import logging

from chat import protocol
from chat.responses import refuse
from chat.services import people
from chatproj.outages import OUTAGES

logger = logging.getLogger(__name__)

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class HeadersMiddleware:
    """Tells browsers to run no script but ours."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response.setdefault("Referrer-Policy", "same-origin")
        return response


class FailuresMiddleware:
    """Answers refusals and failures that a view let out: as JSON under /api/, as pages elsewhere, never as a trace."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            return self.get_response(request)
        except OUTAGES as outage:
            return self._unavailable(request, outage)

    def process_exception(self, request, exception):
        if isinstance(exception, protocol.Refused):
            return refuse(request, exception)
        if isinstance(exception, OUTAGES):
            return self._unavailable(request, exception)
        if request.path.startswith("/api/"):
            logger.error("%s %s failed", request.method, request.path.encode("unicode_escape"), exc_info=exception)
            return refuse(request, protocol.Refused("internal", "This failed, and it is our fault."))
        return None

    def _unavailable(self, request, outage):
        logger.warning("A request could not be handled for now: %s", outage)
        detail = "The server cannot answer for now. Nothing is lost; try again in a moment."
        return refuse(request, protocol.Refused("unavailable", detail, retry_after=1.0))


class TokenMiddleware:
    """Makes a bot's token the request's user. A page cannot send that header for a visitor, so it needs no CSRF key."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is not None and request.path.startswith("/api/"):
            token = people.find_token(header)
            if token is None:
                return refuse(request, protocol.Refused("not_signed_in", "This token is not valid."))
            request.user = token.person
            request.token = token
            request.csrf_processing_done = True
        return self.get_response(request)

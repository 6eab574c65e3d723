"""
What holds for every HTTP answer: headers that protect the page, errors as the API words them, bots' tokens.

It decides nothing about rooms and writes nothing.
"""

import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http.request import RawPostDataException

from channels_transport import OUTAGES
from chat import protocol
from chat.http.responses import error_response, flood_error, outage_response, wants_json
from chat.services import people

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
    """
    Answers refusals and failures that a view let out: as JSON under /api/, as pages elsewhere, never as a trace.

    (What another middleware lets out never comes here: Django hands it to `chat.http.pages.failed`.)
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, protocol.ChatError):
            return error_response(request, exception)
        if isinstance(exception, protocol.CloseConnection):
            return error_response(request, flood_error())
        if isinstance(exception, RawPostDataException):
            # The CSRF check has read it as a form.
            return error_response(
                request, protocol.ChatError("invalid_json", "Send JSON, with 'application/json' as its type.")
            )
        if isinstance(exception, OUTAGES):
            return outage_response(request, exception)
        if isinstance(exception, RequestDataTooBig):
            return error_response(request, protocol.ChatError("too_large", "This is more than the server reads."))
        if isinstance(exception, SuspiciousOperation):
            return None  # a client's fault: Django answers with 400
        if wants_json(request):
            logger.error("%s %s failed", request.method, request.path.encode("unicode_escape"), exc_info=exception)
            return error_response(request, protocol.ChatError("internal", "This failed, and it is our fault."))
        return None


class TokenMiddleware:
    """Makes a bot's token the request's user. A page cannot send that header for a visitor, so it needs no CSRF key."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        header = request.META.get("HTTP_AUTHORIZATION")
        # Other schemes are for the proxies in front of us.
        if people.is_token_header(header) and request.path.startswith("/api/"):
            token = people.find_token(header)
            if token is None:
                # Who polls hears with which code a socket would be closed for it.
                close = protocol.CLOSE_NOT_SIGNED_IN if request.path.endswith("/poll/") else None
                return error_response(request, protocol.ChatError("not_signed_in", "This token is not valid."), close)
            request.user = token.person
            request.token = token
            request.csrf_processing_done = True
        return self.get_response(request)

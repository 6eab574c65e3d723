"""
Middleware: error responses for exceptions, the check of the host, the encoding of forms, the tokens of bots, and the
ids of browsers. `security_middleware.py` has the security headers and the redirects to https.

This module decides nothing about rooms and writes no rows.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.middleware.common import CommonMiddleware

from channels_transport import OUTAGES, get_current_id
from chat import protocol
from chat.http.form_bodies import refuse_unreadable_forms
from chat.http.responses import accepts_json, error_response, flood_error, outage_response
from chat.models import ROOMS
from chat.protocol import ChatError, internal_error
from chat.services import limits, people, scopes

logger = logging.getLogger(__name__)

# The close codes in the response to a poll that a token does not allow.
REFUSED_POLLS = {"forbidden": protocol.CLOSE_FORBIDDEN, "not_found": protocol.CLOSE_NOT_FOUND}

GetResponse = Callable[[HttpRequest], HttpResponse]


# Exceptions that mean a fault of the client. Django answers them with 400, 403 or 404, in chat.http.error_handlers.
ANSWERED_BY_DJANGO = (SuspiciousOperation, PermissionDenied, Http404, MultiPartParserError)


class FailuresMiddleware:
    """
    Turn exceptions of views into responses: JSON for scripts, a page for people, never a traceback.

    This class gets no exceptions of other middleware: Django gives those to `chat.http.error_handlers.server_error`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the response for an exception, or None if Django's own response is right."""
        if isinstance(exception, OUTAGES):
            return outage_response(request, exception)
        error = _find_error(exception)
        if error is not None:
            return error_response(request, error)
        if isinstance(exception, ANSWERED_BY_DJANGO) or not accepts_json(request):
            return None
        logger.error("%s %s failed", request.method, request.path.encode("unicode_escape"), exc_info=exception)
        return error_response(request, internal_error(request_id=get_current_id()))


def _find_error(exception: Exception) -> ChatError | None:
    """Return the ChatError that an exception of a view means, or None for a bug."""
    if isinstance(exception, ChatError):
        return exception
    if isinstance(exception, protocol.CloseConnection):
        return flood_error()
    if isinstance(exception, RawPostDataException):
        # The CSRF check has read the body as a form, and a body can be read only once.
        return ChatError("invalid_json", "Send JSON with the content type 'application/json'.")
    if isinstance(exception, RequestDataTooBig):
        return ChatError("too_large", "The body of this request is larger than the server accepts.")
    return None


class HostMiddleware(CommonMiddleware):
    """
    Django's check of the header Host. It accepts every host for `/readyz`.

    A load balancer or a container platform requests this path by IP address, and ALLOWED_HOSTS of a public site
    contains only the name of the site. The interface itself answers the other two paths of chat.http.health, for every
    host too.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Check the host, and redirect to an address with a slash at its end."""
        return None if request.path == "/readyz" else super().process_request(request)


class FormMiddleware:
    """
    Read forms as UTF-8, the encoding of the pages that contain them.

    A client may name any of Python's codecs as the charset. Django would use it, and fail for one that decodes no text.
    A form that cannot be read gets 400.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.encoding is not None:
            request.encoding = None
        refuse_unreadable_forms(request)
        return self.get_response(request)


class TokenMiddleware:
    """
    Set the user of a bot's request under `/api/` to the person whose token the bot sent.

    Refuse an invalid token with 401, and a call that the token does not allow with 403 or 404.

    A request with a token needs no CSRF token, because a page of another site cannot make a browser send the header
    Authorization.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.META.get("HTTP_AUTHORIZATION")
        # A header with another scheme is for a proxy in front of the site.
        if people.is_token_header(header) and request.path.startswith("/api/"):
            token = people.find_token(header)
            if token is None:
                # A client that polls also gets the close code of a socket.
                close = protocol.CLOSE_NOT_SIGNED_IN if request.path.endswith("/poll/") else None
                return _refuse_token(request, close)
            people.touch_token(token.person.grant)
            request.user = token.person
            request.token = token
            request.csrf_processing_done = True
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict) -> HttpResponse | None:
        """Return the error response for a call that the token does not allow, or None."""
        if not hasattr(request, "token"):
            return None
        try:
            _check_call(request, view, kwargs)
        except ChatError as refusal:
            close = REFUSED_POLLS.get(refusal.code) if request.path.endswith("/poll/") else None
            return error_response(request, refusal, close)
        return None


def _check_call(request: HttpRequest, view: Callable, kwargs: dict) -> None:
    """
    Check that the token of a request allows a call.

    A view without `scopes` (see chat/http/endpoints.py) is closed to tokens. Raise `forbidden`; `not_found` for a room
    or board that a token for certain rooms does not reach, whether it exists or not.
    """
    method = "GET" if request.method == "HEAD" else str(request.method)
    allowed = getattr(view, "scopes", {method: None})
    if method not in allowed:
        return  # the view answers with 405
    scope = allowed[method]
    scopes.check_scope(request.user, scope)
    if "slug" in kwargs:
        scopes.check_slug(request.user, kwargs["slug"])
    elif "board" in kwargs:
        scopes.check_boards(request.user)
    elif scope == ROOMS:
        # This call creates a room, or acts on all rooms as an operator.
        scopes.check_reaches_all_rooms(request.user)


def _refuse_token(request: HttpRequest, close: int | None) -> HttpResponse:
    """Return the response to an invalid token, and count it as a sign-in from the client's address."""
    try:
        limits.check_sign_in_without_password(limits.get_address(request))
    except ChatError as error:
        return error_response(request, error)
    except OUTAGES as outage:
        return outage_response(request, outage)
    return error_response(request, ChatError("not_signed_in", "This token is not valid."), close)


class BrowserMiddleware:
    """Give a browser its id with the response, if a view needed the id. `people.get_browser` explains the id."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        people.keep_browser(request, response, is_secure=settings.SESSION_COOKIE_SECURE)
        return response

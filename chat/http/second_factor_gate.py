"""
The requirement of a second factor (CHAT_SECOND_FACTOR): people who need one and have none are redirected to the page
that sets it up.

Until then, they can open only OPEN_PATHS and OPEN_PAGES: other pages redirect, and other calls of the API are refused.
Bots with a token are not affected. This module writes no rows.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from chat import protocol
from chat.http.responses import accepts_json, error_response
from chat.protocol import ChatError
from chat.services import people

# The page that sets a second factor up, and what everybody may do: sign in and out, and read public facts of the site.
OPEN_PATHS = ("/settings/two-factor/", "/sign-in/", "/api/session/", "/.well-known/")
OPEN_PAGES = {"/sign-out/", "/admin/logout/", "/readyz", "/metrics"}
# What the browser itself loads for the site. It is the same for everybody.
OPEN_PAGES |= {"/manifest.webmanifest", "/service-worker.js", "/offline/"}


class SecondFactorMiddleware:
    """Refuse the requests of people who must set up a second factor first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_open(request) and people.must_set_up(request.user):
            return _refuse(request)
        return self.get_response(request)


def _is_open(request):
    has_token = getattr(request, "token", None) is not None
    return has_token or request.path in OPEN_PAGES or request.path.startswith(OPEN_PATHS)


def _refuse(request):
    if not accepts_json(request):
        return redirect("second_factor")
    error = ChatError(
        "second_factor_required",
        "Set up two-factor sign-in first, on the page %(path)s of this site.",
        path=reverse("second_factor"),
    )
    # A client that polls also gets the close code of a socket.
    return error_response(request, error, protocol.CLOSE_NOT_SIGNED_IN if request.path.endswith("/poll/") else None)

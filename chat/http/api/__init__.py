"""
The HTTP JSON API, one module for each resource. It uses the same error codes and objects as the sockets.

A view reads the request, calls the services, and responds. It must not write rows. The docstring of a view says what it
does, who may call it, and what it reads and returns. docs/http-api.md describes every call.
"""

from django.http import HttpRequest, HttpResponse

from chat.protocol import ChatError


def unknown(request: HttpRequest) -> HttpResponse:
    """Raise `not_found` for every address of the API that no pattern matches."""
    raise ChatError("not_found", "There is nothing at this address.")


# `scopes` names no method, so the middleware for tokens lets every request through to this view.
unknown.scopes = {}  # type: ignore[attr-defined]

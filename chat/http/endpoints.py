"""
What all views of the JSON API are made with: one function for each HTTP method, rights, and parameters of the query.

It must not know any resource. What a view raises (`ChatError`) becomes its error answer in chat/http/middleware.py.
"""

import contextlib
import functools

from chat import protocol
from chat.http.responses import error_response, flood_error
from chat.protocol import ChatError

MOST_PAGES = 10000


def endpoint(**methods):
    """Makes one view of a function per HTTP method."""

    def view(request, *args, **kwargs):
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            response = error_response(request, ChatError("method_not_allowed", f"Use {', '.join(sorted(methods))}."))
            response["Allow"] = ", ".join(sorted(methods))
            return response
        return handler(request, *args, **kwargs)

    return view


def signed_in(function):
    """Refuses whoever has neither signed in nor picked a handle."""

    @functools.wraps(function)
    def inner(request, *args, **kwargs):
        if not request.user.is_authenticated:
            raise ChatError("not_signed_in", "Sign in, or pick a handle as a guest.")
        return function(request, *args, **kwargs)

    return inner


@contextlib.contextmanager
def asked_with(ref):
    """What is refused within it was asked for with a client's `ref`, and the answer names it."""
    try:
        yield
    except protocol.CloseConnection:
        raise flood_error(ref) from None
    except ChatError as refusal:
        refusal.ref = ref
        raise


def address(request):
    """Returns the client's address, as the interface (and the proxies that it trusts) saw it."""
    return request.META.get("REMOTE_ADDR", "unknown")


def page_number(request):
    """Returns which page of a list is asked for, from 0. Raises `invalid_field`."""
    return min(parameter(request, "page", protocol.check_integer, 0), MOST_PAGES)


def parameter(request, name, check, default=None):
    if name not in request.GET:
        return default
    return check(protocol.parse_integer(request.GET[name]), name)

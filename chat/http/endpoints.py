"""
The common parts of the views of the JSON API: methods, rights, query parameters, optional fields and paging.

This module must not know any resource. A ChatError that a view raises becomes an error response in
chat/http/middleware.py.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from chat import protocol
from chat.http.reads import ListResponse, counts_reads
from chat.http.responses import error_response, flood_error
from chat.protocol import ChatError

View = Callable[..., HttpResponse]
# Either a view that no token may call, or (scope, view): tokens with this scope may call the view.
Handler = View | tuple[str, View]

MAX_PAGE_NUMBER = 10000  # for a later page, the database would scan the whole table


def endpoint(**methods: Handler) -> View:
    """
    Return a view that calls the function for the HTTP method. HEAD calls the function for GET.

    A method without a function gets 405.

    `(scope, function)` is open to tokens with this scope, and a function alone is closed to all tokens. The attribute
    `scopes` of the view is {method: scope or None}. The middleware for tokens reads it, and refuses a
    token without the scope.
    """
    scopes = {method: handler[0] if isinstance(handler, tuple) else None for method, handler in methods.items()}
    views = {method: handler[1] if isinstance(handler, tuple) else handler for method, handler in methods.items()}
    allowed = ", ".join(sorted(methods))

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        function = views.get("GET" if request.method == "HEAD" else str(request.method))
        if function is not None:
            return function(request, *args, **kwargs)
        response = error_response(request, ChatError("method_not_allowed", "Use %(methods)s.", methods=allowed))
        response["Allow"] = allowed
        return response

    view.scopes = scopes  # type: ignore[attr-defined]
    return view


def signed_in(function: View) -> View:
    """
    Limit a view to accounts and guests, and count what it reads. The view raises `not_signed_in` for everybody else.
    """
    counted = counts_reads(function)

    @functools.wraps(function)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            raise ChatError("not_signed_in", "Sign in, or pick a handle as a guest.")
        return counted(request, *args, **kwargs)

    return inner


def operators_only(function: View) -> View:
    """Limit a view to people who may use the admin. Raise `not_signed_in` without a login, else `forbidden`."""

    @functools.wraps(function)
    @signed_in
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff:
            raise ChatError("forbidden", "Only operators may do that.")
        return function(request, *args, **kwargs)

    return inner


@contextlib.contextmanager
def errors_with_ref(ref: str) -> Iterator[None]:
    """Put the client's `ref` into every ChatError of the block. Turn a CloseConnection into `rate_limited`."""
    try:
        yield
    except protocol.CloseConnection:
        raise flood_error(ref) from None
    except ChatError as error:
        error.ref = ref
        raise


def get_query_integer(request: HttpRequest, name: str, check: Callable[..., int], default: Any = None) -> Any:
    """Return a checked integer of the query string, or `default` if it is absent. Raise what `check` raises."""
    if name not in request.GET:
        return default
    return check(protocol.parse_integer(request.GET[name]), name)


def get_query_zone(request: HttpRequest, name: str = "zone") -> str | None:
    """Return the time zone in a query parameter, or None if it is absent. Raise `invalid_field` for an unknown zone."""
    zone = request.GET.get(name)
    return None if zone is None else protocol.check_zone(zone, name)


def get_optional(fields: dict, name: str, check: Callable[..., Any], default: Any = None) -> Any:
    """Return a checked field of a body, or `default` if it is absent or null. Raise what `check` raises."""
    return default if fields.get(name) is None else check(fields[name], name)


def page_response(request: HttpRequest, name: str, find: Callable[[int], tuple], describe: Callable) -> JsonResponse:
    """
    Return one page of a list as JSON: {name: [items], "more": whether another page follows}.

    The query parameter `page` counts from 0. A number above MAX_PAGE_NUMBER means MAX_PAGE_NUMBER. `find(page)` returns
    (rows, more); `describe(rows)` returns the items.

    Raise `invalid_field` for a `page` that is not an integer.
    """
    page = min(get_query_integer(request, "page", protocol.check_integer, 0), MAX_PAGE_NUMBER)
    rows, more = find(page)
    response = ListResponse({name: describe(rows), "more": more})
    # The database reads the earlier pages too. Each of them counts as one row.
    response.rows += page
    return response

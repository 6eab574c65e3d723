"""
Count what HTTP requests read: each message and each row of a list in a response, for a person and an address.

This module knows no resource. `chat.services.budgets` has the limits.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from chat.services import budgets, limits

View = Callable[..., HttpResponse]


class ListResponse(JsonResponse):
    """A JSON object with lists: `rows` is the number of all their items."""

    def __init__(self, body: dict, **kwargs: Any) -> None:
        super().__init__(body, **kwargs)
        self.rows = sum(len(value) for value in body.values() if isinstance(value, list))


def counts_reads(view: View) -> View:
    """
    Decorate a view so that a GET counts what it reads: the `rows` of its response, but at least one, even for an error.

    The view raises `rate_limited` if the person or the address has used up the budget of reads. A request that changes
    something is not counted here: it counts as an event.
    """

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        person_id = request.user.id if request.user.is_authenticated else None
        address = limits.get_address(request)
        budgets.check_reads(person_id, address)
        rows = 1
        try:
            response = view(request, *args, **kwargs)
            rows = max(1, getattr(response, "rows", 1))
            return response
        finally:
            budgets.count_reads(person_id, address, rows)

    return inner

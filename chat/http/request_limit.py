"""
The limit of the HTTP requests of an address. It counts every request that reaches this middleware, except those for
UNCOUNTED_PATHS, before any view or query runs. Requests for static files do not reach it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from chat.http.language import find_language
from chat.http.responses import error_response
from chat.protocol import ChatError
from chat.services import budgets, limits

# Load balancers and monitoring systems send these requests, perhaps many times a second from one address.
UNCOUNTED_PATHS = ("/readyz", "/metrics")


class RequestLimitMiddleware:
    """Count the requests of each address, except those for UNCOUNTED_PATHS. Answer 429 above the limit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path not in UNCOUNTED_PATHS:
            try:
                budgets.check_request(limits.get_address(request))
            except ChatError as refusal:
                with translation.override(find_language(request)):
                    return error_response(request, refusal)
        return self.get_response(request)

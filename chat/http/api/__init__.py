"""
The HTTP JSON API: the codes and shapes of the wire, by request and response, one module for each resource.

A view reads the request, asks the services, and answers. It must not write rows. docs/http-api.md describes every call.
"""

from django.http import HttpRequest, HttpResponse

from chat.protocol import ChatError


def unknown(request: HttpRequest) -> HttpResponse:
    """Raise `not_found` for every address of the API that no pattern matches."""
    raise ChatError("not_found", "There is nothing at this address.")

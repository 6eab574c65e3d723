"""
The HTTP JSON API: the wire's codes and shapes over requests, one module for each resource.

Thin: a view reads the request, asks the services, and answers. It must not write rows.
"""

from chat.protocol import ChatError


def unknown(request):
    """Refuse an address of the API at which there is nothing."""
    raise ChatError("not_found", "There is nothing at this address.")

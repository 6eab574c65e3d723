"""
HTTP without Django: what is asked so often, and by machines, that sessions, middleware and views would be a waste.

A consumer of `http.request` answers with one message on the reply channel, as Django's handler does behind it.
"""

from channels.handler import AsgiHandler
from django.http import JsonResponse
from django.utils.http import http_date

from chat import broadcast

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def healthz(message):
    """Alive: that the answer comes at all proves the interface, Redis and a worker. It asks nobody else."""
    _respond(message, 200, {"status": "ok"})


def healthz_refused(message):
    """The same address, asked otherwise."""
    _respond(message, 405, {"code": "method_not_allowed", "detail": "Use GET."}, Allow="GET")


def _respond(message, status, body, **headers):
    response = JsonResponse(body, status=status)
    headers = {**HEADERS, "Content-Length": len(response.content), "Date": http_date(), **headers}
    for name, value in headers.items():
        response[name] = value
    for part in AsgiHandler.encode_response(response):
        broadcast.respond(message.reply_channel, part)

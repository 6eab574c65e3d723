"""
HTTP responses without Django's handler, for frequent requests of machines: no session, no middleware, no view.

A consumer of `http.request` answers with one message on the reply channel, as Django's own handler does.
"""

from channels.handler import AsgiHandler
from django.conf import settings
from django.http import JsonResponse
from django.utils.http import http_date

from chat import broadcast

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def healthz(message):
    """Answer that the site is alive. `manage.py interface` answers this path itself, so this runs only under Daphne."""
    _respond(message, 200, {"status": "ok"})


def healthz_refused(message):
    """Refuse other methods on the same path."""
    _respond(message, 405, {"code": "method_not_allowed", "detail": "Use GET."}, Allow="GET")


def _respond(message, status, body, **headers):
    response = JsonResponse(body, status=status)
    # Only browsers over TLS need HSTS, and a health check is not a browser.
    security = {name: value for name, value in settings.INTERFACE_HEADERS.items() if not name.startswith("Strict-")}
    headers = {**security, **HEADERS, "Content-Length": len(response.content), "Date": http_date(), **headers}
    for name, value in headers.items():
        response[name] = value
    for part in AsgiHandler.encode_response(response):
        broadcast.respond(message.reply_channel.name, part)

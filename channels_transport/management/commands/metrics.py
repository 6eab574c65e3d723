"""`manage.py metrics`: serves the metrics at a port of its own, for a Prometheus in the same private network."""

from __future__ import annotations

import http.server
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_transport.metrics.collecting import collect
from channels_transport.metrics.families import CONTENT_TYPE, write
from channels_transport.signals import install_signal_handlers

DEFAULT_PORT = 9191
REQUEST_SECONDS = 10


class Command(BaseCommand):
    """Serves `/metrics` until a signal ends it. It also answers while no interface and no worker runs."""

    help = "Serves the metrics of the site for Prometheus, at http://BIND:PORT/metrics."

    def add_arguments(self, parser: CommandParser) -> None:
        port = getattr(settings, "METRICS_PORT", None) or DEFAULT_PORT
        parser.add_argument("-b", "--bind", default="127.0.0.1", help="The address (default: 127.0.0.1).")
        parser.add_argument("-p", "--port", type=int, default=port, help=f"The port (default: {port}).")

    def handle(self, *args: Any, **options: Any) -> None:
        bind, port = options["bind"], options["port"]
        try:
            server = _Server((bind, port), _Handler)
        except OSError as error:
            raise CommandError(f"The metrics cannot be served at {bind}:{port}: {error}.") from None
        # `shutdown` waits for `serve_forever`, so another thread must call it.
        install_signal_handlers(lambda *arguments: threading.Thread(target=server.shutdown).start())
        self.stdout.write(f"Metrics at http://{bind}:{server.server_port}/metrics")
        with server:
            server.serve_forever()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = REQUEST_SECONDS

    def do_GET(self) -> None:
        """Answer with the metrics at /metrics, and with 404 at any other path."""
        is_known = self.path.partition("?")[0] == "/metrics"
        body = write(collect()) if is_known else b"The metrics are at /metrics.\n"
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def version_string(self) -> str:
        """Return the value of the header Server. The default names the version of Python."""
        return "channels_transport"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Do nothing, so that a scrape writes no log line."""

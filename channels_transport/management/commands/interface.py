"""`manage.py interface`: runs an interface server. Start one or more, behind a proxy if there are several."""

from __future__ import annotations

from typing import Any

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from daphne.server import build_endpoint_description_strings
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_transport.interface import HANDSHAKE_SECONDS, Server
from channels_transport.management.interface_settings import check_interface_settings
from channels_transport.management.servers import check_servers


class Command(BaseCommand):
    """Runs Daphne with this package's limits until a signal stops it."""

    help = "Runs an interface server, which accepts HTTP requests and websockets and passes them to the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("-b", "--bind", default="127.0.0.1", help="The address to listen on (default: 127.0.0.1).")
        add("-p", "--port", type=int, default=8000, help="The port to listen on (default: 8000).")
        add("-u", "--unix-socket", help="The path of a Unix socket to listen on, instead of an address.")
        add("-e", "--endpoint", action="append", default=[], help="A Twisted endpoint to listen on, for TLS as well.")
        add("-t", "--http-timeout", type=int, default=30, help="Seconds before a request gets 503 (default: 30).")
        timeout = HANDSHAKE_SECONDS
        text = f"Seconds before a websocket handshake gets 503 (default: {timeout})."
        add("--handshake-timeout", type=int, default=timeout, help=text)
        # The default is longer than the time between two heartbeats, so a client that sends heartbeats gets no pings.
        add("--ping-interval", type=int, default=40, help="Seconds of silence before a ping (default: 40).")
        add("--ping-timeout", type=int, default=30, help="Seconds that a client has to answer a ping (default: 30).")
        proxies = getattr(settings, "TRUSTED_PROXIES", 0)
        text = f"The number of trusted proxies in front of the server (default: the setting, {proxies})."
        add("--trusted-proxies", type=int, default=proxies, help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        layer = channel_layers[DEFAULT_CHANNEL_LAYER]
        if not layer.is_shared:
            raise CommandError("Set REDIS_URL: an interface server needs Redis to reach the workers.")
        check_interface_settings()
        check_servers(layer.channel_layer)
        endpoints = options["endpoint"] or build_endpoint_description_strings(
            host=None if options["unix_socket"] else options["bind"],
            port=None if options["unix_socket"] else options["port"],
            unix_socket=options["unix_socket"],
        )
        server = Server(
            channel_layer=layer.channel_layer,
            endpoints=endpoints,
            http_timeout=options["http_timeout"],
            websocket_handshake_timeout=options["handshake_timeout"],
            ping_interval=options["ping_interval"],
            ping_timeout=options["ping_timeout"],
            trusted_proxies=options["trusted_proxies"],
        )
        exit_code = server.run()
        if exit_code:
            raise SystemExit(exit_code)

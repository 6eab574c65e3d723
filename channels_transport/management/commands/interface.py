"""`manage.py interface`: the interface server, Daphne with our limits. Start one per machine or more behind a proxy."""

import logging

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from daphne.server import build_endpoint_description_strings
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels_transport.interface import HANDSHAKE_SECONDS, Server
from channels_transport.outages import REDIS_OUTAGES
from channels_transport.shards import UnsupportedRedis

logger = logging.getLogger(__name__)


def check_servers(layer):
    """Refuses servers that are too old; those that are away will be waited for."""
    try:
        for shard in layer.shards:
            shard.check_version()
    except UnsupportedRedis as error:
        raise CommandError(str(error)) from None
    except REDIS_OUTAGES as outage:
        logger.warning("Redis cannot be reached, starting without it: %s", outage)


class Command(BaseCommand):
    help = "Runs the interface server: HTTP and websockets in, Redis channels out."

    def add_arguments(self, parser):
        parser.add_argument("-b", "--bind", default="127.0.0.1", help="The address to listen on.")
        parser.add_argument("-p", "--port", type=int, default=8000)
        parser.add_argument("-u", "--unix-socket", help="Listen on this Unix socket instead.")
        parser.add_argument("-e", "--endpoint", action="append", default=[], help="A Twisted endpoint, for TLS too.")
        parser.add_argument("-t", "--http-timeout", type=int, default=30, help="Seconds until a request gets 503.")
        parser.add_argument("--handshake-timeout", type=int, default=HANDSHAKE_SECONDS, help="In seconds.")
        # Longer than the silence between two heartbeats of the page: who sends those need not be asked.
        parser.add_argument("--ping-interval", type=int, default=40, help="Seconds of silence before a ping.")
        parser.add_argument("--ping-timeout", type=int, default=30, help="Seconds that a ping's answer may take.")
        parser.add_argument(
            "--trusted-proxies",
            type=int,
            default=getattr(settings, "TRUSTED_PROXIES", 0),
            help="How many proxies of ours stand in front (default: the setting).",
        )

    def handle(self, *args, **options):
        layer = channel_layers[DEFAULT_CHANNEL_LAYER]
        if not layer.is_shared:
            raise CommandError("Set REDIS_URL: an interface reaches its workers through Redis.")
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

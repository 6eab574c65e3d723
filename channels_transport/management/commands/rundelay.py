"""`manage.py rundelay`: runs a delay server that survives bad messages and outages. It replaces Channels' command."""

from __future__ import annotations

from typing import Any

from channels import DEFAULT_CHANNEL_LAYER
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_transport.management.servers import check_servers, get_shared_layer


class Command(BaseCommand):
    """Runs a delay server until a signal stops it."""

    help = "Runs a delay server, which sends each message of asgi.delay to its channel when it is due."

    def add_arguments(self, parser: CommandParser) -> None:
        text = f"The alias of the channel layer (default: {DEFAULT_CHANNEL_LAYER})."
        parser.add_argument("--layer", default=DEFAULT_CHANNEL_LAYER, help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        if not apps.is_installed("channels.delay"):
            raise CommandError("Add channels.delay to INSTALLED_APPS and run migrate: a delay server stores messages.")
        from channels_transport.delay import DelayServer

        layer = get_shared_layer(options["layer"], "A delay server needs Redis to reach the other processes")
        check_servers(layer.channel_layer)
        DelayServer(layer).run()

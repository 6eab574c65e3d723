"""`manage.py interface`: runs an interface server. Start one or more, behind a proxy if there are several."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_transport import following
from channels_transport.interface import Server
from channels_transport.management.interface_options import add_arguments, server_arguments
from channels_transport.management.interface_settings import check_interface_settings
from channels_transport.management.servers import check_servers, freeze_objects, get_shared_layer, start_following
from channels_transport.open_files import raise_file_limit


class Command(BaseCommand):
    """Runs Daphne with this package's limits until a signal stops it."""

    help = "Runs an interface server, which accepts HTTP requests and websockets and passes them to the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        check_interface_settings()
        layer = get_shared_layer(options["layer"], "An interface server needs Redis to reach the workers")
        check_servers(layer.channel_layer)
        raise_file_limit()
        try:
            server = Server(channel_layer=layer.channel_layer, **server_arguments(options))
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"The access log cannot be opened: {error}.") from None
        start_following()
        freeze_objects()
        try:
            exit_code = server.run()
        finally:
            following.stop()
        if exit_code:
            raise SystemExit(exit_code)

"""`manage.py interface`: runs an interface server. Start one or more, behind a proxy if there are several."""

from __future__ import annotations

import gc
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_transport import following
from channels_transport.interface import Server
from channels_transport.management.interface_options import add_arguments, server_arguments
from channels_transport.management.interface_settings import check_interface_settings
from channels_transport.management.servers import check_servers, get_shared_layer, start_following
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
        # The code and the settings live as long as the process. If each collection looked at them again, a third of the
        # CPU of a new websocket would be spent on that.
        gc.collect()
        gc.freeze()
        try:
            exit_code = server.run()
        finally:
            following.stop()
        if exit_code:
            raise SystemExit(exit_code)

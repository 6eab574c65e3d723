"""
`manage.py runserver`: Channels' command with this package's interface server and workers.

If the site has `channels.delay`, the command also runs a delay server in a thread. With `--noworker` it runs neither
workers nor the delay server: start `runworker` and `rundelay` as well.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import unquote

from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.asgi import ChannelLayerWrapper
from channels.management.commands.runserver import Command as ChannelsCommand
from django.apps import apps
from django.core.management.base import CommandError

from channels_transport.log_lines import clean
from channels_transport.management.interface_settings import check_interface_settings
from channels_transport.management.loggers import format_channels_log
from channels_transport.memory import MemoryChannelLayer
from channels_transport.stock_layers import is_own
from channels_transport.worker import Worker

WORKER_THREADS = 4


def get_default_layer() -> Any:
    """
    Return the default layer. Replace asgiref's layer in memory with that of this package.

    Raise CommandError for a layer of another package, because the interface needs methods that such a layer lacks.
    """
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    if type(wrapper.channel_layer) is StockMemoryChannelLayer:
        config = channel_layers.configs[DEFAULT_CHANNEL_LAYER].get("CONFIG", {})
        wrapper = ChannelLayerWrapper(MemoryChannelLayer(**config), DEFAULT_CHANNEL_LAYER, wrapper.routing)
        channel_layers.set(DEFAULT_CHANNEL_LAYER, wrapper)
    if not is_own(wrapper.channel_layer):
        path = channel_layers.configs[DEFAULT_CHANNEL_LAYER]["BACKEND"]
        raise CommandError(f"{path} in CHANNEL_LAYERS is not supported: set BACKEND to a layer of channels_transport.")
    return wrapper


def run_delay_server(layer: Any) -> None:
    """Make a delay server and run it in this thread, because it must run in the thread that made it."""
    # The module `delay` reads rows of a table that only a site with channels.delay has, so it is imported only here.
    from channels_transport.delay import DelayServer

    DelayServer(layer, signal_handlers=False).run()


class Command(ChannelsCommand):
    """Runs the processes of a site in threads of one process, with the options of Channels' command."""

    help = (
        "Runs a site for development, in threads of one process: an interface server, workers, and a delay server if"
        " channels.delay is installed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Check the interface's settings, and run the server. Raise CommandError if a setting is wrong.

        The check is here, because a later error would appear as a traceback of the reloader.
        """
        check_interface_settings()
        super().handle(*args, **options)

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Start the threads of the delay server and the workers, unless `--noworker`. Then run the interface server."""
        format_channels_log()
        layer = get_default_layer()
        if options["run_worker"] and apps.is_installed("channels.delay"):
            threading.Thread(target=run_delay_server, args=[layer], name="delay", daemon=True).start()
        if options["run_worker"] and layer.is_shared:
            options["run_worker"] = False
            layer.router.check_default(http_consumer=self.get_consumer(*args, **options))
            for _ in range(WORKER_THREADS if options["use_threading"] else 1):
                worker = Worker(channel_layer=layer, signal_handlers=False)
                threading.Thread(target=worker.run, daemon=True).start()
        super().inner_run(*args, **options)

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Log a request or a websocket on the console, without the secrets of its path."""
        super().log_action(protocol, action, {**details, "path": clean(unquote(details["path"]))})

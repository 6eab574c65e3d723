"""`manage.py runserver`: Channels' own, on our interface server. With `--noworker`, start `runworker` beside it."""
import threading

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.management.commands.runserver import Command as ChannelsCommand

from chatproj.transport.interface import Server
from chatproj.transport.layer import RedisChannelLayer
from chatproj.transport.worker import Worker

WORKER_THREADS = 4


class Command(ChannelsCommand):
    """The options are Channels'."""

    server_cls = Server

    def inner_run(self, *args, **options):
        layer = channel_layers[DEFAULT_CHANNEL_LAYER]
        if options["run_worker"] and isinstance(layer.channel_layer, RedisChannelLayer):
            options["run_worker"] = False
            layer.router.check_default(http_consumer=self.get_consumer(*args, **options))
            for _ in range(WORKER_THREADS if options["use_threading"] else 1):
                worker = Worker(channel_layer=layer, signal_handlers=False)
                threading.Thread(target=worker.run, daemon=True).start()
        super().inner_run(*args, **options)

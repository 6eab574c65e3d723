"""
`manage.py runserver`: Channels' own, on our interface server, with a delay server in a thread. With `--noworker`, start
`runworker` and `rundelay` beside it.
"""

import threading

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.management.commands.runserver import Command as ChannelsCommand

from channels_transport.delay import DelayServer
from channels_transport.interface import Server
from channels_transport.worker import Worker

WORKER_THREADS = 4


def run_delay_server(layer):
    """Made and run in one thread, as it wants to be."""
    DelayServer(layer, signal_handlers=False).run()


class Command(ChannelsCommand):
    """The options are Channels'."""

    server_cls = Server

    def inner_run(self, *args, **options):
        layer = channel_layers[DEFAULT_CHANNEL_LAYER]
        if options["run_worker"]:
            threading.Thread(target=run_delay_server, args=[layer], name="delay", daemon=True).start()
        if options["run_worker"] and layer.is_shared:
            options["run_worker"] = False
            layer.router.check_default(http_consumer=self.get_consumer(*args, **options))
            for _ in range(WORKER_THREADS if options["use_threading"] else 1):
                worker = Worker(channel_layer=layer, signal_handlers=False)
                threading.Thread(target=worker.run, daemon=True).start()
        super().inner_run(*args, **options)

"""`manage.py runworker`: runs a worker that survives bad messages and outages. It replaces Channels' command."""

from __future__ import annotations

from typing import Any

from channels import channel_layers
from channels.log import setup_logger
from channels.management.commands.runworker import Command as ChannelsCommand
from channels.signals import worker_process_ready
from django.core.management.base import CommandError, CommandParser

from channels_transport.management.loggers import format_channels_log
from channels_transport.management.servers import check_servers
from channels_transport.redis_info import UnsupportedRedis
from channels_transport.worker import Worker


class Command(ChannelsCommand):
    """Has the options of Channels' command, and `--max-messages`."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--max-messages",
            type=int,
            default=0,
            help="The number of messages after which the worker ends; a supervisor starts a new one (0: no limit).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["threads"] != 1:
            raise CommandError("A worker has one thread. Start more processes instead of --threads.")
        wrapper = channel_layers[options["layer"]]
        if not wrapper.is_shared:
            raise CommandError("Set REDIS_URL: a worker needs Redis to reach the interface servers.")
        self.verbosity = options["verbosity"]
        self.logger = setup_logger("django.channels", self.verbosity)
        format_channels_log()
        wrapper.router.check_default()
        check_servers(wrapper.channel_layer)
        worker = Worker(
            channel_layer=wrapper,
            callback=self.consumer_called if self.verbosity > 1 else None,
            only_channels=options["only_channels"],
            exclude_channels=options["exclude_channels"],
            max_messages=options["max_messages"],
        )
        worker_process_ready.send(sender=worker)
        worker.ready()
        try:
            worker.run()
        except UnsupportedRedis as error:
            raise CommandError(str(error)) from None

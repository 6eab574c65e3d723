"""`manage.py runworker`: runs a worker that survives bad messages and outages. It replaces Channels' command."""

from __future__ import annotations

from typing import Any

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.log import setup_logger
from channels.management.commands import runworker as channels_runworker
from channels.signals import worker_process_ready
from django.core.management.base import CommandError, CommandParser

from channels_transport import following
from channels_transport.management.loggers import format_channels_log
from channels_transport.management.processes import Processes
from channels_transport.management.servers import check_servers, freeze_objects, get_shared_layer, start_following
from channels_transport.redis_info import UnsupportedRedis
from channels_transport.stock_layers import is_own


def is_of_another_package(alias: str) -> bool:
    """Return whether a layer that is not the default one belongs to another package."""
    known = alias != DEFAULT_CHANNEL_LAYER and alias in channel_layers.configs
    return known and not is_own(channel_layers[alias].channel_layer)


class Command(channels_runworker.Command):
    """
    Has the options of Channels' command, and `--max-messages`.

    `--threads N` runs N processes, because consumers in threads of one process would wait for each other. For the layer
    of another package, under another alias than "default", the command does what Channels' command does.
    """

    help = "Runs a worker, which receives messages from channels and calls the site's consumers for them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        # Channels' text says "threads".
        parser._option_string_actions["--threads"].help = "The number of worker processes (default: 1)."
        parser.add_argument(
            "--max-messages",
            type=int,
            default=0,
            help="The number of messages after which the worker ends; a supervisor starts a new one (0: no limit).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["threads"] < 1:
            raise CommandError("--threads must be 1 or more: the number of worker processes.")
        if is_of_another_package(options["layer"]):
            super().handle(*args, **options)
        elif options["threads"] == 1:
            self._run_worker(options)
        # The parent has opened no connection yet, so the processes share none.
        elif exit_code := Processes(options["threads"], lambda: self._run_or_report(options)).run_all():
            raise SystemExit(exit_code)

    def _run_or_report(self, options: dict[str, Any]) -> None:
        try:
            self._run_worker(options)
        except CommandError as error:
            self.stderr.write(str(error))
            raise SystemExit(1) from None

    def _run_worker(self, options: dict[str, Any]) -> None:
        wrapper = get_shared_layer(options["layer"], "A worker needs Redis to reach the interface servers")
        self.verbosity = options["verbosity"]
        self.logger = setup_logger("django.channels", self.verbosity)
        format_channels_log()
        wrapper.router.check_default()
        check_servers(wrapper.channel_layer)
        # `Worker` in Channels' module refers to the worker class of this package. The tests of a site may replace it.
        worker = channels_runworker.Worker(
            channel_layer=wrapper,
            callback=self.consumer_called if self.verbosity > 1 else None,
            only_channels=options["only_channels"],
            exclude_channels=options["exclude_channels"],
            max_messages=options["max_messages"],
        )
        worker_process_ready.send(sender=worker)
        worker.ready()
        start_following()
        freeze_objects()
        try:
            worker.run()
        except UnsupportedRedis as error:
            raise CommandError(str(error)) from None
        finally:
            following.stop()

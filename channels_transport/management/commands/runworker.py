"""`manage.py runworker`: Channels' command, with a worker that nothing ends but its operator."""

from channels import channel_layers
from channels.log import setup_logger
from channels.management.commands.runworker import Command as ChannelsCommand
from channels.signals import worker_process_ready
from django.core.management.base import CommandError

from channels_transport.shards import UnsupportedRedis
from channels_transport.worker import Worker


class Command(ChannelsCommand):
    """The options are Channels', and `--max-messages`."""

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--max-messages",
            type=int,
            default=0,
            help="End after so many messages, for whoever supervises to start a fresh worker (0: never).",
        )

    def handle(self, *args, **options):
        if options["threads"] != 1:
            raise CommandError("A worker has one thread. Start more processes: run this command as often as you need.")
        wrapper = channel_layers[options["layer"]]
        if not wrapper.is_shared:
            raise CommandError("Set REDIS_URL: workers reach the interfaces through Redis.")
        self.verbosity = options["verbosity"]
        self.logger = setup_logger("django.channels", self.verbosity)
        wrapper.router.check_default()
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

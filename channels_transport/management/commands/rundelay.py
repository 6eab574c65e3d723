"""`manage.py rundelay`: Channels' command, with a delay server that no message and no outage ends."""

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.core.management.base import BaseCommand, CommandError

from channels_transport.delay import DelayServer

from .interface import check_servers


class Command(BaseCommand):
    """In place of channels' command of this name."""

    help = "Runs the delay server: what is put on asgi.delay is sent on its channel when it is due."

    def add_arguments(self, parser):
        parser.add_argument("--layer", default=DEFAULT_CHANNEL_LAYER, help="Channel layer alias, if not the default.")

    def handle(self, *args, **options):
        layer = channel_layers[options["layer"]]
        if not layer.is_shared:
            raise CommandError("Set REDIS_URL: the delay server reaches the others through Redis.")
        check_servers(layer.channel_layer)
        DelayServer(layer).run()

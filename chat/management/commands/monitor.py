"""`manage.py monitor`: keeps the lobby's list fresh and sweeps, for ever. Start one, or two to have one in reserve."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.monitor import Monitor, run_until_signal
from chat.store import store


class Command(BaseCommand):
    help = "Tells the lobby when the list of rooms has changed, and sweeps what the dead left behind."

    def add_arguments(self, parser):
        parser.add_argument(
            "--interval", type=float, default=settings.CHAT_MONITOR_SECONDS, help="Seconds between two looks."
        )
        parser.add_argument(
            "--sweep-interval", type=float, default=settings.CHAT_SWEEP_SECONDS, help="Seconds between two sweeps."
        )

    def handle(self, *args, **options):
        if not store.is_shared:
            raise CommandError("Set REDIS_URL: without Redis who is in a room is known only within the one process.")
        if not (options["interval"] > 0 and options["sweep_interval"] > 0):
            raise CommandError("An interval is a number of seconds above 0.")
        run_until_signal(Monitor(options["interval"], options["sweep_interval"]))

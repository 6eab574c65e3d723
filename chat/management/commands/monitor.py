"""`manage.py monitor`: run the monitor until a signal ends it. One monitor is enough; a second one can stand by."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels_transport import OUTAGES, RedisConfigurationError
from chat.management.monitor import Monitor, run_until_signal
from chat.store import store


def check_redis():
    """Raise CommandError if a mistake in REDIS_URL, such as a wrong password, is the cause. Ignore an outage."""
    try:
        store.ping()
    except RedisConfigurationError as error:
        raise CommandError(str(error)) from None
    except OUTAGES:
        pass  # the monitor logs the outage


class Command(BaseCommand):
    help = (
        "Tell the lobby when the list of rooms has changed, index new messages for the search, take the samples for"
        " operators, and delete expired data and the data of dead processes."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--interval",
            type=float,
            default=settings.CHAT_MONITOR_SECONDS,
            help="Seconds between two checks (default: %(default)s).",
        )
        parser.add_argument(
            "--sweep-interval",
            type=float,
            default=settings.CHAT_SWEEP_SECONDS,
            help="Seconds between two sweeps (default: %(default)s).",
        )

    def handle(self, *args, **options):
        if not store.is_shared:
            raise CommandError("Set REDIS_URL: without Redis, another process cannot know who is in a room.")
        if not (options["interval"] > 0 and options["sweep_interval"] > 0):
            raise CommandError("Give --interval and --sweep-interval a number of seconds above 0.")
        check_redis()
        run_until_signal(Monitor(options["interval"], options["sweep_interval"]))

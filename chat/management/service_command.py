"""The base class of commands that call a service, and what several commands share: options and durations."""

import re

from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_transport import OUTAGES
from chat.protocol import ChatError

UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}


class ServiceCommand(BaseCommand):
    """Run `call_service(options)` as a command. After a ChatError or an outage, print one sentence and exit with 1."""

    def handle(self, *args, **options):
        try:
            self.call_service(options)
        except ChatError as error:
            raise CommandError(error.detail) from None
        except OUTAGES as outage:
            cause = " ".join(str(outage).split())
            raise CommandError(f"Redis or the database is unavailable; try again later. The cause: {cause}") from None

    def call_service(self, options: dict) -> None:
        """Do the work of the command. Raise ChatError, one of OUTAGES, or CommandError."""
        raise NotImplementedError


def add_announcement_options(parser: CommandParser) -> None:
    """Add the options of every command that announces: the level, and when the announcement expires."""
    parser.add_argument("--level", default="info", help="info (the default), warning or urgent.")
    parser.add_argument(
        "--expires", metavar="DURATION", help="When it expires, such as 30m, 24h (the default) or 7d from now."
    )


def parse_duration(text: str | None) -> int | None:
    """Return the seconds of a duration such as 90s, 30m, 24h or 7d; None for None. Raise CommandError if invalid."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})([smhdw]?)", text.strip())
    if match is None:
        raise CommandError(f"{text!r} is not a duration. Write it like 90s, 30m, 24h or 7d.")
    return int(match[1]) * UNIT_SECONDS[match[2]]

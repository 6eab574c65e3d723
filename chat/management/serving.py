"""
What the commands share that ask a service for something: refusals and outages as one sentence, and lengths of time.
"""

import re

from django.core.management.base import BaseCommand, CommandError

from channels_transport import OUTAGES
from chat.protocol import ChatError

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}


class ServiceCommand(BaseCommand):
    """A command that does `serve(options)`; what is refused there ends in a sentence and exit code 1."""

    def handle(self, *args, **options):
        try:
            self.serve(options)
        except ChatError as refusal:
            raise CommandError(refusal.detail) from None
        except OUTAGES as outage:
            raise CommandError(f"This cannot be done for now: {' '.join(str(outage).split())}") from None


def parse_duration(text):
    """Returns the seconds that a text like 90s, 30m, 24h or 7d spells, None for None. Raises CommandError."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})([smhdw]?)", text.strip())
    if match is None:
        raise CommandError(f"{text!r} is no length of time: write it like 90s, 30m, 24h or 7d.")
    return int(match[1]) * SECONDS[match[2]]

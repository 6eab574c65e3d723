"""
`manage.py index_messages`: index all messages for the search, except those of boards, and show the progress.

It may be interrupted and run again.
"""

import time

from chat.management.service_command import ServiceCommand
from chat.services import rooms, search

REPORT_SECONDS = 2


class Command(ServiceCommand):
    help = (
        "Index all messages for the search, except those of boards. The monitor indexes new messages by itself; this"
        " command indexes many old messages faster. It may run beside a live site, and continues where it was"
        " interrupted."
    )

    def add_arguments(self, parser):
        parser.add_argument("--room", metavar="SLUG", help="Index only this room.")
        parser.add_argument(
            "--again", action="store_true", help="Index from the beginning, also the messages that are indexed already."
        )
        parser.add_argument(
            "--no-pause",
            action="store_true",
            help="Do not pause after each batch. This is twice as fast, and delays people who post at the same time.",
        )

    def call_service(self, options):
        slug = options["room"]
        if slug is not None:
            rooms.get_room(slug)
        if options["again"]:
            search.forget_progress(slug)
        documents = 0
        for step in self._steps(slug, options["no_pause"]):
            documents += step.documents
        self.stdout.write(f"The index is up to date. Documents stored or deleted: {documents:,}.")

    def _steps(self, slug, is_hasty):
        """Yield each Step of the index, and report the progress. Unless `is_hasty`, pause as long as the step took."""
        started_at = reported_at = time.monotonic()
        for step in search.index_rooms(slug):
            yield step
            now = time.monotonic()
            if now - reported_at > REPORT_SECONDS or step.done == step.total:
                self.stdout.write(f"{step.slug}: {step.done:,} of {step.total:,} changes ({_percent(step)}%)")
                reported_at = now
            if not is_hasty:
                time.sleep(now - started_at)
            started_at = time.monotonic()


def _percent(step):
    return 100 * step.done // step.total

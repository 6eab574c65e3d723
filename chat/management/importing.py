"""
The common parts of the commands that import old history: their options, their progress and their report.

A subclass names the reader of its system.
"""

import time
from collections.abc import Iterable
from math import inf

from django.core.management.base import CommandError, CommandParser

from chat.management.service_command import ServiceCommand
from chat.services import imports

REPORT_SECONDS = 2
MAX_LINES = 50  # of a list in the report


def number_of_bytes(text: str) -> float:
    """Return a number of bytes such as `2e8`, for argparse, which shows the name of this function in its error."""
    number = float(text)
    if not number >= 0:
        raise ValueError
    return number


class ImportCommand(ServiceCommand):
    """Import an export. `--dry-run` only reads and checks it, and prints what an import would do."""

    def add_arguments(self, parser):
        parser.add_argument("path", help="The export: its zip file, its directory, or its file.")
        parser.add_argument("--dry-run", action="store_true", help="Store nothing; print what would be stored.")
        parser.add_argument(
            "--people",
            metavar="FILE",
            help="A CSV file of people who have accounts here. The first column is the id, username or e-mail address"
            " in the export. The second column is the handle here.",
        )
        parser.add_argument(
            "--same-handles",
            action="store_true",
            help="A person of the export and an account with the same handle here are the same person.",
        )
        parser.add_argument(
            "--source",
            metavar="NAME",
            help="The name of the other system. An import under another name stores everything again.",
        )
        parser.add_argument(
            "--file-bytes",
            metavar="N",
            type=number_of_bytes,
            default=inf,
            help="Keep only the name of a file, or a link, if the file has more than N bytes, such as 2e8.",
        )

    def add_file_options(self, parser: CommandParser) -> None:
        """Add the option for systems whose exports do not contain the bytes of files."""
        parser.add_argument(
            "--files",
            metavar="DIR",
            help="A directory with the files of the messages. The name of a file, or of its directory, begins with the"
            " id that the file has in the export.",
        )

    def make_reader(self, export: imports.Export, options: dict) -> imports.Reader:
        """Return the reader of the export."""
        raise NotImplementedError

    def call_service(self, options):
        mapping = imports.read_mapping(options["people"]) if options["people"] else {}
        chosen = imports.Options(mapping, options["same_handles"], options["source"], options["file_bytes"])
        with (
            imports.Export(options["path"]) as export,
            imports.Import(self.make_reader(export, options), chosen) as work,
        ):
            self._report_started()
            work.check()
            self._print_plan(work)
            if options["dry_run"]:
                work.try_out()
                self._print_left_out(work)
                self.stdout.write("This was a dry run: nothing is stored.")
            else:
                self._run(work)
                self._print_left_out(work)

    def handle(self, *args, **options):
        try:
            super().handle(*args, **options)
        except imports.ImportFailure as failure:
            raise CommandError(str(failure)) from None

    def _report_started(self):
        self.stdout.write("Reading and checking the export. Nothing is stored before all of it is checked.")

    def _run(self, work):
        reported_at = time.monotonic()
        for progress in work.run():
            now = time.monotonic()
            if now - reported_at > REPORT_SECONDS or progress.done == progress.total:
                percent = 100 * progress.done // progress.total
                self.stdout.write(f"{progress.done:,} of {progress.total:,} messages ({percent}%)")
                reported_at = now
        self.stdout.write(f"Messages stored: {work.fresh:,}. New accounts: {work.created:,}.")

    def _print_plan(self, work):
        people, rooms = work.people.by_id.values(), work.rooms.by_id.values()
        self.stdout.write(f"Source: {work.source}. Messages: {work.total:,}, of which {work.fresh:,} are new.")
        self._print_list("Rooms", (_describe_room(planned) for planned in rooms))
        counted = {reason: sum(planned.reason == reason for planned in people) for reason in _list_reasons(people)}
        self.stdout.write("People: " + ", ".join(f"{number:,} {reason}" for reason, number in counted.items()) + ".")
        self._print_list("People who have accounts here", map(_describe_match, _find_matches(people)))
        self._print_list(
            "Handles that are taken or not allowed here, and the handles of the new accounts. If a taken handle belongs"
            " to the same person, write a line into the file for --people",
            (
                f"{planned.person.id} {planned.person.handle} -> {planned.handle}"
                for planned in people
                if planned.has_other_handle
            ),
        )
        self._print_list("Lines of the file for --people that name nobody in the export", work.people.find_unused())

    def _print_left_out(self, work):
        counted = work.left_out.most_common()
        self._print_list("Left out or changed", (f"{reason}: {number:,}" for reason, number in counted))

    def _print_list(self, title: str, lines: Iterable[str]) -> None:
        found = list(lines)
        if found:
            self.stdout.write(f"{title}:")
        for line in found[:MAX_LINES]:
            self.stdout.write(f"  {line}")
        if len(found) > MAX_LINES:
            self.stdout.write(f"  and {len(found) - MAX_LINES:,} more")


def _describe_room(planned):
    state = "continues" if planned.room else "new"
    return f"{planned.slug} ({planned.imported.kind}, {state}), new messages: {planned.fresh:,}"


def _list_reasons(people):
    return sorted({planned.reason for planned in people})


def _find_matches(people):
    return [planned for planned in people if planned.reason in (imports.EMAIL, imports.HANDLE)]


def _describe_match(planned):
    return f"{planned.person.id} {planned.person.handle} = {planned.handle} ({planned.reason})"

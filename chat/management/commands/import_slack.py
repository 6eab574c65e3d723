"""`manage.py import_slack`: import the history of a team from an export of Slack."""

from chat.management.importing import ImportCommand
from chat.services import imports


class Command(ImportCommand):
    help = (
        "Import people, channels and messages from an export of Slack. Run it again to continue, or with a later"
        " export."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_file_options(parser)
        parser.add_argument("--download", action="store_true", help="Download the files from Slack.")

    def make_reader(self, export, options):
        """Return the reader of exports of Slack."""
        return imports.SlackReader(export, imports.Attached(options["files"], options["download"]))

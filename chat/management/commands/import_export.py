"""`manage.py import_export`: import rooms from exports of this site or another one."""

from chat.management.importing import ImportCommand
from chat.services import imports


class Command(ImportCommand):
    help = "Import rooms from JSON exports of this site or another site like it. Run it again to continue."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_file_options(parser)
        parser.add_argument(
            "--public",
            action="store_true",
            help="The rooms become public. By default they are private, and the authors of their messages are members.",
        )

    def make_reader(self, export, options):
        """Return the reader of exports of sites like this one."""
        return imports.TranscriptReader(export, options["public"], imports.Attached(options["files"]))

"""`manage.py import_mattermost`: import the history of a team from a bulk export of Mattermost."""

from chat.management.importing import ImportCommand
from chat.services import imports


class Command(ImportCommand):
    help = (
        "Import people, channels and messages from a bulk export of Mattermost. Run it again to continue, or with a"
        " later export."
    )

    def make_reader(self, export, options):
        """Return the reader of exports of Mattermost."""
        return imports.MattermostReader(export)

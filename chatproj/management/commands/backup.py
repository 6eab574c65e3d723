"""`manage.py backup`: copies the database and the files into one archive while the site runs."""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from chat.services import files
from chatproj import backups, local

PREFIX, ENDING = "chat-", ".backup.tar"


class Command(BaseCommand):
    """Writes a backup."""

    help = (
        "Copies the database and the files into one archive while the site runs. Back up SECRET_KEY separately. TARGET"
        " is a new file, a directory (the file gets the time as its name), or - for the standard output."
    )

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument("target", metavar="TARGET", help="A new file, an existing directory, or -.")
        parser.add_argument(
            "--keep", type=int, metavar="N", help="Then delete all but the newest N backups in the directory."
        )

    def handle(self, *args, target, keep, **options):
        """Write the backup, and check it."""
        folder = Path(target) if target != "-" else None
        is_folder = folder is not None and folder.is_dir()
        if keep is not None and (keep < 1 or not is_folder):
            raise CommandError("--keep needs a number from 1, and a directory as the target.")
        path = folder / f"{PREFIX}{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}{ENDING}" if is_folder else folder
        try:
            manifest = self._back_up(path)
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        local.note_backup()
        made_of = f"messages: {manifest.counts['chat_message']:,}, files: {len(manifest.files):,}"
        self.stderr.write(f"Backup ({made_of}): {path or 'standard output'}")
        if keep is not None:
            for old in sorted(folder.glob(f"{PREFIX}*{ENDING}"))[:-keep]:
                old.unlink()

    def _back_up(self, path):
        place = None if path is None else path.parent
        with tempfile.TemporaryDirectory(prefix=".chat-backup-", dir=place) as folder:
            database = backups.find_database()
            copy = Path(folder) / database.file
            os.close(os.open(copy, os.O_WRONLY | os.O_CREAT, 0o600))
            counts = database.copy(copy)
            database.check(copy)
            # The files come after the rows: a row of the snapshot may have a file that was finished just before it.
            kept = backups.keep_files(files.find_paths(), Path(folder))
            manifest = backups.make_manifest(copy, database.name, _read_migrations(), counts, kept)
            backups.pack(manifest, copy, sys.stdout.buffer if path is None else path)
        return manifest


def _read_migrations():
    # Later names of an app replace earlier ones.
    return dict(sorted(MigrationRecorder(connection).applied_migrations()))

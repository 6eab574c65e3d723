"""`manage.py restore`: puts the database and the files of a backup in their places, while the site is stopped."""

import os
import sys
import tempfile
from pathlib import Path

from django.core.management import BaseCommand, CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from chat.services import files, rooms
from chatproj import backups
from chatproj.backups.databases import find_living

PART_BYTES = 100_000  # of a file, in one part of the database


class Command(BaseCommand):
    """Restores or verifies a backup."""

    help = (
        "Restores a backup of `manage.py backup` into an empty database. With --replace, it replaces the data in the"
        " database. Stop the site first. SOURCE is a file, or - for the standard input."
    )
    # The database may have no tables yet.
    requires_migrations_checks = False

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument("source", metavar="SOURCE", nargs="?", help="A file, or -.")
        parser.add_argument("--verify", action="store_true", help="Only check the backup.")
        parser.add_argument("--replace", action="store_true", help="Delete what is in the database now.")
        parser.add_argument(
            "--new-epoch",
            action="store_true",
            help="Restore nothing: only tell clients that the database was restored with another tool.",
        )

    def handle(self, *args, source, verify, replace, new_epoch, **options):
        """Check the backup, and restore it."""
        if bool(source) == new_epoch:
            raise CommandError("Name a backup, or give --new-epoch.")
        try:
            if new_epoch:
                self._check_stopped()
                self.stdout.write(f"All clients load their messages again. Rooms: {rooms.renew_epochs():,}.")
            else:
                self._restore(sys.stdin.buffer if source == "-" else Path(source), verify, replace)
        except backups.BackupError as error:
            raise CommandError(str(error)) from None

    def _restore(self, source, is_check, is_replacing):
        database = backups.find_database()
        with tempfile.TemporaryDirectory(prefix=".chat-restore-") as folder:
            manifest, copy = backups.unpack(source, Path(folder))
            if manifest.database != database.name:
                raise backups.BackupError(
                    f"This is a backup of {manifest.database}, and DATABASE_URL is of {database.name}. A backup can"
                    " only be restored into the same kind of database."
                )
            backups.check_archive(manifest, copy)
            database.check(copy)
            _check_known(manifest)
            _check_names(manifest)
            if is_check:
                made_of = f"{manifest.counts}, files: {len(manifest.files):,}"
                self.stdout.write(f"The backup of {manifest.made_at} is complete: {made_of}")
                return
            self._check_stopped()
            _check_owner(database)
            if not is_replacing and _has_people():
                raise backups.BackupError("The database is not empty. --replace deletes what is in it.")
            _restore_all(database, manifest, copy)
        rooms.renew_epochs()
        self.stdout.write(f"Restored the backup of {manifest.made_at}: {manifest.counts}. Start the site.")

    def _check_stopped(self):
        living = sorted(set(find_living()))
        if living:
            raise backups.BackupError(
                f"Stop the site first. These processes are running: {', '.join(living[:5])}. A killed process counts as"
                " running for a minute."
            )


def _check_owner(database):
    """Raise BackupError if root would restore files of another user: the site could not read them afterwards."""
    places = [place for place in (files.find_directory(), database.find_path()) if place is not None]
    for place in places if os.geteuid() == 0 else ():
        found = next(path for path in (place.absolute(), *place.absolute().parents) if path.exists())
        number = found.stat().st_uid
        if number != 0:
            raise backups.BackupError(
                f"{found} belongs to the user {number}, and the site could not read files of root. Run this command as"
                f" this user, for example with `sudo -u '#{number}'`."
            )


def _restore_all(database, manifest, copy):
    # In a directory, the files come first: if the command is killed before the rows are restored, no row names them,
    # and the sweep deletes them. In the database, their tables come first.
    has_directory = files.find_directory() is not None
    if has_directory:
        _restore_files(manifest, copy.parent)
    database.restore(copy)
    call_command("migrate", interactive=False, verbosity=0)
    if not has_directory:
        _restore_files(manifest, copy.parent)


def _restore_files(manifest, folder):
    for number, kept in enumerate(manifest.files):
        with open(backups.find_file(folder, number), "rb") as content:
            try:
                files.put(kept.name, iter(lambda content=content: content.read(PART_BYTES), b""))
            except files.NoSpace as full:
                raise backups.BackupError(f"The files need more space: {full}. Free some, and restore again.") from None


def _check_names(manifest):
    # A wrong name found later would leave a part of the backup restored.
    wrong = [kept.name for kept in manifest.files if not files.is_name(str(kept.name))]
    if wrong:
        raise backups.BackupError(
            f"The backup has a file that this site cannot have: {wrong[0]!r}. Use another backup."
        )


def _check_known(manifest):
    known = MigrationLoader(None).disk_migrations
    unknown = [f"{app}.{name}" for app, name in manifest.migrations.items() if (app, name) not in known]
    if unknown:
        raise backups.BackupError(
            f"A newer version of this site has made the backup: {', '.join(unknown)}. Install that version."
        )


def _has_people():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_person LIMIT 1")
            return cursor.fetchone() is not None
    except DatabaseError:
        return False  # there are no tables

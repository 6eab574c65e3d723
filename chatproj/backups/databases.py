"""
How each of the two databases is copied while the site runs, checked, and restored.

The password of PostgreSQL is passed in the environment: everybody on a machine can read the arguments of a command.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from .archive import BackupError

# A process whose last report is older than this is not running. A process that stops normally removes its report.
LIVING_SECONDS = 60
COUNTED = ("chat_person", "chat_room", "chat_message")
# The variables of libpq for the options of a connection.
_VARIABLES = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


def find_database() -> "SQLite | PostgreSQL":
    """Return the database of the site."""
    return SQLite() if connection.vendor == "sqlite" else PostgreSQL()


class SQLite:
    """A database in a file. The copy is a file that needs no write-ahead log."""

    name, file = "sqlite", "database.sqlite3"

    def copy(self, target: Path) -> dict[str, int]:
        """Copy the database in one snapshot, and return the number of rows of some tables. Writers do not wait."""
        with contextlib.closing(sqlite3.connect(self.find_path())) as source:
            with contextlib.closing(sqlite3.connect(target)) as copy:
                # Without a limit of pages, the copy is one read transaction: writers do not make it begin again.
                source.backup(copy, pages=-1)
                copy.execute("PRAGMA journal_mode=DELETE")
                return _count(copy)

    def check(self, copy: Path) -> None:
        """Raise BackupError if the copy is damaged."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as opened:
                (result,) = opened.execute("PRAGMA quick_check").fetchone()
        except sqlite3.DatabaseError as error:
            result = str(error)
        if result != "ok":
            raise BackupError(f"The copy of the database is damaged: {result}.")

    def restore(self, copy: Path) -> None:
        """Put the copy in the place of the database. A killed process leaves the old database or the new one."""
        path = self.find_path()
        connection.close()
        new = path.with_name(f"{path.name}.restored")
        shutil.copyfile(copy, new)
        with open(os.open(new, os.O_RDWR), "rb") as file:
            os.chmod(new, path.stat().st_mode & 0o777 if path.exists() else 0o600)
            os.fsync(file.fileno())
        # The write-ahead log belongs to the old file. The old file stays complete without it.
        with contextlib.closing(sqlite3.connect(path)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        os.replace(new, path)

    def find_path(self) -> Path:
        """Return the path of the database."""
        return Path(connection.settings_dict["NAME"])


def _count(opened: sqlite3.Connection) -> dict[str, int]:
    return {table: opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}


class PostgreSQL:
    """A database on a server. The copy is a dump in the custom format of pg_dump."""

    name, file = "postgresql", "database.dump"

    def copy(self, target: Path) -> dict[str, int]:
        """Dump the database in one snapshot, and return the number of rows of some tables in this snapshot."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            counts = {}
            for table in COUNTED:
                cursor.execute(f"SELECT count(*) FROM {table}")
                (counts[table],) = cursor.fetchone()
            self._run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target}")
        return counts

    def check(self, copy: Path) -> None:
        """Raise BackupError if pg_restore cannot read the table of contents of the copy."""
        self._run("pg_restore", "--list", str(copy))

    def restore(self, copy: Path) -> None:
        """
        Replace all tables in one transaction.

        Also delete the tables that a newer version of the site has made since: `migrate` makes them again.
        """
        newer = sorted(set(connection.introspection.django_table_names(only_existing=True)) - self._list_tables(copy))
        name = self._make_environment()["PGDATABASE"]
        connection.close()
        options = ("--clean", "--if-exists", "--no-owner", "--exit-on-error", "--file=-")
        start = "".join(f'DROP TABLE "{table}" CASCADE;\n' for table in newer)
        psql = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={name}")
        with (
            self._open("pg_restore", *options, str(copy), stdout=subprocess.PIPE) as source,
            self._open("psql", *psql, stdin=subprocess.PIPE) as target,
        ):
            _feed(target.stdin, f"BEGIN;\n{start}".encode(), source)

    def find_path(self) -> None:
        """Return None: the files belong to the server."""

    def _list_tables(self, copy: Path) -> set[str]:
        # A line of the table of contents: "221; 1259 16400 TABLE public chat_room chat".
        lines = (line.split() for line in self._run("pg_restore", "--list", str(copy)).splitlines())
        return {words[5] for words in lines if words[3:4] == ["TABLE"] and words[4] != "DATA"}

    def _run(self, program: str, *arguments: str) -> str:
        with self._open(program, *arguments, stdout=subprocess.PIPE) as running:
            return running.stdout.read().decode(errors="replace")

    @contextlib.contextmanager
    def _open(
        self, program: str, *arguments: str, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
    ) -> Iterator[Any]:
        """Start a program. At the end of the `with` block, wait for its end, and raise BackupError if it failed."""
        with tempfile.TemporaryFile() as errors:
            try:
                running = subprocess.Popen(
                    [program, *arguments], env=self._make_environment(), stdin=stdin, stdout=stdout, stderr=errors
                )
            except FileNotFoundError:
                raise BackupError(f"There is no program {program}. Install the client of PostgreSQL.") from None
            with running:
                yield running
            if running.returncode:
                errors.seek(0)
                text = " ".join(errors.read().decode(errors="replace").split())
                raise BackupError(f"{program} failed: {text[-500:]}")

    def _make_environment(self) -> dict[str, str]:
        settings: dict[str, Any] = connection.settings_dict
        names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
        options = settings.get("OPTIONS", {})
        found = {variable: settings[name] for variable, name in names.items()}
        found.update((variable, options[option]) for option, variable in _VARIABLES.items() if option in options)
        return {**os.environ, **{variable: str(value) for variable, value in found.items() if value}}


def _feed(target: Any, start: bytes, source: Any) -> None:
    """Write `start` and the output of a program to psql, and let psql commit if the program has succeeded."""
    # If psql fails, it stops reading. `_open` then raises the error of psql.
    with contextlib.suppress(BrokenPipeError), target:
        try:
            target.write(start)
            shutil.copyfileobj(source.stdout, target)
        finally:
            source.stdout.close()  # otherwise, a program that still writes would never end
        # Without COMMIT, PostgreSQL changes nothing.
        if source.wait() == 0:
            target.write(b"COMMIT;\n")


def find_living() -> Iterator[str]:
    """
    Yield the names of the site's processes that are running: `bin/serve`, and each process that reports to Redis.

    These are interfaces, workers, task workers, delay servers and monitors, including monitors that stand by.
    """
    from channels_transport import OUTAGES
    from channels_transport.site_state import is_shared, read_processes
    from chatproj import local

    if local.is_serve_running():
        yield "bin/serve"
    if not is_shared():
        return  # a site without Redis runs in one process
    try:
        found = read_processes()
    except OUTAGES:
        return  # without Redis, no process serves anybody
    # A monitor does not report during a sweep, which may take long.
    yield from (process["name"] for process in found if process["silent_seconds"] < LIVING_SECONDS)

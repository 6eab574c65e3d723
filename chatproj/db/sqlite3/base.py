"""
Django's SQLite backend for several processes that write at once: they wait, and do not fail with "database is locked".

This backend changes how connections and transactions open, and how rows are read (compiler.py). It also makes
conversions cheaper: those of times, in both directions, and of placeholders.
"""

import contextlib
import functools
import time
from datetime import datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3 import base
from django.utils.dateparse import parse_datetime
from django.utils.timezone import utc

from chatproj import local
from chatproj.db.cursors import QuickCursors

from .turns import Turn

BUSY_TIMEOUT_SECONDS = 20
SYNCHRONOUS = ("NORMAL", "FULL", "EXTRA")
MAX_CONVERTED = 500  # statements whose converted text is kept


def read_datetime(value):
    """Return a time from its text in the database, or None for an invalid text."""
    text = value.decode()
    try:
        # Django's own regular expression takes 4 us for each time, and this function 0.2 us.
        return datetime.fromisoformat(text)
    except ValueError:
        return parse_datetime(text)


for _kind in ("datetime", "timestamp"):
    base.Database.register_converter(_kind, read_datetime)


class DatabaseOperations(base.DatabaseOperations):
    """Selects the SQL compilers of this package."""

    compiler_module = "chatproj.db.sqlite3.compiler"

    def adapt_datetimefield_value(self, value):
        # Nearly all times are in UTC already, as the database has them. Django's own conversion takes 6 us.
        if isinstance(value, datetime) and value.tzinfo is utc and self.connection.timezone is utc:
            return value.replace(tzinfo=None).isoformat(" ")
        return super().adapt_datetimefield_value(value)


class CursorWrapper(base.SQLiteCursorWrapper):
    """Converts the placeholders of each text only once. Django does this at every execution, in 5 us."""

    @staticmethod
    @functools.lru_cache(MAX_CONVERTED)
    def convert_query(query):
        return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class DatabaseWrapper(QuickCursors, base.DatabaseWrapper):
    """Uses a write-ahead log and a long timeout; `atomic()` takes the write lock when it opens."""

    # If a transaction reads first, and another transaction then writes, a write of the first transaction fails at once,
    # whatever the timeout. So `atomic()` takes the write lock before anything else. While `read_snapshot` is True,
    # `atomic()` opens a plain snapshot instead, for several consistent queries that write nothing.
    read_snapshot = False
    _turn, _timeout = None, BUSY_TIMEOUT_SECONDS
    ops_class = DatabaseOperations

    def get_connection_params(self):
        params = super().get_connection_params()
        params.setdefault("timeout", BUSY_TIMEOUT_SECONDS)
        self._timeout = params["timeout"]
        # With `?synchronous=FULL` in DATABASE_URL each commit waits for the disk, so a power cut loses no commit.
        self._synchronous = params.pop("synchronous", "NORMAL").upper()
        if self._synchronous not in SYNCHRONOUS:
            raise ImproperlyConfigured(f"`synchronous` in DATABASE_URL must be one of {', '.join(SYNCHRONOUS)}.")
        return params

    def get_new_connection(self, conn_params):
        _ensure_var(conn_params["database"])
        connection = super().get_new_connection(conn_params)
        _use_write_ahead_log(connection)
        # With the log, NORMAL can lose the last commits in a power cut, but never damages the file.
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def create_cursor(self, name=None):
        return self.connection.cursor(factory=CursorWrapper)

    def _start_transaction_under_autocommit(self):
        if self.read_snapshot:
            super()._start_transaction_under_autocommit()
            return
        if self._turn is None:
            self._turn = Turn(str(self.settings_dict["NAME"]), self._timeout)
        self._turn.take()
        try:
            self.cursor().execute("BEGIN IMMEDIATE")
        except BaseException:
            self._turn.end()
            raise

    def _commit(self):
        try:
            super()._commit()
        finally:
            self._end_turn()

    def _rollback(self):
        try:
            super()._rollback()
        finally:
            self._end_turn()

    def _end_turn(self):
        if self._turn is not None:
            self._turn.end()

    def _close(self):
        try:
            super()._close()
        finally:
            if self._turn is not None:
                self._turn.close()
                self._turn = None


def _ensure_var(database):
    """Create `var/` if the database is in it: SQLite creates files, but no folders."""
    if Path(database).parent == local.VAR:
        # If this fails, SQLite raises the error that each command reports.
        with contextlib.suppress(OSError):
            local.make_var()


def _use_write_ahead_log(connection):
    # Unlike statements, the change of mode does not wait for a lock. So processes that open a new file together retry.
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except base.Database.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)

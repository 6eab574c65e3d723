"""
Django 2.2's PostgreSQL backend, made to work with psycopg2 2.9, with time limits, and behind a connection pooler.

psycopg2 2.9 passes the time zone's offset as a timedelta. Django 2.2 compares it with the number 0, and raises
"database connection isn't set to UTC" for every aware datetime.

A transaction for consistent reads gets its isolation level from the statement that begins it, without a further trip.

`limits.py` has the time limits. With a pooler in transaction mode, such as PgBouncer, each transaction may use another
connection to the server. So if this backend finds a pooler, it sets the limits for each transaction, not for a session.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db.backends.postgresql import base
from django.utils.timezone import utc
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from chatproj.db.cursors import QuickCursors

from .limits import NO_LIMITS, LimitedCursor, TimeLimits


def utc_tzinfo_factory(offset):
    """Return UTC for a connection that is set to UTC. Raise AssertionError for any other offset."""
    if offset not in (0, timedelta(0)):
        raise AssertionError("database connection isn't set to UTC")
    return utc


class DatabaseWrapper(QuickCursors, base.DatabaseWrapper):
    """Creates cursors that read aware datetimes with psycopg2 2.9, and that keep to the time limits."""

    # While this is True, `atomic()` opens a snapshot, for several consistent queries that write nothing.
    read_snapshot = False

    def __init__(self, settings_dict, *args, **kwargs):
        super().__init__(settings_dict, *args, **kwargs)
        # A cursor on the server belongs to one connection. With a pooler, the next transaction may use another one.
        self.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        self._limits = self._session_limits = NO_LIMITS

    def get_connection_params(self):
        """Return the arguments of psycopg2. The option `time_limits` is for this backend."""
        params = super().get_connection_params()
        self._limits = TimeLimits(**params.pop("time_limits", {}))
        return {**params, "cursor_factory": LimitedCursor}

    def init_connection_state(self):
        """Prepare a new connection. Without a pooler, set the time limits for the whole session."""
        super().init_connection_state()
        self._session_limits = NO_LIMITS
        if self._limits != NO_LIMITS and not self._has_pooler():
            with self.connection.cursor() as cursor:
                cursor.execute(self._limits.write_for_session())
            self._session_limits = self._limits

    def _has_pooler(self):
        # A pooler gives its clients made-up process ids, because no server process belongs to a client.
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        return pid != self.connection.info.backend_pid

    def _set_autocommit(self, autocommit):
        """Begin or end transactions. psycopg2 sends the isolation level with the BEGIN of the next transaction."""
        with self.wrap_database_errors:
            # The level must change while psycopg2 is not in autocommit: there, it would run a statement.
            if autocommit and self.read_snapshot:
                self.connection.isolation_level = self.isolation_level
            super()._set_autocommit(autocommit)
            if self.read_snapshot and not autocommit:
                self.connection.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ

    def create_cursor(self, name=None):
        """Return a cursor. If the session does not have the time limits, each transaction sets them."""
        cursor = super().create_cursor(name)
        if self._limits != self._session_limits:
            cursor.prefix = self._limits.write_for_transaction()
        if settings.USE_TZ:
            cursor.tzinfo_factory = utc_tzinfo_factory
        return cursor

    @contextmanager
    def time_limits(self, statement_seconds: float) -> Iterator[None]:
        """Run a block whose statements may take this time. 0 means no limit. A running transaction keeps its limits."""
        self.ensure_connection()
        earlier = self._limits
        # Without limits (commands that an operator runs), the block has none either.
        if earlier != NO_LIMITS:
            self._limits = earlier._replace(statement=statement_seconds)
        try:
            yield
        finally:
            self._limits = earlier

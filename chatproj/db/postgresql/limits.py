"""
The time limits of PostgreSQL: for a statement, for the wait for a lock, and for a pause in a transaction.

At a limit, PostgreSQL cancels the statement, or ends the connection. Clients get `unavailable`, and send the change
again. This module sets limits for a session, or for one transaction. It does not know which processes have which
limits.
"""

from typing import NamedTuple

from psycopg2 import OperationalError, errors, extensions


class TimeLimits(NamedTuple):
    """Three limits in seconds. 0 means no limit."""

    statement: float = 0
    lock: float = 0
    idle: float = 0

    def write_for_session(self) -> str:
        """Return the statements that set the limits until the connection ends."""
        return self._write("SET")

    def write_for_transaction(self) -> str:
        """Return the statements that set the limits until the transaction ends."""
        return self._write("SET LOCAL")

    def _write(self, command):
        values = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return "".join(f"{command} {name} = {int(seconds * 1000)}; " for name, seconds in values.items())


NO_LIMITS = TimeLimits()


class LimitedCursor(extensions.cursor):
    """
    A cursor that sends `prefix` together with the first statement of each transaction.

    PostgreSQL runs several statements that arrive together as one transaction. So `SET LOCAL` also works for a
    statement outside of `atomic()`, and costs no round trip. A prefix of SET does not read rows, so the statement after
    it may still choose the isolation level.
    """

    prefix = ""

    def execute(self, sql, parameters=None):
        """
        Run a statement as psycopg2 does.

        Raise OperationalError if the server only accepts reads, or has ended the connection after a pause.
        """
        if self.prefix and self._begins_transaction():
            sql = self.prefix + sql
        try:
            return super().execute(sql, parameters)
        except (errors.ReadOnlySqlTransaction, errors.IdleInTransactionSessionTimeout) as error:
            raise _make_outage(self.connection, error) from error

    def executemany(self, sql, rows):
        """Run a statement for each row as psycopg2 does."""
        if self.prefix and self._begins_transaction():
            if self.connection.autocommit:
                sql = self.prefix + sql
            else:
                super().execute(self.prefix)
        return super().executemany(sql, rows)

    def _begins_transaction(self):
        return self.connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE


def _make_outage(connection, error):
    """
    Return an error that means an outage: a retry may reach a server that accepts writes.

    After a failover, the connection may lead to the earlier primary server, which has become a replica. Close the
    connection, so that the retry opens a new one.
    """
    connection.close()
    return OperationalError(str(error))

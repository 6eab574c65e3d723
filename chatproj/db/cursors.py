"""
Cursors that run a statement as Django's cursors do, with fewer calls of Python functions.

A post runs five statements, and a handshake in a room nine. Django's cursors add 4 us to each of them, and these
cursors only 2.5 us. They raise the errors of Django, and call `execute_wrappers`.
"""

from django.db.backends import utils


class QuickCursor(utils.CursorWrapper):
    """Django's CursorWrapper, with direct methods for what nearly every statement uses."""

    def execute(self, sql, params=None):
        wrappers = self.db.execute_wrappers
        if len(wrappers) != 1:
            return super().execute(sql, params)
        return wrappers[0](self._execute, sql, params, False, {"connection": self.db, "cursor": self})

    def fetchone(self):
        with self.db.wrap_database_errors:
            return self.cursor.fetchone()

    def fetchall(self):
        with self.db.wrap_database_errors:
            return self.cursor.fetchall()

    def close(self):
        self.cursor.close()


class QuickCursors:
    """
    A mixin for Django's database wrappers. An open connection makes a QuickCursor, unless Django logs the statements.
    """

    def cursor(self):
        """Return a new cursor. Open the connection if it is closed."""
        if self.connection is None or self.queries_logged:
            return super().cursor()
        self.validate_thread_sharing()
        try:
            return QuickCursor(self.create_cursor(), self)
        except self.Database.Error:
            # Django's method fails too, and raises its own error.
            return super().cursor()

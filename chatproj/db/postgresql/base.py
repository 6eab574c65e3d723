"""
Django 2.2's PostgreSQL backend, made to work with psycopg2 2.9.

psycopg2 2.9 passes the time zone's offset as a timedelta. Django 2.2 compares it with the number 0, and raises
"database connection isn't set to UTC" for every aware datetime.
"""

from datetime import timedelta

from django.conf import settings
from django.db.backends.postgresql import base
from django.utils.timezone import utc


def utc_tzinfo_factory(offset):
    """Return UTC for a connection that is set to UTC. Raise AssertionError for any other offset."""
    if offset not in (0, timedelta(0)):
        raise AssertionError("database connection isn't set to UTC")
    return utc


class DatabaseWrapper(base.DatabaseWrapper):
    """Creates cursors that read aware datetimes with psycopg2 2.9."""

    def create_cursor(self, name=None):
        cursor = super().create_cursor(name)
        if settings.USE_TZ:
            cursor.tzinfo_factory = utc_tzinfo_factory
        return cursor

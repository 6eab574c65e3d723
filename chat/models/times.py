"""Times in the results of statements that Django does not build. This module imports nothing of this project."""

from datetime import datetime

from django.utils import timezone


def make_aware(moment: datetime | None) -> datetime | None:
    """Return a time from a statement as an aware datetime: SQLite returns times in UTC without their zone."""
    return moment.replace(tzinfo=timezone.utc) if moment is not None and moment.tzinfo is None else moment

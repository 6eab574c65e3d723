"""
The rows that no other transaction has locked. Every sweep that writes rows selects its rows here.

A worker that is frozen within a transaction keeps its locks. A sweep that waited for such a lock would stop the
monitor and all other sweeps. So a sweep leaves locked rows to a later sweep. SQLite has no locks of rows:
there, a transaction locks the whole database for writes.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

KEYS_PER_QUERY = 500  # older versions of SQLite allow 999 parameters


def lock_free_rows(rows: QuerySet, limit: int, of: Sequence[str] = ("self",)) -> list:
    """
    Lock at most `limit` of these rows, without those that another transaction has locked, and return them.

    `of` names the relations of `select_related` whose rows are locked too. Call it within a transaction.
    """
    return list(rows.select_for_update(skip_locked=True, of=of)[:limit])


def find_free_rows(rows: QuerySet, limit: int, of: Sequence[str] = ("self",)) -> list:
    """
    Return at most `limit` of these rows, without those that a transaction has locked now.

    `of` has the same meaning as for `lock_free_rows`.
    """
    # On SQLite, a transaction blocks all other writers. Most sweeps find nothing and need none.
    if not rows.exists():
        return []
    with transaction.atomic():
        return lock_free_rows(rows, limit, of)


def delete_free_rows(rows: QuerySet, limit: int) -> list:
    """Delete at most `limit` of these rows, without those that another transaction has locked. Return their keys."""
    if not rows.exists():
        return []
    with transaction.atomic():
        keys = [row.pk for row in lock_free_rows(rows, limit)]
        for start in range(0, len(keys), KEYS_PER_QUERY):
            rows.model._default_manager.filter(pk__in=keys[start : start + KEYS_PER_QUERY]).delete()
    return keys

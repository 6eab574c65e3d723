"""
The sweep of files that no row names: those of killed processes, and of rows that were deleted with another row.

Most names are stored in a row before the file is made. But the row of an upload comes when the whole file has arrived,
which may take hours. An import stores the rows of many files together. So the sweep leaves files alone until they are a
day old. This also gives operators time to notice a mistake in a setting, such as one directory for two sites.
"""

import itertools
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from chat.services.removed import FILES, count_removed

from .s3 import S3Store
from .stores import Store, find_stores

# Younger files stay. The database and a bucket know only when a file was begun, not when its last part arrived.
ORPHAN_SECONDS = 24 * 3600
SWEEP_SECONDS = 2.0  # the monitor must renew its lease within ten seconds
BUCKET_FOLDERS = 4
BATCH = 500  # names in one query: older versions of SQLite allow 999 parameters

FindUsed = Callable[[list[str]], Iterable[str]]
_owners: dict[str, FindUsed] = {}


def register_owner(kind: str, find_used: FindUsed) -> None:
    """Let the sweep delete files of a kind. `find_used(names)` returns the names among `names` that rows have."""
    _owners[kind] = find_used


def sweep_files() -> int:
    """
    Delete files that no row names, for about SWEEP_SECONDS. Return how many.

    In a directory, each sweep begins with a folder that is chosen at random. So several sweeps together reach all
    files. In a bucket, a sweep reads BUCKET_FOLDERS of the 256 folders, because each folder needs a request that costs
    money.
    """
    deadline = time.monotonic() + SWEEP_SECONDS
    deleted = sum(
        _sweep(store, kind, find_used, deadline) for kind, find_used in _owners.items() for store in find_stores()
    )
    count_removed(FILES, deleted)
    return deleted


def _sweep(store: Store, kind: str, find_used: FindUsed, deadline: float) -> int:
    oldest = timezone.now() - timedelta(seconds=ORPHAN_SECONDS)
    folders = BUCKET_FOLDERS if isinstance(store, S3Store) else None
    old = (info.name for info in store.find(kind, folders) if info.changed_at < oldest)
    deleted = 0
    while time.monotonic() < deadline and (names := list(itertools.islice(old, BATCH))):
        deleted += sum(map(store.delete_free, set(names).difference(find_used(names))))
    return deleted

"""
The sweep of old refs. The rows of refs are about half of a large database, and serve only clients that resend a change.

docs/protocol.md says what a client must not resend after its ref was deleted. This module deletes rows of Change only.
"""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from chat.models import Change
from chat.services.free_rows import delete_free_rows
from chat.services.removed import REFS, count_removed

BATCH = 500  # rows in one transaction: SQLite holds the lock of all writers for about 5 ms
SWEEP_SECONDS = 2.0  # the monitor must renew its lease within ten seconds
PAUSE_SECONDS = 0.01  # other writers get their turn between two batches
DAY_SECONDS = 24 * 3600


def get_refs_kept_seconds() -> int | None:
    """Return for how many seconds a ref is kept after its use, or None if refs are kept without a limit of time."""
    return settings.CHAT_CHANGE_DAYS * DAY_SECONDS or None


def sweep_old_refs() -> int:
    """
    Delete the refs that were used more than CHAT_CHANGE_DAYS days ago, in batches, for about SWEEP_SECONDS.

    The next sweep continues. Return how many rows were deleted.
    """
    if not settings.CHAT_CHANGE_DAYS:
        return 0
    oldest = timezone.now() - timedelta(days=settings.CHAT_CHANGE_DAYS)
    deadline = time.monotonic() + SWEEP_SECONDS
    deleted = batch = _delete_batch(oldest)
    while batch == BATCH and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        batch = _delete_batch(oldest)
        deleted += batch
    count_removed(REFS, deleted)
    return deleted


def _delete_batch(oldest: datetime) -> int:
    # Rows get their ids nearly in the order of their times. So the primary key finds the oldest rows, and the table
    # needs no index by time, which every post would have to write.
    ids = list(Change.objects.order_by("id").values_list("id", flat=True)[:BATCH])
    if not ids:
        return 0
    return len(delete_free_rows(Change.objects.filter(id__lte=ids[-1], created_at__lt=oldest), BATCH))

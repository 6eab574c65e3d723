"""
The sweep of uploads: it deletes files that nobody has sent within a day, and starts the jobs of pictures again.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.models import Upload
from chat.services.free_rows import delete_free_rows, find_free_rows
from chat.services.removed import FILES, count_removed

from .processing import LOCK, MAX_TRIES, give_up
from .receiving import start_job

KEEP_UNUSED = timedelta(days=1)
JOB = timedelta(seconds=60)  # a job that no worker has taken for this time has expired on the channel
MAX_SWEPT = 100


def sweep_uploads() -> int:
    """Delete unused files, and repair pictures whose jobs were lost. Return how many rows were deleted or repaired."""
    old = Upload.objects.unused().filter(created_at__lt=timezone.now() - KEEP_UNUSED)
    deleted = len(delete_free_rows(old, MAX_SWEPT))
    count_removed(FILES, deleted)
    return deleted + _repair()


def _repair() -> int:
    now = timezone.now()
    lost = Q(claimed_at=None, created_at__lt=now - JOB) | Q(claimed_at__lt=now - LOCK)
    waiting = find_free_rows(Upload.objects.filter(lost, state=Upload.WAITING).order_by("id"), MAX_SWEPT)
    for upload in waiting:
        if upload.tries >= MAX_TRIES:
            give_up(upload)
        else:
            with transaction.atomic():
                start_job(upload.id)
    return len(waiting)

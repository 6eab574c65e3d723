"""
Claims: one worker at a time holds a task, under a lock that expires by itself.

Each claim has a number, the task's `attempt`, and every later write of the worker contains this number. If a worker
pauses for longer than its lock lasts, another worker may claim the task. Then the writes of the first worker fail.
"""

import os
import socket
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from chat.models import Task

from .sweeping import MAX_TRIES

WORKER = f"{socket.gethostname()}:{os.getpid()}"[:200]


class TaskLost(Exception):
    """
    This worker no longer holds the task: the sweep queued it again or gave it up, another worker claimed it, or it was
    cancelled or deleted.
    """


def claim_task(task_id: int) -> Task | None:
    """
    Claim a task for this worker, and return the task.

    Return None if the task is done, failed, deleted or held by another worker. Also return None if the task was claimed
    MAX_TRIES times without an end.

    One UPDATE makes the claim, so only one of several workers with the same job gets the task.
    """
    now = timezone.now()
    waits = Q(state=Task.QUEUED) | Q(state=Task.RUNNING, locked_until__lt=now)
    with transaction.atomic():
        limit_pauses()
        claimed = Task.objects.filter(waits, id=task_id, tries__lt=MAX_TRIES).update(
            state=Task.RUNNING,
            progress=0,
            attempt=F("attempt") + 1,
            tries=F("tries") + 1,
            started_at=now,
            locked_until=get_lock_end(),
            locked_by=WORKER,
        )
        return Task.objects.select_related("room", "person").get(id=task_id) if claimed else None


def get_lock_end() -> datetime:
    """Return the time at which a lock expires if it is taken or renewed now."""
    return timezone.now() + timedelta(seconds=settings.CHAT_TASK_LOCK_SECONDS)


def limit_pauses() -> None:
    """
    Let PostgreSQL end the connection if this worker pauses in a transaction for half the time of its lock on the task.

    A frozen worker would otherwise keep the task's row locked, and no other worker could take over the task. The
    worker's next statement then raises one of `channels_transport.OUTAGES`.
    """
    if connection.vendor == "postgresql":
        milliseconds = int(settings.CHAT_TASK_LOCK_SECONDS * 1000 / 2)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = %s", [milliseconds])


def update_claimed(task: Task, **columns: Any) -> None:
    """Change the row of a task that this worker holds. Raise TaskLost if the worker no longer holds the task."""
    mine = Task.objects.filter(id=task.id, attempt=task.attempt, state=Task.RUNNING)
    if not mine.update(**columns):
        raise TaskLost(task.id)

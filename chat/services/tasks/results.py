"""
Results of tasks. A result is a stored file: see chat/services/files. It is written and read in parts, so neither the
writer nor the reader needs memory for all of it.

A task has the name of its file from the first part on. Whatever deletes a task, also a cascade, deletes its file after
the commit. Results that an earlier version wrote are in TaskPart; they stay readable until they expire.
"""

import logging
from collections.abc import Generator, Iterable
from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from chat.models import Task, TaskPart
from chat.services import files

logger = logging.getLogger(__name__)

KIND = "results"
PART_BYTES = 100_000
# SQLite has one writer at a time. Small deletions do not block other writers for long.
MAX_DELETED = 50  # parts in one statement
MAX_ATTEMPT = 2**31 - 1


def read_result(task: Task) -> files.Parts:
    """
    Return the parts of a finished task's result, one after the other.

    Raise LookupError if there is no such file. If the result is in the database and somebody deletes it during the
    iteration, the iteration raises LookupError.
    """
    if not task.result_file:
        return _read_parts(task)
    try:
        return files.read(task.result_file)
    except files.FileLost:
        if TaskPart.objects.filter(task_id=task.id, attempt=task.attempt).exists():
            # A worker of an earlier version, which does not change `result_file`, has finished the task.
            return _read_parts(task)
        logger.warning("The result of task %s is missing. Every process needs the same CHAT_FILES.", task.id)
        raise


def _read_parts(task: Task) -> Generator[bytes, None, None]:
    size = number = 0
    while size < task.result_size:
        found = TaskPart.objects.filter(task_id=task.id, attempt=task.attempt, number=number)
        data = found.values_list("data", flat=True).first()
        if data is None:
            raise LookupError(f"the result of task {task.id} was deleted while it was read")
        yield bytes(data)
        size, number = size + len(data), number + 1


def delete_parts(task_id: int, before: int = MAX_ATTEMPT) -> None:
    """Delete the parts of the attempts before the number `before`. Later attempts may belong to another worker."""
    parts = TaskPart.objects.filter(task_id=task_id, attempt__lt=before)
    while ids := list(parts.values_list("id", flat=True)[:MAX_DELETED]):
        TaskPart.objects.filter(id__in=ids).delete()


def delete_file(task: Task) -> None:
    """Delete the file that an earlier attempt of a task has left, if there is one."""
    if task.result_file:
        files.delete(task.result_file)


def count_missing(most: int = 20) -> int:
    """Return how many of the newest finished tasks have a result that this process does not find."""
    done = Task.objects.filter(state=Task.DONE, result_file__isnull=False, expires_at__gt=timezone.now())
    names = done.order_by("-finished_at").values_list("result_file", flat=True)[:most]
    return sum(not files.has(name) for name in names)


def find_used(names: list[str]) -> Iterable[str]:
    """Return the names among `names` that tasks have."""
    return Task.objects.filter(result_file__in=names).values_list("result_file", flat=True)


@receiver(post_delete, sender=Task, dispatch_uid="chat.delete_result_of_task")
def _delete_result(instance: Task, **kwargs: Any) -> None:
    if instance.result_file:
        files.delete_after_commit(instance.result_file)


files.register_owner(KIND, find_used)

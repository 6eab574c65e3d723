"""
Results: stored in pieces, so that neither who writes nor who reads one holds it whole, and any worker can read it.
"""

from chat.models import TaskPart

PART_BYTES = 100_000
# SQLite has one writer: what is deleted at once keeps nobody waiting for long.
DELETED_AT_ONCE = 50
MAX_ATTEMPT = 2**31 - 1


def read_parts(task):
    """Yields a finished task's result in pieces of bytes, one query each. Raises LookupError where one is gone."""
    size = number = 0
    while size < task.result_size:
        found = TaskPart.objects.filter(task_id=task.id, attempt=task.attempt, number=number)
        data = found.values_list("data", flat=True).first()
        if data is None:
            raise LookupError(f"the result of task {task.id} has gone while it was read")
        yield bytes(data)
        size, number = size + len(data), number + 1


def delete_parts(task_id, before=MAX_ATTEMPT):
    """Deletes what attempts before the one of this number have stored: those after it may be another worker's."""
    parts = TaskPart.objects.filter(task_id=task_id, attempt__lt=before)
    while ids := list(parts.values_list("id", flat=True)[:DELETED_AT_ONCE]):
        TaskPart.objects.filter(id__in=ids).delete()

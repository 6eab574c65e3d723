"""
Results of tasks. A result is stored in parts, so that neither its writer nor its reader needs memory for all of it. Any
process can read a result.
"""

from collections.abc import Iterator

from chat.models import Task, TaskPart

PART_BYTES = 100_000
# SQLite has one writer at a time. Small deletions do not block other writers for long.
MAX_DELETED = 50  # parts in one statement
MAX_ATTEMPT = 2**31 - 1


def read_result(task: Task) -> Iterator[bytes]:
    """
    Yield the parts of a finished task's result. Run one query for each part.

    Raise LookupError if the result was deleted while it was read.
    """
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

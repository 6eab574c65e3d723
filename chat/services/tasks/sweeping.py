"""
The sweep of tasks: it sends lost jobs again, gives up tasks that did not end in several attempts, and deletes tasks.
"""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from chat import broadcast
from chat.models import Task
from chat.services.after_commit import after_commit, call_safely
from chat.services.free_rows import find_free_rows, lock_free_rows

from . import publishing
from .results import delete_file, delete_parts

MAX_TRIES = 5  # times that workers may claim one task before the sweep gives it up
# A job that no worker has taken for this time has expired on the channel (the layer's `expiry` is 60 s).
JOB_SECONDS = 60
MAX_SWEPT = 100  # tasks in one step of a sweep
# The row of a task has this sentence in English. The API and the page translate it.
GIVEN_UP = gettext_noop("This task did not finish in several attempts. Try again later, or choose a shorter period.")


def sweep_tasks() -> int:
    """
    Send abandoned and lost tasks to the workers again, give up after MAX_TRIES, and delete expired tasks.

    If all results together are too large, the sweep also deletes the tasks with the oldest results. Any number of
    processes may run it at the same time: a job that is sent twice runs once.

    The sweep skips rows that another process has locked, because a worker that is frozen within a transaction would
    block the sweep. A later sweep handles these rows.

    Return the number of tasks that were changed or deleted.
    """
    return _give_up() + _send_again() + _delete_expired() + _free_space()


def _get_abandoned() -> QuerySet:
    return Task.objects.filter(state=Task.RUNNING, locked_until__lt=timezone.now())


def _queue_again(tasks: QuerySet, **columns: object) -> list[int]:
    """Put these tasks back into the queue, without those that a transaction has locked. Return their ids."""
    if not tasks.exists():
        return []
    with transaction.atomic():
        ids = [task.id for task in lock_free_rows(tasks, MAX_SWEPT)]
        tasks.filter(id__in=ids).update(state=Task.QUEUED, sent_at=timezone.now(), **columns)
    return ids


def _give_up():
    given_up = find_free_rows(_get_abandoned().filter(tries__gte=MAX_TRIES), MAX_SWEPT)
    for task in given_up:
        if _get_abandoned().filter(id=task.id, attempt=task.attempt).update(**make_failure(GIVEN_UP)):
            delete_parts(task.id)
            delete_file(task)
            publishing.publish_task(task.id)
    return len(given_up)


def make_failure(error: str) -> dict:
    """Return the columns of a task that has failed, with a sentence for its person."""
    now = timezone.now()
    lifetime = timedelta(seconds=settings.CHAT_TASK_RESULT_SECONDS)
    return {
        "state": Task.FAILED,
        "error": error,
        "locked_until": None,
        "finished_at": now,
        "expires_at": now + lifetime,
    }


def _send_again():
    expired = timezone.now() - timedelta(seconds=JOB_SECONDS)
    abandoned = _queue_again(_get_abandoned().filter(tries__lt=MAX_TRIES), progress=0, locked_until=None)
    lost = _queue_again(Task.objects.filter(state=Task.QUEUED, sent_at__lt=expired).order_by("id"))
    send_jobs(abandoned + lost)
    for task_id in abandoned:
        publishing.publish_task(task_id)
    return len(abandoned) + len(lost)


def send_jobs(task_ids: list[int]) -> None:
    """Send the jobs of waiting tasks to the workers. A failure is logged, and the sweep sends the job again."""
    for task_id in task_ids:
        call_safely(f"send the job of task {task_id}", partial(_send_job, task_id))


def _send_job(task_id):
    broadcast.start_job(broadcast.TASKS_CHANNEL, {"task": task_id})


def _delete_expired():
    expired = find_free_rows(Task.objects.filter(expires_at__lt=timezone.now()), MAX_SWEPT)
    for task in expired:
        delete_and_publish(task, "This task has expired.")
    return len(expired)


def _free_space():
    """
    Delete the tasks with the oldest results while all results together are too large. A full disk would stop the site.
    """
    stored = Task.objects.aggregate(total=Sum("result_size"))["total"] or 0
    if stored <= settings.CHAT_MAX_RESULTS_BYTES:
        return 0
    deleted = 0
    for task in find_free_rows(Task.objects.filter(result_size__gt=0).order_by("finished_at"), MAX_SWEPT):
        if stored <= settings.CHAT_MAX_RESULTS_BYTES:
            break
        delete_and_publish(task, "This result was deleted to free storage space.")
        stored, deleted = stored - task.result_size, deleted + 1
    return deleted


def delete_older(person_id: int) -> None:
    """Delete a person's oldest finished tasks while there are more than CHAT_MAX_RESULTS_PER_PERSON."""
    finished = Task.objects.filter(person_id=person_id).exclude(state__in=Task.UNFINISHED).order_by("-id")
    limit = settings.CHAT_MAX_RESULTS_PER_PERSON
    for task in finished[limit : limit + MAX_SWEPT]:
        delete_and_publish(task, "This result was deleted, because you have newer ones.")


def delete_and_publish(task: Task, error: str) -> None:
    """
    Delete a task with its result. On commit, publish the deletion with the reason `error` to the task's person.

    The deletion uses short statements. The first of them ends the claim of the worker that runs the task.
    """
    ended = {**make_failure(""), "expires_at": timezone.now(), "attempt": F("attempt") + 1}
    Task.objects.filter(id=task.id).update(**ended)
    delete_parts(task.id)
    Task.objects.filter(id=task.id).delete()
    after_commit(f"publish the deletion of task {task.id}", lambda: publishing.publish_deletion(task, error))

"""
What keeps tasks from being stuck, and what takes away those whose time is over.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from chat import broadcast
from chat.models import Task

from . import telling
from .parts import delete_parts

logger = logging.getLogger(__name__)

MAX_TRIES = 5
# A job that nobody has taken for so long has left the channel again (the layer's `expiry` is 60 s).
JOB_SECONDS = 60
AT_ONCE = 100
GIVEN_UP = "This could not be finished after several tries. Try it again later, or with a shorter period."


def sweep_tasks():
    """
    Puts tasks back on the channel whose worker has died or whose job was lost, gives up those that failed too often,
    deletes expired ones, and the oldest where all results together are too large. Returns how many it dealt with.

    Any number of processes may run it at the same time: a job that is sent twice is run once.
    """
    return _give_up() + _send_again() + _delete_expired() + _make_room()


def _abandoned():
    return Task.objects.filter(state=Task.RUNNING, locked_until__lt=timezone.now())


def _give_up():
    given_up = list(_abandoned().filter(tries__gte=MAX_TRIES)[:AT_ONCE])
    for task in given_up:
        if _abandoned().filter(id=task.id, attempt=task.attempt).update(**failure(GIVEN_UP)):
            delete_parts(task.id)
            telling.tell_task(task.id)
    return len(given_up)


def failure(error):
    """Returns the columns of a task that has failed, with a sentence for its person."""
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
    now = timezone.now()
    abandoned = list(_abandoned().filter(tries__lt=MAX_TRIES).values_list("id", flat=True)[:AT_ONCE])
    _abandoned().filter(id__in=abandoned).update(state=Task.QUEUED, progress=0, locked_until=None, sent_at=now)
    forgotten = Task.objects.filter(state=Task.QUEUED, sent_at__lt=now - timedelta(seconds=JOB_SECONDS))
    lost = list(forgotten.order_by("id").values_list("id", flat=True)[:AT_ONCE])
    forgotten.filter(id__in=lost).update(sent_at=now)
    send_jobs(abandoned + lost)
    for task_id in abandoned:
        telling.tell_task(task_id)
    return len(abandoned) + len(lost)


def send_jobs(task_ids):
    """Lets the workers know of tasks that wait. It does not fail: what does not get through is sent again."""
    for task_id in task_ids:
        try:
            broadcast.start_job(broadcast.TASKS_CHANNEL, {"task": task_id})
        except Exception as error:
            logger.warning("The job of task %s could not be sent: %s", task_id, error)


def _delete_expired():
    expired = list(Task.objects.filter(expires_at__lt=timezone.now())[:AT_ONCE])
    for task in expired:
        delete_task(task, "This has expired.")
    return len(expired)


def _make_room():
    """Deletes the oldest results while all of them together are too large: a full disk would stop everybody."""
    stored = Task.objects.aggregate(total=Sum("result_size"))["total"] or 0
    deleted = 0
    for task in Task.objects.filter(result_size__gt=0).order_by("finished_at")[:AT_ONCE]:
        if stored <= settings.CHAT_MAX_RESULTS_BYTES:
            break
        delete_task(task, "There was no room for this any more.")
        stored, deleted = stored - task.result_size, deleted + 1
    return deleted


def delete_older(person_id):
    """Deletes a person's oldest finished tasks while there are too many."""
    finished = Task.objects.filter(person_id=person_id).exclude(state__in=Task.UNFINISHED).order_by("-id")
    most = settings.CHAT_MAX_RESULTS_PER_PERSON
    for task in finished[most : most + AT_ONCE]:
        delete_task(task, "You have newer ones.")


def delete_task(task, error):
    """
    Deletes a task with its result, and tells its person the sentence `error`, on commit.

    In short transactions: whoever runs it has lost it with the first of them.
    """
    fenced = {**failure(""), "expires_at": timezone.now(), "attempt": F("attempt") + 1}
    Task.objects.filter(id=task.id).update(**fenced)
    delete_parts(task.id)
    Task.objects.filter(id=task.id).delete()
    transaction.on_commit(lambda: telling.tell_forgotten(task, error))

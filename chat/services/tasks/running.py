"""
Running a task: claimed by one worker at a time, its result written part by part, its end told.

Every write goes by the number of the claim. A worker that was held up for longer than its lock finds its task taken
by another, and writes nothing over what that one wrote.
"""

import logging
import os
import socket
import time
from contextlib import closing
from datetime import timedelta

from django.conf import settings
from django.db import reset_queries, transaction
from django.db.models import F, Q
from django.utils import timezone

from channels_transport import OUTAGES, is_stopping
from chat.models import Task, TaskPart
from chat.protocol import ChatError
from chat.services import rooms

from . import telling
from .parts import PART_BYTES, delete_parts
from .registry import get_kind
from .sweeping import MAX_TRIES, delete_older, failure, send_jobs, sweep_tasks

logger = logging.getLogger(__name__)

STEP_SECONDS = 1  # between two signs of life
OUR_FAULT = "This failed, and it is our fault. Try it again; if it fails again, tell the people who run this site."
WORKER = f"{socket.gethostname()}:{os.getpid()}"[:200]


class TaskLost(Exception):
    """The task is another worker's by now, or nobody's: it was cancelled, or has expired."""


class Interrupted(Exception):
    """This worker was told to stop."""


def run_task(task_id):
    """
    Runs a task to its end, if it waits for a worker. What goes wrong with the task itself is its failure, and raises
    nothing; raises one of OUTAGES where it cannot even be claimed.

    Told to stop, it hands the task back at the next step. Afterwards tasks whose jobs got lost while all workers were
    busy are sent again.
    """
    task = claim_task(task_id)
    if task is not None:
        _run_claimed(task)
        delete_older(task.person_id)
        sweep_tasks()


def _run_claimed(task):
    try:
        telling.tell(task)
        _work(Job(task))
    except TaskLost:
        logger.info("Task %s was taken from this worker", task.id)
    except Interrupted:
        _hand_back(task)
    except ChatError as refusal:
        _fail(task, refusal.detail)
    except OUTAGES as outage:
        # Its lock ends by itself, and then it is tried again.
        logger.warning("Task %s cannot go on for now: %s", task.id, outage)
    except Exception:
        logger.exception("Task %s failed", task.id)
        _fail(task, OUR_FAULT)


def claim_task(task_id):
    """
    Returns the task, locked for this worker, or None where it does not wait: it may be done, another's, or gone.

    One UPDATE decides, so of several workers with the same job one gets it.
    """
    now = timezone.now()
    waits = Q(state=Task.QUEUED) | Q(state=Task.RUNNING, locked_until__lt=now)
    with transaction.atomic():
        claimed = Task.objects.filter(waits, id=task_id, tries__lt=MAX_TRIES).update(
            state=Task.RUNNING,
            progress=0,
            attempt=F("attempt") + 1,
            tries=F("tries") + 1,
            started_at=now,
            locked_until=_lock_end(),
            locked_by=WORKER,
        )
        return Task.objects.select_related("room", "person").get(id=task_id) if claimed else None


def _lock_end():
    return timezone.now() + timedelta(seconds=settings.CHAT_TASK_LOCK_SECONDS)


def _work(job):
    # The right to read may have gone since it was asked for; the result could not be fetched without it either.
    rooms.get_readable_room(job.task.person, job.task.room.slug)
    delete_parts(job.task.id, before=job.task.attempt)
    with closing(get_kind(job.task.kind).run(job)) as steps:
        for fraction in steps:
            job.step(fraction)
    job.finish()


class Job:
    """
    What a kind of task works with: `task` with its `room`, `params`, what it writes, and its steps.

    Holds no more than one part of the result.
    """

    def __init__(self, task):
        self.task = task
        self.room, self.upto = task.room, task.upto
        self._name, self._type = f"{task.kind}.txt", "text/plain; charset=utf-8"
        self._waiting, self._waiting_bytes = [], 0
        self._parts = self._size = 0
        self._stepped_at = time.monotonic()

    def name_result(self, name, content_type):
        """Says what the result's file is called, in ASCII letters, digits, `-`, `_` and `.`, and what it is."""
        self._name, self._type = name, content_type

    def write(self, text):
        """Adds text to the result. Raises TaskLost."""
        data = text.encode()
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= PART_BYTES:
            self._store_part()

    def step(self, fraction):
        """
        Renews the lock and tells how far it is (0 to 1), at most once a second. Raises TaskLost, and Interrupted where
        the worker was told to stop.
        """
        if is_stopping():
            raise Interrupted
        if time.monotonic() - self._stepped_at < STEP_SECONDS:
            return
        self._stepped_at = time.monotonic()
        # The end is told by `finish` alone.
        self.task.progress = max(0, min(99, int(fraction * 100)))
        self.update(progress=self.task.progress, locked_until=_lock_end())
        telling.tell(self.task)

    def finish(self):
        """Stores what is left and says that it is done. Raises TaskLost."""
        if self._waiting:
            self._store_part()
        now = timezone.now()
        self.update(
            state=Task.DONE,
            progress=100,
            locked_until=None,
            finished_at=now,
            expires_at=now + timedelta(seconds=settings.CHAT_TASK_RESULT_SECONDS),
            result_name=self._name,
            result_type=self._type,
            result_size=self._size,
        )
        telling.tell_task(self.task.id)

    def update(self, **columns):
        """Changes the task's row, if it still is this worker's. Raises TaskLost if not."""
        _update_claimed(self.task, **columns)

    def _store_part(self):
        data = b"".join(self._waiting)
        with transaction.atomic():
            # First, for it locks the row: what was deleted or claimed anew gets no more parts.
            self.update(locked_until=_lock_end())
            TaskPart.objects.create(task_id=self.task.id, attempt=self.task.attempt, number=self._parts, data=data)
        self._waiting, self._waiting_bytes = [], 0
        self._parts, self._size = self._parts + 1, self._size + len(data)
        # With DEBUG on, Django keeps every statement, and what was stored with it.
        reset_queries()


def _update_claimed(task, **columns):
    mine = Task.objects.filter(id=task.id, attempt=task.attempt, state=Task.RUNNING)
    if not mine.update(**columns):
        raise TaskLost(task.id)


def _hand_back(task):
    """Lets another worker begin anew, now. It counts as no try: nothing went wrong."""
    _settle(task, state=Task.QUEUED, progress=0, tries=F("tries") - 1, locked_until=None, sent_at=timezone.now())
    send_jobs([task.id])


def _fail(task, error):
    _settle(task, **failure(error))
    delete_parts(task.id, before=task.attempt + 1)


def _settle(task, **columns):
    try:
        _update_claimed(task, **columns)
        telling.tell_task(task.id)
    except TaskLost:
        logger.info("Task %s was taken from this worker", task.id)
    except OUTAGES as outage:
        logger.warning("The end of task %s cannot be stored for now: %s", task.id, outage)

"""
Run a task: a worker claims the task, runs the function of its kind, and stores how the task ended.
"""

import json
import logging
from contextlib import closing

from django.conf import settings
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from channels_transport import OUTAGES
from chat.models import Task, long_statements
from chat.protocol import ChatError
from chat.services import files, rooms

from . import publishing
from .claims import TaskLost, claim_task, update_claimed
from .job import Interrupted, Job
from .registry import get_kind
from .results import delete_file, delete_parts
from .sweeping import delete_older, make_failure, send_jobs, sweep_tasks

logger = logging.getLogger(__name__)

# The row of a task has this sentence in English. The API and the page translate it.
SERVER_ERROR = gettext_noop(
    "This task failed because of an error on the server. Start it again. If it fails again, tell the operators of this"
    " site."
)
TOO_LARGE = gettext_noop("The result is larger than this site allows. Choose a shorter period.")
NO_SPACE = gettext_noop(
    "This site has no space for the result now. Try again later, or tell the operators of this site."
)


def run_task(task_id: int) -> None:
    """
    Run a task to its end, if it waits for a worker.

    Then delete the person's oldest tasks above the limit, and run the sweep of tasks.

    An error of the task itself is stored as its failure. If the worker must stop, it puts the task back into the queue
    at the next step.

    Raise one of `channels_transport.OUTAGES` after an outage during the claim, the deletion of old tasks, or the sweep.
    Log an outage during the run.
    """
    task = claim_task(task_id)
    if task is not None:
        _run_claimed(task)
        delete_older(task.person_id)
        sweep_tasks()


def _run_claimed(task):
    job = Job(task)
    try:
        publishing.publish_state(task)
        _run_kind(job)
    except TaskLost:
        _log_lost(task)
        job.discard()
    except Interrupted:
        job.discard()
        _put_back(task)
    except OUTAGES as outage:
        # The lock expires by itself. Then the sweep sends the task's job again. The file stays: the outage may have
        # hidden the commit that made the task done.
        logger.warning("Task %s stops, because a service that it needs is not available: %s", task.id, outage)
    except Exception as error:
        _fail(task, _explain(task, error))
        job.discard()


def _explain(task, error):
    """Return the sentence with which a task fails. Log an error that operators must know of."""
    if isinstance(error, ChatError):
        return error.detail
    if isinstance(error, files.FileTooLarge):
        return TOO_LARGE
    if isinstance(error, files.NoSpace):
        logger.error("Task %s failed, because the disk is full: %s", task.id, error)
        return NO_SPACE
    logger.exception("Task %s failed", task.id)
    return SERVER_ERROR


def _run_kind(job):
    # The person may have lost the right to read the room since the request. Then nobody could fetch the result.
    rooms.get_readable_room(job.task.person, job.task.room.slug)
    delete_parts(job.task.id, before=job.task.attempt)
    delete_file(job.task)
    language = json.loads(job.task.params).get("language") or settings.LANGUAGE_CODE
    with long_statements(), translation.override(language), closing(get_kind(job.task.kind).run(job)) as steps:
        for fraction in steps:
            job.report_progress(fraction)
    job.finish()


def _put_back(task):
    """Let another worker start the task again at once. This claim does not count as a try, because nothing failed."""
    _end_claim(task, state=Task.QUEUED, progress=0, tries=F("tries") - 1, locked_until=None, sent_at=timezone.now())
    send_jobs([task.id])


def _fail(task, error):
    _end_claim(task, **make_failure(error))
    delete_parts(task.id, before=task.attempt + 1)


def _end_claim(task, **columns):
    try:
        update_claimed(task, **columns)
        publishing.publish_task(task.id)
    except TaskLost:
        _log_lost(task)
    except OUTAGES as outage:
        logger.warning("The end of task %s could not be stored: %s", task.id, outage)


def _log_lost(task):
    logger.info("Task %s is no longer held by this worker", task.id)

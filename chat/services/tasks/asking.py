"""
What people do with tasks: start one, see how it stands, fetch its result, forget it.
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chat import broadcast
from chat.models import Person, Room, Task
from chat.protocol import ChatError, ack
from chat.services import rooms

from . import telling
from .registry import get_kind
from .sweeping import delete_task, send_jobs

MAX_TOLD = 10  # of one person in one room
UNFINISHED_LIFETIME = timedelta(days=1)  # within which a task must have begun and ended
FULL_RETRY_SECONDS = 10.0


@dataclass(frozen=True)
class Started:
    """A task that was asked for: its `ack`, and whether this was the first time."""

    ack: dict
    task_id: int
    is_new: bool


def start_task(member, event):
    """
    Stores a Task for a Start, once for each ref, and lets the workers know on commit. Returns Started.

    Raises `missing_field` or `invalid_field` for the parameters, `forbidden` in a board's room, `rate_limited` for
    one unfinished task too many, `ref_conflict`.
    """
    params = get_kind(event.task).check(event.params)
    if member.room.access == Room.BOARD:
        # Who comes by a board's link is not signed in, and could not fetch the result.
        raise ChatError("forbidden", "There are no tasks on a board.")
    event = replace(event, params=params)
    task_id, is_new = rooms.record_once(member, event, lambda: _create_task(member, event))
    return Started(ack(event.ref, None, None, task_id=task_id), task_id, is_new)


def _create_task(member, event):
    _check_unfinished(member.person_id)
    task = Task.objects.create(
        person_id=member.person_id,
        room_id=member.room_id,
        kind=event.task,
        ref=event.ref,
        params=json.dumps(event.params),
        upto=member.room.offset,
        expires_at=timezone.now() + UNFINISHED_LIFETIME,
    )
    transaction.on_commit(lambda: send_jobs([task.id]))
    return task.id


def _check_unfinished(person_id):
    if not settings.CHAT_LIMITS_ON:
        return
    # One at a time: else two that start at once would both be counted as the last that fits.
    Person.objects.lock(person_id)
    most = settings.CHAT_MAX_UNFINISHED_TASKS
    if Task.objects.filter(person_id=person_id, state__in=Task.UNFINISHED).count() >= most:
        detail = f"You have {most} tasks under way. Wait for one to end, or cancel one."
        raise ChatError("rate_limited", detail, retry_after=FULL_RETRY_SECONDS)


def tell_task(task_id):
    """Tells the present state of a task, if there still is one, behind the answer to whoever asked for it."""
    telling.tell_task(task_id, broadcast.publish)


def get_recent_tasks(person, room_id):
    """Returns a person's unfinished tasks of a room, and those whose results have not expired: the oldest first."""
    found = Task.objects.filter(person=person, room_id=room_id, expires_at__gt=timezone.now())
    return list(found.order_by("-id")[:MAX_TOLD])[::-1]


def get_task(person, task_id):
    """Returns a task of this person, in a room that they may read. Raises `not_found`, `forbidden`."""
    mine = Task.objects.select_related("room").filter(person=person, expires_at__gt=timezone.now())
    task = mine.filter(id=task_id).first()
    if task is None:
        raise ChatError("not_found", "There is no such task, or its result has expired. Start it again.")
    # The right to read may have gone since.
    rooms.get_readable_room(person, task.room.slug)
    return task


def get_result(person, task_id):
    """Returns a task that is done. Raises as `get_task`, and `not_found` for one that is not."""
    task = get_task(person, task_id)
    if task.state != Task.DONE:
        raise ChatError("not_found", "This task has no result. Wait until it is done.")
    return task


def forget_task(person, task_id):
    """
    Deletes a task of this person with its result; one that runs stops at its next step. Tells all of their tabs.

    Raises `not_found`. Who may not read the room any more may still forget.
    """
    task = Task.objects.filter(person=person, id=task_id).first()
    if task is None:
        raise ChatError("not_found", "There is no such task.")
    delete_task(task, "This was cancelled." if task.state in Task.UNFINISHED else "This result was deleted.")

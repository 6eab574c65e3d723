"""
Requests about tasks: a person starts a task, reads the state, fetches the result, and cancels or deletes the task.
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chat import broadcast
from chat.models import Member, Person, Task
from chat.protocol import ChatError, Start, ack
from chat.services import budgets, rooms
from chat.services.rights import Action, check_may
from chat.services.scopes import reaches

from . import publishing
from .registry import get_kind
from .sweeping import delete_and_publish, send_jobs

MAX_RECENT = 10  # tasks of one person in one room
UNFINISHED_LIFETIME = timedelta(days=1)  # an unfinished task is deleted after this time
RETRY_AFTER_SECONDS = 10.0  # for a person who has too many unfinished tasks


@dataclass(frozen=True)
class Started:
    """A task that a person started: its `ack`, its id, and whether this request was the first with its ref."""

    ack: dict
    task_id: int
    is_new: bool


def start_task(member: Member, event: Start) -> Started:
    """
    Store a Task, once for each ref, and send its job to the workers on commit.

    Raise:

    - `missing_field` or `invalid_field` for the kind or its parameters;
    - `forbidden` on a board;
    - `rate_limited` for too many unfinished tasks, too many starts, or too many bytes of results;
    - `ref_conflict` if the person used the ref for a different request.
    """
    params = get_kind(event.task).check(event.params)
    check_may(member.person, Action.START_TASK, member.room, member)
    event = replace(event, params=params)
    task_id, is_new = rooms.record_once(member, event, lambda: _create_task(member, event))
    return Started(ack(event.ref, None, None, task_id=task_id), task_id, is_new)


def _create_task(member, event):
    _check_unfinished(member.person_id)
    budgets.check_task(member.person_id)
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
    # The lock makes requests of one person wait for each other. Without the lock, two requests at the same moment could
    # both pass.
    Person.objects.lock(person_id)
    limit = settings.CHAT_MAX_UNFINISHED_TASKS
    if Task.objects.filter(person_id=person_id, state__in=Task.UNFINISHED).count() >= limit:
        budgets.count_refusal("unfinished_tasks")
        raise ChatError(
            "rate_limited",
            "You already have %(most)s unfinished tasks. Wait until one is done, or cancel one.",
            retry_after=RETRY_AFTER_SECONDS,
            most=limit,
        )


def publish_task(task_id: int) -> None:
    """
    Publish the present state of a task, if it still exists.

    Call this after the answer to the request that started the task.
    """
    publishing.publish_task(task_id, broadcast.publish)


def get_recent_tasks(person: Person, room_id: int) -> list[Task]:
    """Return a person's newest tasks in a room that have not expired: at most 10, oldest first."""
    found = Task.objects.filter(person=person, room_id=room_id, expires_at__gt=timezone.now())
    return list(found.order_by("-id")[:MAX_RECENT])[::-1]


def get_task(person: Person, task_id: int) -> Task:
    """
    Return a task of this person, in a room that the person may read.

    Raise:

    - `not_found` if the task does not exist, has expired or is another person's;
    - `not_found` if the person's token does not reach the room;
    - `forbidden` or `not_found` if the person may not read the room.
    """
    mine = Task.objects.select_related("room").filter(person=person, expires_at__gt=timezone.now())
    task = mine.filter(id=task_id).first()
    if task is None or not reaches(person, task.room_id):
        raise ChatError("not_found", "There is no such task, or its result has expired. Start the task again.")
    # The person may have lost the right to read since the task was started.
    rooms.get_readable_room(person, task.room.slug)
    return task


def get_result(person: Person, task_id: int) -> Task:
    """Return a task that is done. Raise as `get_task` does, and `not_found` for a task that is not done."""
    task = get_task(person, task_id)
    if task.state != Task.DONE:
        raise ChatError("not_found", "This task has no result. Wait until it is done.")
    return task


def delete_task(person: Person, task_id: int) -> None:
    """
    Delete a task of this person with its result, and publish the deletion to all of the person's tabs on commit.

    An unfinished task stops at its next step. A person who may no longer read the room may still delete the task.

    Raise `not_found` if the task does not exist or is another person's, or if the person's token does not reach the
    room.
    """
    task = Task.objects.filter(person=person, id=task_id).first()
    if task is None or not reaches(person, task.room_id):
        raise ChatError("not_found", "There is no such task.")
    is_unfinished = task.state in Task.UNFINISHED
    delete_and_publish(task, "This task was cancelled." if is_unfinished else "This result was deleted.")

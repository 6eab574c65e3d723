"""
How a task's state is told: as the wire's `task` event, to its person's connections in its room.
"""

import json
import logging

from chat import broadcast, protocol
from chat.models import Member, Task

logger = logging.getLogger(__name__)


def describe(task):
    """Returns a task's present state as the wire's `task` event."""
    is_done = task.state == Task.DONE
    return protocol.task(
        task.ref,
        task.id,
        task.kind,
        json.loads(task.params),
        task.state,
        task.progress,
        result=f"/api/tasks/{task.id}/result/" if is_done else None,
        size=task.result_size if is_done else None,
        error=task.error if task.state == Task.FAILED else None,
    )


def tell(task, send=broadcast.publish_at_once):
    """Tells a task's state. That nobody hears it is no failure: it is told again when its person comes back."""
    tell_event(task, describe(task), send)


def tell_task(task_id, send=broadcast.publish_at_once):
    """Tells the present state of a task, if there still is one of this id."""
    task = Task.objects.filter(id=task_id).first()
    if task is not None:
        tell(task, send)


def tell_forgotten(task, error):
    """Tells that a task, which is deleted by now, was cancelled or that its result is gone."""
    event = protocol.task(
        task.ref, task.id, task.kind, json.loads(task.params), Task.FAILED, task.progress, error=error, forgotten=True
    )
    tell_event(task, event)


def tell_event(task, event, send=broadcast.publish_at_once):
    """Sends a `task` event to the connections of a task's person in its room."""
    standing = Member.objects.filter(room_id=task.room_id, person_id=task.person_id)
    member_id = standing.values_list("id", flat=True).first()
    if member_id is None:
        return
    try:
        send(broadcast.member_group(member_id), event)
    except Exception as error:
        logger.warning("The state of task %s could not be told: %s", task.id, error)

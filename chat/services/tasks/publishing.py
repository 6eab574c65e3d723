"""
Publish a task's state as the wire's `task` event, to the connections of the task's person in the task's room, and to
the person's own streams.

A failure to publish is logged, not raised: the state is stored, and the client receives it at the next connect.
"""

import json
from collections.abc import Callable

from chat import broadcast, protocol
from chat.models import Member, Task
from chat.services.after_commit import call_safely

Send = Callable[[str, dict], object]


def describe(task: Task) -> dict:
    """Return a task's present state as the wire's `task` event."""
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


def publish_state(task: Task, send: Send = broadcast.publish_at_once) -> None:
    """Publish the state that is in the object `task`, without a query for the task."""
    _publish(task, describe(task), send)


def publish_task(task_id: int, send: Send = broadcast.publish_at_once) -> None:
    """Publish the stored state of a task, if the task still exists."""
    task = Task.objects.filter(id=task_id).first()
    if task is not None:
        publish_state(task, send)


def publish_deletion(task: Task, error: str) -> None:
    """Publish that a task was deleted. `error` is the reason, as a sentence."""
    event = protocol.task(
        task.ref, task.id, task.kind, json.loads(task.params), Task.FAILED, task.progress, error=error, forgotten=True
    )
    _publish(task, event, broadcast.publish_at_once)


def _publish(task, event, send):
    members = Member.objects.filter(room_id=task.room_id, person_id=task.person_id)
    found = members.values_list("id", "room__slug").first()
    if found is not None:
        member_id, slug = found
        _send(task, send, broadcast.member_group(member_id), event)
        # A stream is not in a room, so the event names the room.
        _send(task, send, broadcast.person_group(task.person_id), {**event, "room": slug})


def _send(task, send, group, event):
    call_safely(f"publish the state of task {task.id}", lambda: send(group, event))

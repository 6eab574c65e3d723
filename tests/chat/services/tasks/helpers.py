"""Helpers for the tests of tasks: start, queue, read states and results."""

from datetime import timedelta

from django.utils import timezone

from chat import protocol
from chat.models import StoredFile, Task, TaskPart
from chat.services import files, rooms, tasks

JSON = {"format": "json", "from": None, "to": None}


def start(socket, ref="x1", task="export", params=JSON):
    """Start a task over a socket, and return the answer."""
    return socket.ask("start", ref=ref, task=task, params=params)


def states(socket, ref="x1"):
    """Return the states of a task that the socket has received."""
    return [event["state"] for event in socket.seen("task") if event["ref"] == ref]


def get(browser, path):
    """Request a path. Return the status and the whole body of the response."""
    response = browser.get(path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, content


def queue(person, ref="x1", kind="trial", params="{}"):
    """Store a queued task without sending its job, and return the task."""
    member = rooms.join_room(person, "garden")
    return Task.objects.create(
        person=person,
        room=member.room,
        kind=kind,
        ref=ref,
        params=params,
        upto=member.room.offset,
        expires_at=timezone.now() + timedelta(days=1),
    )


def expire_lock(task):
    """Move the end of a task's lock into the past."""
    Task.objects.filter(id=task.id).update(locked_until=timezone.now() - timedelta(seconds=1))


def run(person, kind, **params):
    """Run a task, and return the text of its result."""
    return run_for_bytes(person, kind, **params).decode()


def run_for_bytes(person, kind, **params):
    """Run a task, and return its result."""
    member = rooms.join_room(person, "garden")
    event = protocol.Start(ref=f"t{Task.objects.count()}", task=kind, params=params)
    task_id = tasks.start_task(member, event).task_id
    tasks.run_task(task_id)
    task = tasks.get_result(person, task_id)
    content = b"".join(tasks.read_result(task))
    assert len(content) == task.result_size
    return content


def stored_results():
    """Return the names of all stored results, also of unfinished ones, in the database and in the directory."""
    assert not TaskPart.objects.exists()
    root = files.find_directory()
    paths = root.rglob("*") if root else ()
    found = [str(path.relative_to(root)).removesuffix(".new") for path in paths if path.is_file()]
    return sorted([*found, *StoredFile.objects.values_list("name", flat=True)])

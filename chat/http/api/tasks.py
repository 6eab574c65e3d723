"""The JSON API of background tasks: start, read and delete a task, and download its result."""

from contextlib import closing

from django.http import JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext

from chat import broadcast, protocol
from chat.http.endpoints import endpoint, errors_with_ref, signed_in
from chat.http.reads import ListResponse
from chat.models import READ
from chat.protocol import ChatError
from chat.services import limits, rooms, tasks

# A result may be a page that contains text of users. This policy keeps a browser from running scripts in that page.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@signed_in
def start_task(request, slug):
    """
    Start a task, for people who may enter the room. They become members. Body {ref, task, params}.

    Return 201 and the task; 200 if this person has already used the `ref` for the same task. If that task no longer
    exists, the body is only {ref, task_id}.
    """
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Start)
    with errors_with_ref(event.ref):
        limits.check_event(request.user.id, event.ref)
        started = tasks.start_task(rooms.join_room(request.user, slug, event), event)
    tasks.publish_task(started.task_id)
    return JsonResponse(_describe_started(request.user, started), status=201 if started.is_new else 200)


def _describe_started(person, started):
    try:
        return _describe(tasks.get_task(person, started.task_id))
    except ChatError:
        # An earlier request with this ref started the task. The task has expired or was deleted since then.
        return {"ref": started.ack["ref"], "task_id": started.task_id}


def _describe(task):
    """Return a task for the API. The sentence of a failure is in the language of the request."""
    event = tasks.describe(task)
    del event["type"]
    if event.get("error"):
        event["error"] = gettext(event["error"])
    times = {"created_at": task.created_at, "expires_at": task.expires_at}
    return {**event, **{name: protocol.format_time(at) for name, at in times.items()}}


@signed_in
def list_tasks(request, slug):
    """
    Return {tasks: [...]} to people who may read the room: the tasks that this person started in it.

    These are the 10 newest tasks that have not expired, the oldest first.
    """
    room = rooms.get_readable_room(request.user, slug)
    return ListResponse({"tasks": [_describe(task) for task in tasks.get_recent_tasks(request.user, room.id)]})


@signed_in
def get_task(request, task_id):
    """Return a task to the person who started it, if that person may still read its room."""
    return JsonResponse(_describe(tasks.get_task(request.user, task_id)))


@signed_in
def delete_task(request, task_id):
    """Cancel a task, or delete its result, for the person who started it. Return {task_id}."""
    limits.check_event(request.user.id)
    tasks.delete_task(request.user, task_id)
    return JsonResponse({"task_id": task_id})


@signed_in
def download_result(request, task_id):
    """Return the result of a finished task as a file, to the person who started it and may still read its room."""
    task = tasks.get_result(request.user, task_id)
    limits.check_download(request.user.id, task.result_size)
    try:
        parts = tasks.read_result(task)
    except LookupError:
        raise ChatError(
            "not_found", "There is no such task, or its result has expired. Start the task again."
        ) from None
    response = StreamingHttpResponse(_stream(request, parts), content_type=task.result_type)
    response["Content-Length"] = str(task.result_size)
    # Slugs, task kinds and file endings contain no character that needs quoting.
    disposition = "inline" if tasks.get_kind(task.kind).is_shown else "attachment"
    response["Content-Disposition"] = f'{disposition}; filename="{task.result_name}"'
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _stream(request, parts):
    """Yield the result part by part, no faster than the interface takes the parts from Redis."""
    message = getattr(request, "message", None)
    with closing(parts):
        for data in parts:
            if message is not None:
                broadcast.wait_for_capacity(message.reply_channel.name)
            yield data


room_tasks = endpoint(GET=(READ, list_tasks), POST=(READ, start_task))
task = endpoint(GET=(READ, get_task), DELETE=(READ, delete_task))
result = endpoint(GET=(READ, download_result))

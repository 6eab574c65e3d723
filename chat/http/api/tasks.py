"""
The HTTP JSON API of background tasks. Thin: it reads, asks the services, and answers.
"""

from django.http import JsonResponse, StreamingHttpResponse

from chat import broadcast, protocol
from chat.http.endpoints import asked_with, endpoint, signed_in
from chat.protocol import ChatError
from chat.services import limits, rooms, tasks

# Even where a browser shows a page of ours that holds what people wrote, nothing in it runs.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


@signed_in
def start(request, slug):
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Start)
    with asked_with(event.ref):
        limits.check_event(request.user.id, event.ref)
        started = tasks.start_task(rooms.join_room(request.user, slug), event)
    tasks.publish_task(started.task_id)
    return JsonResponse(_describe_started(request.user, started), status=201 if started.is_new else 200)


def _describe_started(person, started):
    try:
        return _describe(tasks.get_task(person, started.task_id))
    except ChatError:
        # It was asked for before, and has expired or was deleted since: the ref is used up all the same.
        return {"ref": started.ack["ref"], "task_id": started.task_id}


def _describe(task):
    event = tasks.describe(task)
    del event["type"]
    times = {"created_at": task.created_at, "expires_at": task.expires_at}
    return {**event, **{name: protocol.format_time(at) for name, at in times.items()}}


@signed_in
def list_tasks(request, slug):
    room = rooms.get_readable_room(request.user, slug)
    return JsonResponse({"tasks": [_describe(task) for task in tasks.get_recent_tasks(request.user, room.id)]})


@signed_in
def show(request, task_id):
    return JsonResponse(_describe(tasks.get_task(request.user, task_id)))


@signed_in
def forget(request, task_id):
    tasks.delete_task(request.user, task_id)
    return JsonResponse({"task_id": task_id})


@signed_in
def send_result(request, task_id):
    task = tasks.get_result(request.user, task_id)
    limits.check_download(request.user.id)
    response = StreamingHttpResponse(_stream(request, task), content_type=task.result_type)
    response["Content-Length"] = str(task.result_size)
    # Slugs, kinds and endings hold nothing that would have to be quoted.
    disposition = "inline" if tasks.get_kind(task.kind).is_shown else "attachment"
    response["Content-Disposition"] = f'{disposition}; filename="{task.result_name}"'
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _stream(request, task):
    """Yields the result part by part, no faster than the interface takes them off Redis."""
    message = getattr(request, "message", None)
    for data in tasks.read_result(task):
        if message is not None:
            broadcast.wait_for_room(message.reply_channel.name)
        yield data


room_tasks = endpoint(GET=list_tasks, POST=start)
task = endpoint(GET=show, DELETE=forget)
result = endpoint(GET=send_result)

"""The JSON API of scheduled messages: list, schedule and cancel them."""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, errors_with_ref, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.services import budgets, limits, rooms, scheduled, uploads


@signed_in
def list_scheduled(request, slug):
    """Return {scheduled: [...]}: the person's own scheduled messages in a readable room, sorted by `at`."""
    found = scheduled.get_scheduled(request.user, slug)
    files = uploads.find_scheduled(found)
    return ListResponse({"scheduled": [_describe(row, files.get(row.id)) for row in found]})


def _describe(row, files):
    fields = {
        "id": row.id,
        "body": row.body,
        "at": protocol.format_time(row.due_at),
        "reply_to": row.reply_to,
        "state": row.state,
        "why": row.why or None,
    }
    if row.thread_root is not None:
        fields["thread"] = row.thread_root
    return {**fields, "files": files} if files else fields


@signed_in
def create_scheduled(request, slug):
    """
    Schedule a message for the time `at`, for people who may enter the room. They become members.

    Body {ref, body, at, reply_to?, files?, thread?}. Return 201 and {ref, scheduled_id}; 200 with the same body if this
    person has already used the `ref` for the same request.
    """
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Schedule)
    with errors_with_ref(event.ref):
        limits.check_event(request.user.id, event.ref)
        budgets.check_markup(request.user.id, event.body)
        member = rooms.join_room(request.user, slug, event)
        scheduled_id, is_new = scheduled.schedule_message(member, event)
    return JsonResponse({"ref": event.ref, "scheduled_id": scheduled_id}, status=201 if is_new else 200)


@signed_in
def cancel_scheduled(request, slug, scheduled_id):
    """
    Delete a scheduled message of the person that is waiting or was refused. Return 204.

    The author may do this even without access to the room.
    """
    limits.check_event(request.user.id)
    scheduled.cancel_scheduled(request.user, slug, scheduled_id)
    return HttpResponse(status=204)


all_scheduled = endpoint(GET=(READ, list_scheduled), POST=(POST, create_scheduled))
one_scheduled = endpoint(DELETE=(POST, cancel_scheduled))

"""
The JSON API of messages that are posted later. Thin, as chat/http/endpoints.py says.
"""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import asked_with, endpoint, signed_in
from chat.services import limits, rooms, scheduled


@signed_in
def list_scheduled(request, slug):
    found = scheduled.get_scheduled(request.user, slug)
    return JsonResponse({"scheduled": [_body(row) for row in found]})


def _body(row):
    return {
        "id": row.id,
        "body": row.body,
        "at": protocol.format_time(row.due_at),
        "reply_to": row.reply_to,
        "state": row.state,
        "why": row.why or None,
    }


@signed_in
def create_scheduled(request, slug):
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Schedule)
    with asked_with(event.ref):
        limits.check_event(request.user.id, event.ref)
        member = rooms.join_room(request.user, slug)
        scheduled_id, is_new = scheduled.schedule_message(member, event)
    return JsonResponse({"ref": event.ref, "scheduled_id": scheduled_id}, status=201 if is_new else 200)


@signed_in
def cancel_scheduled(request, slug, scheduled_id):
    scheduled.cancel_scheduled(request.user, slug, scheduled_id)
    return HttpResponse(status=204)


all_scheduled = endpoint(GET=list_scheduled, POST=create_scheduled)
one_scheduled = endpoint(DELETE=cancel_scheduled)

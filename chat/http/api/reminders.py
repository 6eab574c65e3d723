"""The JSON API of a person's own reminders: list, change and delete them."""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.services import limits, reminders


@signed_in
def list_reminders(request):
    """Return {reminders: [...]}: the person's own reminders that wait or were refused, sorted by `at`."""
    return ListResponse({"reminders": [_describe(row) for row in reminders.get_reminders(request.user)]})


def _describe(row):
    return {
        "id": row.id,
        "text": row.text,
        "at": protocol.format_time(row.due_at),
        "private": row.is_private,
        "room": {"slug": row.room.slug, "name": row.room.name} if row.room else None,
        "message": row.number,
        "state": row.state,
        "why": row.why or None,
    }


@signed_in
def change_reminder(request, reminder_id):
    """Give a reminder another time. A private reminder that was sent is sent again. Body {at}. Return {id, at}."""
    limits.check_event(request.user.id)
    checked = protocol.check_fields(protocol.parse_object(request.body), at=protocol.check_time)
    row = reminders.change_reminder(request.user, reminder_id, checked["at"])
    return JsonResponse({"id": row.id, "at": protocol.format_time(row.due_at)})


@signed_in
def delete_reminder(request, reminder_id):
    """Delete a reminder that waits or was refused. Return 204."""
    limits.check_event(request.user.id)
    reminders.delete_reminder(request.user, reminder_id)
    return HttpResponse(status=204)


all_reminders = endpoint(GET=(READ, list_reminders))
one_reminder = endpoint(PUT=(POST, change_reminder), DELETE=(POST, delete_reminder))

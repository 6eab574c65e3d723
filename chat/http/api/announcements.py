"""The JSON API of announcements for their readers. operators.py is the API with which operators announce."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from chat.http.endpoints import endpoint, signed_in
from chat.models import POST, READ
from chat.protocol import ChatError
from chat.services import announcements, limits
from chat.services.scopes import get_room_ids


@never_cache
def list_current(request):
    """
    Return {announcements: [...]} for the lobby, to everybody.

    The list has the announcements to everybody. For a signed-in person it also has that person's whispers:
    announcements to one person, marked `private`. Announcements that the person has dismissed are left out.
    """
    return JsonResponse({"announcements": announcements.find_outside_rooms(request.user)})


@signed_in
def dismiss(request, announcement_id):
    """Dismiss an announcement in all tabs and devices of the person. Return 204."""
    limits.check_event(request.user.id)
    if not announcements.dismiss_announcement(request.user.id, announcement_id, get_room_ids(request.user)):
        raise ChatError("not_found", "There is no such announcement, or it has already expired.")
    return HttpResponse(status=204)


current = endpoint(GET=(READ, list_current))
dismissal = endpoint(PUT=(POST, dismiss))

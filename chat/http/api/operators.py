"""The JSON API for operators: announcements, whispers (announcements to one person), and disconnecting a person."""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, get_optional, operators_only
from chat.http.reads import ListResponse
from chat.models import ROOMS
from chat.services import announcements, limits, people

MAX_LISTED = 200


@operators_only
def list_announcements(request):
    """Return {announcements: [...]} to operators: the newest ones that have not expired, including whispers."""
    found = announcements.find_current()[:MAX_LISTED]
    return ListResponse({"announcements": [_describe(announcement) for announcement in found]})


@operators_only
def create_announcement(request):
    """
    Announce to everybody or to one room, for operators. Body {text, level?, room?, expires_in?}.

    Return 201 and the announcement.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body)
    text = protocol.check_fields(fields, text=protocol.check_announcement)["text"]
    slug = get_optional(fields, "room", protocol.check_string)
    announcement = announcements.announce(text, slug=slug, **_get_options(request, fields))
    return JsonResponse(_describe(announcement), status=201)


@operators_only
def withdraw_announcement(request, announcement_id):
    """
    Withdraw an announcement, for operators. Return 204.

    Open pages remove the announcement, and people who connect later do not receive it.
    """
    limits.check_event(request.user.id)
    announcements.withdraw_announcement(announcement_id)
    return HttpResponse(status=204)


@operators_only
def create_whisper(request):
    """
    Announce to one person, for operators. Body {handle, text, level?, expires_in?}.

    Return 201 and the announcement.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body)
    checked = protocol.check_fields(fields, handle=protocol.check_string, text=protocol.check_announcement)
    whisper = announcements.whisper(checked["handle"], checked["text"], **_get_options(request, fields))
    return JsonResponse(_describe(whisper), status=201)


@operators_only
def create_disconnection(request):
    """
    Close a person's sockets in one room, or all sockets of the person, for operators.

    Body {handle, room?}. Return 201 and {handle, room}.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body)
    handle = protocol.check_fields(fields, handle=protocol.check_string)["handle"]
    slug = get_optional(fields, "room", protocol.check_string)
    person = people.disconnect(handle, slug)
    return JsonResponse({"handle": person.handle, "room": slug}, status=201)


def _get_options(request, fields):
    given = {name: fields[name] for name in ("level", "expires_in") if fields.get(name) is not None}
    return {**given, "by": request.user}


def _describe(announcement):
    return {
        **announcements.describe(announcement),
        "room": announcement.room.slug if announcement.room else None,
        **_describe_recipient(announcement.person),
    }


def _describe_recipient(person):
    return {"handle": None} if person is None else protocol.person(person.handle, person.is_guest)


announcements_list = endpoint(GET=(ROOMS, list_announcements), POST=(ROOMS, create_announcement))
announcement = endpoint(DELETE=(ROOMS, withdraw_announcement))
whispers = endpoint(POST=(ROOMS, create_whisper))
disconnections = endpoint(POST=(ROOMS, create_disconnection))

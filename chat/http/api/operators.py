"""
The JSON API for operators: announce, whisper, disconnect. Thin: it reads, asks the services, and answers.
"""

import functools

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, signed_in
from chat.protocol import ChatError
from chat.services import announcements, people

MOST_LISTED = 200


def operator(function):
    """Refuses whoever may not use the admin."""

    @functools.wraps(function)
    @signed_in
    def inner(request, *args, **kwargs):
        if not request.user.is_staff:
            raise ChatError("forbidden", "This is for operators.")
        return function(request, *args, **kwargs)

    return inner


@operator
def list_announcements(request):
    found = announcements.find_current()[:MOST_LISTED]
    return JsonResponse({"announcements": [_body(announcement) for announcement in found]})


@operator
def create_announcement(request):
    fields = protocol.parse_object(request.body)
    said = protocol.check_fields(fields, text=protocol.check_announcement)["text"]
    announcement = announcements.announce(said, slug=_optional_string(fields, "room"), **_options(request, fields))
    return JsonResponse(_body(announcement), status=201)


@operator
def withdraw_announcement(request, announcement_id):
    announcements.withdraw_announcement(announcement_id)
    return HttpResponse(status=204)


@operator
def create_whisper(request):
    fields = protocol.parse_object(request.body)
    said = protocol.check_fields(fields, handle=protocol.check_string, text=protocol.check_announcement)
    whisper = announcements.whisper(said["handle"], said["text"], **_options(request, fields))
    return JsonResponse(_body(whisper), status=201)


@operator
def create_disconnection(request):
    fields = protocol.parse_object(request.body)
    handle = protocol.check_fields(fields, handle=protocol.check_string)["handle"]
    slug = _optional_string(fields, "room")
    person = people.disconnect(handle, slug)
    return JsonResponse({"handle": person.handle, "room": slug}, status=201)


def _options(request, fields):
    given = {name: fields[name] for name in ("level", "expires_in") if fields.get(name) is not None}
    return {**given, "by": request.user}


def _optional_string(fields, name):
    return None if fields.get(name) is None else protocol.check_string(fields[name], name)


def _body(announcement):
    return {
        **announcements.describe(announcement),
        "expires_at": protocol.format_time(announcement.expires_at),
        "room": announcement.room.slug if announcement.room else None,
        "handle": announcement.person.handle if announcement.person else None,
    }


announcements_list = endpoint(GET=list_announcements, POST=create_announcement)
announcement = endpoint(DELETE=withdraw_announcement)
whispers = endpoint(POST=create_whisper)
disconnections = endpoint(POST=create_disconnection)

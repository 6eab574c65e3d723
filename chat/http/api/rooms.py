"""The JSON API of rooms: the lobby's list, and new ones."""

from django.http import JsonResponse

from chat import protocol
from chat.http.endpoints import address, endpoint, page_number, signed_in
from chat.services import limits, presence, rooms

ROOMS_PER_PAGE = 50


def list_rooms(request):
    text = protocol.check_text(request.GET.get("q", ""), "q", most=80, least=0)
    found, more = rooms.find_rooms(request.user, text, page_number(request), ROOMS_PER_PAGE)
    return JsonResponse({"rooms": describe_rooms(found), "more": more})


def describe_rooms(found):
    """Returns rooms as the lobby's list has them."""
    online = presence.count_present([room.id for room in found])
    return [
        {
            "slug": room.slug,
            "name": room.name,
            "topic": room.topic,
            "offset": room.offset,
            "online": count,
            "last_at": protocol.format_time(room.last_at),
            **({"private": True} if room.access == room.PRIVATE else {}),
        }
        for room, count in zip(found, online, strict=True)
    ]


@signed_in
def create_room(request):
    fields = protocol.parse_object(request.body)
    checked = protocol.check_fields(fields, slug=protocol.check_slug, name=protocol.check_room_name)
    topic = protocol.check_topic("" if fields.get("topic") is None else fields["topic"])
    is_private = protocol.check_switch(fields.get("private", False), "private")
    limits.check_address("rooms", address(request))
    room = rooms.create_room(request.user, checked["slug"], checked["name"], topic, is_private)
    return JsonResponse(describe_rooms([room])[0], status=201)


rooms_list = endpoint(GET=list_rooms, POST=create_room)

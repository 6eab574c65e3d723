"""The JSON API of rooms: the lobby's list, and creating a room."""

from django.http import JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, get_address, get_optional, page_response, signed_in
from chat.services import limits, presence, rooms

ROOMS_PER_PAGE = 50


def list_rooms(request):
    """Return {rooms: [...], more} to everybody, the last active room first. Query: `q` (text to search for), `page`."""
    text = protocol.check_text(request.GET.get("q", ""), "q", most=80, least=0)

    def find(page):
        return rooms.find_rooms(request.user, text, page, ROOMS_PER_PAGE)

    return page_response(request, "rooms", find, describe_rooms)


def describe_rooms(found):
    """Return the fields of rooms for the lobby's list, with the number of people who are online in each."""
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
    """Create a room, which the account then owns. Body {slug, name, topic?, private?}. Return 201 and the room."""
    fields = protocol.parse_object(request.body)
    checked = protocol.check_fields(fields, slug=protocol.check_slug, name=protocol.check_room_name)
    topic = get_optional(fields, "topic", protocol.check_topic, "")
    is_private = protocol.check_boolean(fields.get("private", False), "private")
    limits.check_address("rooms", get_address(request))
    room = rooms.create_room(request.user, checked["slug"], checked["name"], topic, is_private)
    return JsonResponse(describe_rooms([room])[0], status=201)


rooms_list = endpoint(GET=list_rooms, POST=create_room)

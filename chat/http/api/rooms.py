"""The JSON API of rooms: the lobby's list, and creating, changing and deleting a room."""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, get_optional, page_response, signed_in
from chat.http.reads import counts_reads
from chat.models import READ, ROOMS
from chat.protocol import ChatError
from chat.services import limits, presence, rooms

ROOMS_PER_PAGE = 50


@counts_reads
def list_rooms(request):
    """
    Return {rooms: [...], more} to everybody, the most recently active first.

    Query: `q` (search text), `page`, and `archived=1` for the archived rooms in place of the others.
    """
    text = protocol.check_text(request.GET.get("q", ""), "q", most=80, least=0)

    def find(page):
        return rooms.find_rooms(request.user, text, page, ROOMS_PER_PAGE, request.GET.get("archived") == "1")

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
            **({"guests": False} if room.closed_to_guests else {}),
            **protocol.room_state(bool(room.archived), room.get_callers()),
            **({"kept_days": room.kept_days} if room.kept_days else {}),
        }
        for room, count in zip(found, online, strict=True)
    ]


@signed_in
def create_room(request):
    """
    Create a room, which the account then owns. Body {slug, name, topic?, private?, guests?}. Return 201 and the room.

    A private room gets random characters at the end of its slug.
    """
    fields = protocol.parse_object(request.body)
    checked = protocol.check_fields(fields, slug=protocol.check_slug, name=protocol.check_room_name)
    topic = get_optional(fields, "topic", protocol.check_topic, "")
    is_private = protocol.check_boolean(fields.get("private", False), "private")
    limits.check_address("rooms", limits.get_address(request))
    slug = rooms.make_hidden_slug(checked["slug"]) if is_private else checked["slug"]
    guests = get_optional(fields, "guests", protocol.check_boolean)
    room = rooms.create_room(request.user, slug, checked["name"], topic, is_private, guests)
    return JsonResponse(describe_rooms([room])[0], status=201)


@signed_in
def change_room(request, slug):
    """
    Change a room, for its owners and operators. Return the room.

    Body {name?, topic?, guests?, archived?, callers?}, with at least one of them. `guests` opens the room to guests or
    closes it. `archived` archives or restores it. `callers` says who may call everybody.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body)
    name = get_optional(fields, "name", protocol.check_room_name)
    topic = get_optional(fields, "topic", protocol.check_topic)
    guests = get_optional(fields, "guests", protocol.check_boolean)
    archived = get_optional(fields, "archived", protocol.check_boolean)
    callers = get_optional(fields, "callers", _check_callers)
    if all(value is None for value in (name, topic, guests, archived, callers)):
        raise ChatError("missing_field", "Send a name, a topic, guests, archived or callers.")
    room = rooms.change_room(request.user, slug, name, topic)
    if guests is not None:
        room = rooms.set_guests(request.user, slug, guests)
    if archived is not None:
        room = rooms.set_archived(request.user, slug, archived)
    if callers is not None:
        room = rooms.set_callers(request.user, slug, callers)
    return JsonResponse(describe_rooms([room])[0])


def _check_callers(value, name):
    return protocol.check_choice(value, name, protocol.CALLERS)


@signed_in
def delete_room(request, slug):
    """Delete a room with its messages, for its owners and operators. Return 204."""
    limits.check_event(request.user.id)
    rooms.delete_own_room(request.user, slug)
    return HttpResponse(status=204)


room = endpoint(PUT=(ROOMS, change_room), DELETE=(ROOMS, delete_room))
rooms_list = endpoint(GET=(READ, list_rooms), POST=(ROOMS, create_room))

"""The JSON API of a person's workspace: rooms, read markers, memberships, mentions, direct conversations and blocks."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from chat import protocol
from chat.http.endpoints import endpoint, get_optional, get_query_integer, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.services import blocks, directs, invitations, limits, mentions, people, workspace


@never_cache
@signed_in
def list_rooms(request):
    """Return {rooms: [...]}: the rooms of the person, as in the event `workspace`."""
    return ListResponse({"rooms": workspace.get_rooms(request.user)})


@signed_in
def read_room(request, slug):
    """Move the person's read marker in a room to `offset`, or without `offset` to the end. Return {read}."""
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body) if request.body else {}
    offset = get_optional(fields, "offset", protocol.check_integer)
    return JsonResponse({"read": workspace.read_room(request.user, slug, offset)})


@signed_in
def read_everything(request):
    """Mark all rooms and threads of the person as read. Return 204."""
    limits.check_event(request.user.id)
    workspace.read_all(request.user)
    return HttpResponse(status=204)


@signed_in
def join_room(request, slug):
    """
    Join a public room, or change the person's settings for a room. Return the room.

    Body {level?, favourite?, position?}: the notification level, whether the room is a favourite, and its position
    among the favourites. Return 201 for a new member, else 200.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body) if request.body else {}
    level = get_optional(fields, "level", _check_level)
    favourite = get_optional(fields, "favourite", protocol.check_boolean)
    position = get_optional(fields, "position", protocol.check_integer)
    room, is_new = workspace.join_room(request.user, slug)
    if level is not None:
        workspace.set_level(request.user, room.slug, level)
    if favourite is not None:
        workspace.set_favourite(request.user, room.slug, favourite, position)
    described = workspace.get_rooms(request.user, room.id)
    return JsonResponse(described[0], status=201 if is_new else 200)


def _check_level(value, name):
    return protocol.check_choice(value, name, protocol.NOTIFICATION_LEVELS)


@signed_in
def leave_room(request, slug):
    """Leave a room and close this person's sockets in it, for guests, members and moderators. Return 204."""
    limits.check_event(request.user.id)
    invitations.leave_room(request.user, slug)
    return HttpResponse(status=204)


@never_cache
@signed_in
def list_mentions(request):
    """Return {mentions: [...], more, next}: the newest `limit` mentions of the person, or those before `before`."""
    before = get_query_integer(request, "before", protocol.check_integer)
    limit = get_query_integer(request, "limit", protocol.check_limit, protocol.NEWEST_MESSAGES)
    found, following = mentions.list_mentions(request.user, before, limit)
    return ListResponse({"mentions": found, "more": following is not None, "next": following})


@signed_in
def open_direct(request):
    """
    Open the direct conversation with one to eight other people. Body {handles}.

    Return {slug, kind, people} with 201 if it is new, else with 200.
    """
    limits.check_event(request.user.id)
    handles = protocol.parse_object(request.body).get("handles")
    # The list may contain the person's own handle.
    if not isinstance(handles, list) or not 1 <= len(handles) <= directs.MAX_PEOPLE:
        raise directs.make_people_error()
    limits.check_address("rooms", limits.get_address(request))
    room, everybody, is_new = directs.open_direct(request.user, handles)
    body = {"slug": room.slug, "kind": "direct", "people": [person.handle for person in everybody]}
    return JsonResponse(body, status=201 if is_new else 200)


@never_cache
@signed_in
def list_blocks(request):
    """Return {blocks: [{handle, guest?}]}: the people whom this person blocks, the newest block first."""
    found = blocks.find_blocked(request.user)
    return ListResponse({"blocks": [protocol.person(other.handle, other.is_guest) for other in found]})


@signed_in
def set_block(request):
    """
    Block a person, or end the block. Return 204, even if nothing changes.

    Body {handle, blocked}. Browsers remove a handle such as `..` from an address, so pages use this call.
    """
    fields = protocol.check_fields(
        protocol.parse_object(request.body), handle=protocol.check_string, blocked=protocol.check_boolean
    )
    change = block if fields["blocked"] else unblock
    return change(request, fields["handle"])


@signed_in
def block(request, handle):
    """Block a person. Return 204, even if the person is blocked already."""
    limits.check_event(request.user.id)
    blocks.block_person(request.user, people.get_person(handle))
    return HttpResponse(status=204)


@signed_in
def unblock(request, handle):
    """End a block. Return 204, even if there is none."""
    limits.check_event(request.user.id)
    blocks.unblock_handle(request.user, handle)
    return HttpResponse(status=204)


own_rooms = endpoint(GET=(READ, list_rooms))
read = endpoint(POST=(POST, read_room))
read_all = endpoint(POST=(POST, read_everything))
membership = endpoint(PUT=(POST, join_room), DELETE=(POST, leave_room))
own_mentions = endpoint(GET=(READ, list_mentions))
direct_conversations = endpoint(POST=(POST, open_direct))
all_blocks = endpoint(GET=list_blocks, PUT=set_block)
one_block = endpoint(PUT=block, DELETE=unblock)

"""The JSON API of a room's messages: pages of history, changes after an offset, posting, previews, and pins."""

from django.http import JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, errors_with_ref, get_query_integer, get_query_zone, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.protocol import ChatError
from chat.services import budgets, limits, rooms


@signed_in
def list_messages(request, slug):
    """
    Return {messages, offset, more} to people who may read the room.

    Query: `before` or `around` (a message id), `after` (an offset) or `at` (a day or a time) with `zone`; and `limit`.
    With none of the first four, return the newest messages. With `after`, return the changes in the order of offsets.
    With `around` or `at`, return `more_before` and `more_after` too. With `at`, also return the `id` of the first
    message at or after that time; if there is none, `id` is null and the newest messages are returned.
    """
    room = rooms.get_readable_room(request.user, slug)
    limit = get_query_integer(request, "limit", protocol.check_limit, protocol.NEWEST_MESSAGES)
    if len({"after", "before", "around", "at"} & set(request.GET)) > 1:
        raise ChatError("invalid_field", "Give 'after', 'before', 'around' or 'at', not more than one.")
    if "around" in request.GET:
        number = get_query_integer(request, "around", protocol.check_integer)
        return _respond(room, rooms.get_page_around(room, number, limit))
    if "at" in request.GET:
        found, page = rooms.get_page_at(room, _get_moment(request), limit)
        return _respond(room, page, id=found)
    if "after" in request.GET:
        changes = rooms.get_changes(room, get_query_integer(request, "after", protocol.check_integer), limit)
        return ListResponse({"messages": changes.messages, "offset": changes.offset, "more": changes.more})
    before = get_query_integer(request, "before", protocol.check_integer)
    messages, more = rooms.get_page(room, before, limit)
    return ListResponse({"messages": messages, "offset": room.offset, "more": more})


def _get_moment(request):
    """Return the time `at`, or the beginning of the day `at` in the time zone `zone`."""
    zone = get_query_zone(request)
    return protocol.parse_moment(protocol.check_moment(request.GET["at"], "at", zone), zone)


def _respond(room, page, **fields):
    more = {"more": page.more_before, "more_before": page.more_before, "more_after": page.more_after}
    return ListResponse({"messages": page.messages, "offset": room.offset, **more, **fields})


@signed_in
def create_message(request, slug):
    """
    Post a message in a room. The person must be allowed to write in the room, and becomes a member.

    Body {ref, body, reply_to?, files?, thread?}.

    Return 201 and {ref, id, offset}; 200 with the same body if this person has already used the `ref` for this message.
    """
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Post)
    with errors_with_ref(event.ref):
        limits.check_event(request.user.id, event.ref)
        budgets.check_markup(request.user.id, event.body)
        member = rooms.join_room(request.user, slug, event)
        outcome = rooms.post_message(member, event)
    body = {name: outcome.ack[name] for name in ("ref", "id", "offset")}
    return JsonResponse(body, status=201 if outcome.is_new else 200)


@signed_in
def preview_message(request, slug):
    """Return {html} of a body that is not posted yet, to people who may read the room. Body {body}."""
    limits.check_event(request.user.id)
    rooms.get_readable_room(request.user, slug)
    checked = protocol.check_fields(protocol.parse_object(request.body), body=protocol.check_body)
    budgets.check_preview(request.user.id, checked["body"])
    return JsonResponse({"html": rooms.preview_body(checked["body"])})


@signed_in
def list_pins(request, slug):
    """Return {pins: [{message, at, by}]} to people who may read the room, the newest pin first."""
    pins = rooms.get_pins(rooms.get_readable_room(request.user, slug))
    return ListResponse({"pins": [_describe_pin(pin) for pin in pins]})


def _describe_pin(pin):
    by = pin.by and protocol.person(pin.by.handle, pin.by.is_guest)
    return {"message": pin.message, "at": protocol.format_time(pin.at), "by": by}


preview = endpoint(POST=(POST, preview_message))
pins = endpoint(GET=(READ, list_pins))
messages = endpoint(GET=(READ, list_messages), POST=(POST, create_message))

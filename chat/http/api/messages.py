"""The JSON API of a room's messages: pages of history, changes after an offset, and posting."""

from django.http import JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, errors_with_ref, get_query_integer, signed_in
from chat.protocol import ChatError
from chat.services import limits, rooms


@signed_in
def list_messages(request, slug):
    """
    Return {messages, offset, more} to people who may read the room.

    Query: `before` or `around` (a message id) or `after` (an offset), and `limit`. Without them, return the newest
    messages. With `after`, return the changes in the order of offsets. With `around`, return `more_before` and
    `more_after` too.
    """
    room = rooms.get_readable_room(request.user, slug)
    limit = get_query_integer(request, "limit", protocol.check_limit, protocol.NEWEST_MESSAGES)
    if len({"after", "before", "around"} & set(request.GET)) > 1:
        raise ChatError("invalid_field", "Give 'after', 'before' or 'around', not more than one.")
    if "around" in request.GET:
        number = get_query_integer(request, "around", protocol.check_integer)
        return _page_around(room, number, limit)
    if "after" in request.GET:
        changes = rooms.get_changes(room, get_query_integer(request, "after", protocol.check_integer), limit)
        return JsonResponse({"messages": changes.messages, "offset": changes.offset, "more": changes.more})
    before = get_query_integer(request, "before", protocol.check_integer)
    messages, more = rooms.get_page(room, before, limit)
    return JsonResponse({"messages": messages, "offset": room.offset, "more": more})


def _page_around(room, number, limit):
    page = rooms.get_page_around(room, number, limit)
    more = {"more": page.more_before, "more_before": page.more_before, "more_after": page.more_after}
    return JsonResponse({"messages": page.messages, "offset": room.offset, **more})


@signed_in
def create_message(request, slug):
    """
    Post a message, for people who may write in the room. They become members. Body {ref, body, reply_to?}.

    Return 201 and {ref, id, offset}; 200 with the same body if this person has already used the `ref` for this message.
    """
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Post)
    with errors_with_ref(event.ref):
        limits.check_event(request.user.id, event.ref)
        member = rooms.join_room(request.user, slug)
        outcome = rooms.post_message(member, event)
    body = {name: outcome.ack[name] for name in ("ref", "id", "offset")}
    return JsonResponse(body, status=201 if outcome.is_new else 200)


messages = endpoint(GET=list_messages, POST=create_message)

"""The JSON API of threads: the replies of a thread, a person's state in it, and the threads that a person follows."""

from django.http import JsonResponse
from django.views.decorators.cache import never_cache

from chat import protocol
from chat.http.endpoints import endpoint, get_query_integer, page_response, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.protocol import ChatError
from chat.services import limits, threads


@signed_in
def read_thread(request, slug, number):
    """
    Return {root, thread, messages, more, state, read, offset} of the thread of a message, to people who may read the
    room.

    The message begins the thread, or is a reply in it. Query: `before` or `after` (the id of a reply), `limit`. Without
    `before` and `after`, return the newest replies.
    """
    limit = get_query_integer(request, "limit", protocol.check_limit, protocol.NEWEST_MESSAGES)
    before = get_query_integer(request, "before", protocol.check_integer)
    after = get_query_integer(request, "after", protocol.check_integer)
    if before is not None and after is not None:
        raise ChatError("invalid_field", "Give 'before' or 'after', not both.")
    page = threads.get_thread(request.user, slug, number, before, after, limit)
    own = {"state": page.state, "read": page.read, "offset": page.offset}
    return ListResponse(
        {"root": page.root, "thread": page.summary, "messages": page.messages, "more": page.more, **own}
    )


@signed_in
def change_thread(request, slug, number):
    """
    Store a person's state in a thread, for members of the room. Body {state}: `followed`, `muted` or `none`.

    Return {state, read}.
    """
    limits.check_event(request.user.id)
    fields = protocol.check_fields(protocol.parse_object(request.body), state=_check_state)
    state, read = threads.set_state(request.user, slug, number, fields["state"])
    return JsonResponse({"state": state, "read": read})


def _check_state(value, name):
    return protocol.check_choice(value, name, protocol.THREAD_STATES)


@never_cache
@signed_in
def list_own(request):
    """
    Return {threads: [{room, thread, root, last, unread}], more}: the threads that the person follows.

    Threads with unread replies come first, then the others. In each of these two parts, the thread with the newest
    reply comes first. Query: `page`, from 0.
    """
    return page_response(request, "threads", lambda page: threads.get_own_threads(request.user, page), _describe_all)


def _describe_all(found):
    return [
        {
            "room": {"slug": own.room.slug, "name": own.room.name},
            "thread": own.summary,
            "root": own.root,
            "last": own.last,
            "unread": own.unread,
        }
        for own in found
    ]


one_thread = endpoint(GET=(READ, read_thread), PUT=(POST, change_thread))
own_threads = endpoint(GET=(READ, list_own))

"""The JSON API of the search: find messages in all rooms that a person may read."""

from django.http import JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, get_query_integer, get_query_zone, signed_in
from chat.services import limits, search

FIELDS = ("author", "room", "has", "before", "after")


@signed_in
def find_messages(request):
    """
    Return {results: [{room, message, snippet}], more} to signed-in people, the newest message first.

    Query: `q` (words, "phrases" and operators), `author`, `room`, `has`, `before`, `after`, `zone`, `page`.

    On a site without a monitor, the request for the first page indexes the latest changes.
    """
    limits.check_search(request.user.id)
    zone = get_query_zone(request)
    fields = {name: request.GET[name] for name in FIELDS if name in request.GET}
    query = search.read_query(request.GET.get("q", ""), fields, zone)
    page = get_query_integer(request, "page", protocol.check_integer, 0)
    if page == 0:
        search.catch_up()
    results, more = search.search(request.user, query, page)
    return JsonResponse({"results": [_describe(result) for result in results], "more": more})


def _describe(result):
    return {
        "room": {"slug": result.room.slug, "name": result.room.name},
        "message": result.message,
        "snippet": result.snippet,
    }


messages_found = endpoint(GET=find_messages)

"""The JSON API of the search: find messages in all rooms that a person may read."""

from chat import protocol
from chat.http.endpoints import endpoint, get_query_integer, get_query_zone, signed_in
from chat.http.reads import ListResponse
from chat.models import READ
from chat.services import limits, people, search

FIELDS = ("author", "room", "has", "before", "after")


@signed_in
def find_messages(request):
    """
    Return {results: [{room, message, snippet}], more} to signed-in people, the newest message first.

    Query: `q` (words, "phrases" and operators), `author`, `room`, `has`, `before`, `after`, `zone`, `device_zone`,
    `page`.

    On a site without a monitor, the request for the first page indexes the latest changes.
    """
    limits.check_search(request.user.id, limits.get_address(request))
    fields = {name: request.GET[name] for name in FIELDS if name in request.GET}
    query = search.read_query(request.GET.get("q", ""), fields, _find_zone(request))
    page = get_query_integer(request, "page", protocol.check_integer, 0)
    if page == 0:
        search.catch_up()
    results, more = search.search(request.user, query, page)
    return ListResponse({"results": [_describe(result) for result in results], "more": more})


def _find_zone(request):
    """
    Return the time zone in which the days of a search begin, or None for UTC.

    This is the `zone` of the request, else the zone of the person's profile, else the `device_zone` of the request.
    """
    zone, device_zone = get_query_zone(request), get_query_zone(request, "device_zone")
    return zone or people.find_zone(request.user, device_zone)


def _describe(result):
    return {
        "room": {"slug": result.room.slug, "name": result.room.name},
        "message": result.message,
        "snippet": result.snippet,
    }


messages_found = endpoint(GET=(READ, find_messages))

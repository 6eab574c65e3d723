"""The JSON API of a person's own bookmarks."""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, get_query_integer, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.services import bookmarks, limits


@signed_in
def list_bookmarks(request):
    """Return {bookmarks: [...], more}: the person's own bookmarks, the newest first. Query: `before` (an id)."""
    before = get_query_integer(request, "before", protocol.check_integer)
    found, more = bookmarks.get_bookmarks(request.user, before)
    return ListResponse({"bookmarks": [_describe(marked) for marked in found], "more": more})


def _describe(marked):
    return {
        "id": marked.id,
        "room": {"slug": marked.room.slug, "name": marked.room.name},
        "message": marked.message,
        "at": protocol.format_time(marked.at),
    }


@signed_in
def set_bookmark(request, slug, number):
    """Bookmark a message that the person may read. Return {id, at}: 201, or 200 for a message that has a bookmark."""
    limits.check_event(request.user.id)
    bookmark, is_new = bookmarks.set_bookmark(request.user, slug, number)
    body = {"id": bookmark.id, "at": protocol.format_time(bookmark.created_at)}
    return JsonResponse(body, status=201 if is_new else 200)


@signed_in
def delete_bookmark(request, slug, number):
    """Delete the person's bookmark of a message. Return 204."""
    limits.check_event(request.user.id)
    bookmarks.delete_bookmark(request.user, slug, number)
    return HttpResponse(status=204)


all_bookmarks = endpoint(GET=(READ, list_bookmarks))
one_bookmark = endpoint(PUT=(POST, set_bookmark), DELETE=(POST, delete_bookmark))

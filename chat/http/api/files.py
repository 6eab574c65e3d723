"""
The JSON API of files: upload a file into a room or a board, list the files of a room, open a file, and delete a file.

An interface stores an upload while it arrives, and calls the view twice: see `channels_transport.uploads`. Other
servers pass the whole form to the view.
"""

from django.http import HttpResponse, JsonResponse

from channels_transport.uploads import ASK, FAILED, accept_upload, get_upload
from chat import protocol
from chat.http.api.boards import get_session_id
from chat.http.endpoints import endpoint, get_query_integer, signed_in
from chat.http.file_responses import make_file_response
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.protocol import ChatError
from chat.services import boards, budgets, files, limits, numbers, rooms, uploads


@signed_in
def upload_file(request, slug):
    """
    Upload a file for a message in a room. The person must be allowed to write in the room, and becomes a member.

    Body: a form with one file. Return 201 and {id, name, type, size}, and {width, height} of a picture. A file that no
    message uses is deleted after a day.
    """
    return _receive(request, rooms.join_room(request.user, slug))


def upload_to_board(request, board):
    """
    Upload a file for a message on a board, as `upload_file` does, for the owner and admitted visitors.

    The browser's session identifies the visitor. A removed visitor gets 403. Everybody else gets 404.
    """
    found = boards.get_board(board)
    visit = boards.get_visit(str(found.uuid), get_session_id(request, found), request.session, request.user)
    return _receive(request, boards.get_member(visit))


@numbers.counting_refused_uploads()
def _receive(request, member):
    upload = get_upload(request)
    if upload is None:
        return _respond(_store(request, member))
    if upload.stage == ASK:
        permission = uploads.allow_upload(member, upload.size)
        return accept_upload(permission.name, permission.most_bytes)
    if upload.stage == FAILED:
        raise uploads.make_failure(upload.code)
    return _respond(uploads.finish_upload(member, upload.name, upload.filename, upload.size or 0))


def _store(request, member):
    found = list(request.FILES.values())
    if len(found) != 1:
        raise uploads.make_failure()
    return uploads.store_upload(member, found[0].name, found[0].chunks())


def _respond(upload):
    [described] = uploads.describe_files([upload])
    names = ("id", "name", "type", "size", "width", "height")
    return JsonResponse({name: described[name] for name in names if name in described}, status=201)


@signed_in
def list_files(request, slug):
    """
    Return {files: [{message, author, at, and the fields of a file}], next} to people who may read the room.

    The files of the newest messages come first. Query: `before` (`next` of the previous page); `kind=image` for
    pictures.
    """
    room = rooms.get_readable_room(request.user, slug)
    before = get_query_integer(request, "before", protocol.check_integer)
    kind = request.GET.get("kind")
    if kind is not None:
        protocol.check_choice(kind, "kind", ("image",))
    found, following = uploads.list_files(room, before, only_pictures=kind is not None)
    return ListResponse({"files": [_describe_listed(listed) for listed in found], "next": following})


def _describe_listed(listed):
    author = listed.message.author
    [described] = uploads.describe_files([listed.upload])
    return {
        **described,
        "message": listed.message.number,
        "author": protocol.person(author.handle, author.is_guest),
        "at": protocol.format_time(listed.message.created_at),
    }


def get_file(request, file_id, name):
    """
    Return the bytes of a file to people who may read its message.

    Only the uploader may open a file that no message uses. The `name` in the address has no effect.
    """
    return _open(request, uploads.open_file(request.user, file_id, _visitor_finder(request)))


def get_thumbnail(request, file_id):
    """Return the thumbnail of a picture as WebP, to people who may open the picture (see `get_file`)."""
    return _open(request, uploads.open_thumbnail(request.user, file_id, _visitor_finder(request)))


def _visitor_finder(request):
    return lambda room: boards.find_visiting_member(room, request.session, request.user)


def _open(request, opened):
    budgets.check_opening(opened.reader_id, opened.size)
    try:
        return make_file_response(request, opened.stored, opened.name, opened.type, opened.size, opened.is_inline)
    except files.FileLost:
        raise ChatError("not_found", "There is no such file.") from None


def delete_file(request, file_id):
    """Delete a file that this person or visitor has uploaded, and that no message uses. Return 204."""
    if request.user.is_authenticated:
        limits.check_event(request.user.id)
    upload = uploads.find_upload(request.user, file_id, _visitor_finder(request))
    if not request.user.is_authenticated:
        limits.check_event(upload.person_id)  # a visitor of a board
    uploads.delete_unused(upload)
    return HttpResponse(status=204)


@signed_in
def remove_file(request, slug, number, file_id):
    """Remove a file from a message, for the author and for moderators. Return 204."""
    limits.check_event(request.user.id)
    uploads.remove_file(request.user, slug, number, file_id)
    return HttpResponse(status=204)


room_files = endpoint(GET=(READ, list_files), POST=(POST, upload_file))
board_files = endpoint(POST=(POST, upload_to_board))
file = endpoint(GET=(READ, get_file))
thumbnail = endpoint(GET=(READ, get_thumbnail))
unused_file = endpoint(DELETE=(POST, delete_file))
file_of_message = endpoint(DELETE=(POST, remove_file))

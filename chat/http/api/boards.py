"""
Boards over HTTP: made, found by their link, and who is on them. Thin: it reads, asks the services, and answers.
"""

from django.http import JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from chat import protocol
from chat.http.endpoints import address, endpoint
from chat.http.responses import wants_json
from chat.services import boards, limits


@never_cache
def create_board(request):
    """Makes a board for whoever asks: by the lobby's form, or as JSON with or without a body."""
    if wants_json(request) and request.content_type == "application/json":
        fields = protocol.parse_object(request.body) if request.body else {}
    else:
        fields = request.POST
    name, handle = (_optional(fields, field) for field in ("name", "handle"))
    limits.check_address("rooms", address(request))
    board, session = boards.create_board(request.session, request.user, name, handle)
    if wants_json(request):
        return JsonResponse({"board": str(board.uuid), "session": session, "owner": True}, status=201)
    return redirect("board", board=board.uuid)


def _optional(fields, name):
    value = fields.get(name)
    return "" if value is None else protocol.check_string(value, name)


@never_cache
def get_board(request, board):
    """Gives a visitor the session id that is theirs on this board, and says whether they own it."""
    found = boards.get_board(board)
    session = get_session_id(request, found)
    owner = boards.find_owner(session, request.user)
    return JsonResponse({"board": str(found.uuid), "session": session, "owner": owner is not None})


def get_session_id(request, board):
    """Return the secret by which this browser is known on a board; a new browser counts as a guest of its address."""
    if boards.is_new_browser(request.session):
        limits.check_address("guests", address(request))
    return boards.make_session_id(request.session, board)


def list_visitors(request, board):
    found = boards.get_board(board)
    visitors = boards.get_visitors(found, get_session_id(request, found), request.user)
    return JsonResponse(
        {
            "visitors": [
                {"visitor": visitor.key, "handle": visitor.handle, "state": visitor.state} for visitor in visitors
            ]
        }
    )


new_board = endpoint(POST=create_board)
board = endpoint(GET=get_board)
visitors = endpoint(GET=list_visitors)

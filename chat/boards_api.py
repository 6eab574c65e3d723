"""
Boards over HTTP: made, found by their link, and who is on them. Thin: it reads, asks the services, and answers.
"""
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat import protocol
from chat.api import address, endpoint
from chat.responses import wants_json
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
    session = _get_session(request, found)
    owner = boards.find_owner(session, request.user)
    return JsonResponse({"board": str(found.uuid), "session": session, "owner": owner is not None})


def _get_session(request, board):
    if boards.is_newcomer(request.session):
        limits.check_address("guests", address(request))
    return boards.make_session_id(request.session, board)


def list_visitors(request, board):
    found = boards.get_board(board)
    visitors = boards.get_visitors(found, _get_session(request, found), request.user)
    return JsonResponse({"visitors": [
        {"visitor": visitor.key, "handle": visitor.handle, "state": visitor.state} for visitor in visitors
    ]})  # fmt: skip


@never_cache
@require_safe
def board_page(request, board):
    """The page of a board, for its owner and for visitors; it asks by itself how they stand."""
    found = boards.get_board(board)
    owner = boards.find_owner(_get_session(request, found), request.user)
    context = {"board": found, "room": found.room, "owner": owner, "link": request.build_absolute_uri(request.path)}
    return render(request, "chat/board.html", context)


new_board = endpoint(POST=create_board)
board = endpoint(GET=get_board)
visitors = endpoint(GET=list_visitors)

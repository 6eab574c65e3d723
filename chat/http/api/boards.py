"""The JSON API of boards: create a board, read it by its link, list its visitors, and preview a message."""

from django.http import JsonResponse
from django.shortcuts import redirect
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache

from chat import protocol
from chat.http.endpoints import endpoint, get_optional
from chat.http.reads import ListResponse, counts_reads
from chat.http.responses import accepts_json
from chat.models import POST, READ
from chat.services import boards, budgets, entry, limits, people, rooms


@never_cache
def create_board(request):
    """
    Create a board that this browser owns, for everybody, except strangers on a site that is closed to guests.

    Body {name?, handle?}, as JSON or as the lobby's form. Return 201 and {board, session, owner} to a script. Redirect
    a browser to the board.
    """
    if accepts_json(request) and request.content_type == "application/json":
        fields = protocol.parse_object(request.body) if request.body else {}
    else:
        fields = request.POST
    name, handle = (get_optional(fields, field, protocol.check_string, "") for field in ("name", "handle"))
    if not accepts_json(request):
        name = name or pgettext("name of a board", "Board")
        handle = handle or pgettext("name of a person", "Owner")
    limits.check_address("rooms", limits.get_address(request))
    board, session = boards.create_board(request.session, request.user, people.get_browser(request), name, handle)
    if accepts_json(request):
        return JsonResponse({"board": str(board.uuid), "session": session, "owner": True}, status=201)
    return redirect("board", board=board.uuid)


@never_cache
def get_board(request, board):
    """
    Return {board, session, owner} to people with the link, except strangers on a site that is closed to guests.

    `session` is this browser's own secret.
    """
    found = boards.get_board(board)
    session = get_session_id(request, found)
    owner = boards.find_owner(session, request.user)
    return JsonResponse({"board": str(found.uuid), "session": session, "owner": owner is not None})


def get_session_id(request, board):
    """
    Return the secret that identifies this browser on a board.

    A browser without a secret gets one in its login session, and counts as a new guest of its IP address. Raise
    `rate_limited` if the address has reached the limit of guests. Raise `forbidden` for a person who is not signed in
    if the site is closed to guests.
    """
    if not request.user.is_authenticated:
        entry.check_guests()
    if boards.is_new_browser(request.session):
        limits.check_address("guests", limits.get_address(request))
    return boards.make_session_id(request.session, board, people.get_browser(request))


@counts_reads
def list_visitors(request, board):
    """Return {visitors: [{visitor, handle, state}]} to the owner, the oldest first. Everybody else gets 404."""
    found = boards.get_board(board)
    visitors = boards.get_visitors(found, get_session_id(request, found), request.user)
    return ListResponse({"visitors": [_describe_visitor(visitor) for visitor in visitors]})


def _describe_visitor(visitor):
    person = protocol.person(visitor.handle, visitor.person.is_guest)
    return {"visitor": visitor.key, **person, "state": visitor.state}


def preview_message(request, board):
    """
    Return {html} of a body that is not posted yet, to the owner and to admitted visitors. Body {body}.

    The browser's session identifies the visitor, because a visitor needs no login. A preview counts
    against the visitor's rate limit of events. Everybody else gets 404, and a removed visitor gets 403.
    """
    found = boards.get_board(board)
    visit = boards.get_visit(str(found.uuid), get_session_id(request, found), request.session, request.user)
    person_id = boards.get_member(visit).person_id
    limits.check_event(person_id)
    checked = protocol.check_fields(protocol.parse_object(request.body), body=protocol.check_body)
    budgets.check_preview(person_id, checked["body"])
    return JsonResponse({"html": rooms.preview_body(checked["body"])})


new_board = endpoint(POST=create_board)
board = endpoint(GET=(READ, get_board))
visitors = endpoint(GET=(READ, list_visitors))
preview = endpoint(POST=(POST, preview_message))

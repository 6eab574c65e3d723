"""
The life of a board: it is created, found by its link, and deleted when it is closed or idle for too long.
"""

import secrets
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat import protocol
from chat.models import Board, Member, Person, Room, Visitor, make_handle_keys
from chat.protocol import ChatError
from chat.services import feeds
from chat.services.digests import digest_secret
from chat.services.free_rows import find_free_rows, lock_free_rows
from chat.services.holds import is_held

from .browsers import make_session_id
from .visitors import add_visitor, sweep_outsiders

DELETE_CLOSED_AFTER = timedelta(hours=1)  # until then, jobs and frames that were already running can finish
DELETE_OUTSIDERS_AFTER = timedelta(days=2)  # for visitors whom the owner did not admit
MAX_SWEPT = 100  # boards in one sweep


def create_board(
    session: SessionBase, person: Person | AnonymousUser, browser: str, name: str = "", handle: str = ""
) -> tuple[Board, str]:
    """
    Create a board and its room, owned by the browser with this login session. Return (board, session id).

    - `session`: the browser's login session. A session without a secret gets one.
    - `person`: the person who is logged in and becomes the owner; or an AnonymousUser.
    - `browser`: the digest of the browser's id.
    - `name`: the board's name ("Board" if empty).
    - `handle`: the owner's handle if nobody is logged in ("Owner" if empty).

    Raise `empty`, `too_long` or `invalid_field` for the name or the handle, and the errors of `add_visitor`.
    """
    name = protocol.check_room_name(name or "Board")
    handle = protocol.check_handle(handle or "Owner")
    signed_in = person if person.is_authenticated else None
    with transaction.atomic():
        room = Room.objects.create(
            slug=f"board-{secrets.token_hex(16)}", name=name, access=Room.BOARD, created_by=signed_in
        )
        board = Board.objects.create(room=room)
        session_id = make_session_id(session, board, browser)
        owner = add_visitor(board, digest_secret(session_id), person, handle, Visitor.OWNER, browser)
        Visitor.objects.filter(id=owner.id).update(**make_handle_keys(owner.handle))
        Member.objects.create(room=room, person=owner.person, role=Member.OWNER)
        feeds.follow(owner.person, room.id)
    return board, session_id


def get_board(board_uuid: uuid.UUID) -> Board:
    """Return the board with this UUID. Raise the same `not_found` for an unknown board and for a closed board."""
    board = find_board(board_uuid)
    if board is None:
        raise make_not_found_error()
    return board


def find_board(board_uuid: uuid.UUID) -> Board | None:
    """Return the open board with this UUID, or None."""
    return Board.objects.find_open(board_uuid)


def make_not_found_error() -> ChatError:
    """Return the error for a board that the browser cannot reach. The error is the same for all reasons."""
    return ChatError("not_found", "There is no such board.")


def sweep_boards() -> int:
    """
    Delete the boards and the visitors that are no longer needed. Return the number of deleted boards and visitors.

    - Boards: boards that were closed more than an hour ago, and boards without a visit or a message for CHAT_BOARD_DAYS
      days; except during a hold.
    - Visitors: visitors whom the owner never admitted, two days after their last request or its refusal.
    """
    now = timezone.now()
    since = now - timedelta(days=settings.CHAT_BOARD_DAYS)
    is_quiet = Q(room__last_at=None) | Q(room__last_at__lt=since)
    is_over = Q(seen_at__lt=since) & is_quiet | Q(shut_at__lt=now - DELETE_CLOSED_AFTER)
    over = find_free_rows(Board.objects.filter(is_over).select_related("room"), MAX_SWEPT, of=("self", "room"))
    deleted = sum(_delete_board(Board.objects.filter(is_over, id=board.id)) for board in over)
    return deleted + sweep_outsiders(Visitor.objects.filter(changed_at__lt=now - DELETE_OUTSIDERS_AFTER))


@transaction.atomic
def _delete_board(found):
    """Delete a board if `found` still finds it and no other transaction uses it. Return 1 if it was deleted, else 0."""
    # Each board has its own, short transaction, because SQLite blocks other writers during a transaction.
    # The board and its room are locked, so that nobody visits or posts while they are deleted.
    boards = lock_free_rows(found.select_related("room"), 1, of=("self", "room"))
    if not boards or is_held(boards[0].room_id) or not _lock_people(boards[0]):
        return 0
    (board,) = boards
    guests = Person.objects.filter(visits__board=board, visits__is_signed_in=False)
    guest_ids = list(guests.values_list("id", flat=True))
    board.room.delete()
    Person.objects.filter(id__in=guest_ids).delete()
    return 1


def _lock_people(board):
    """Lock the members and the visitors of a board. Return False if another transaction has locked one of them."""
    members = Member.objects.filter(room=board.room_id)
    visitors = Visitor.objects.filter(board=board).select_related("person")
    return _lock_all(members, ("self",)) and _lock_all(visitors, ("self", "person"))


def _lock_all(rows, of):
    number = rows.count()
    return len(lock_free_rows(rows, number, of)) == number

"""
Visits: which browser comes to which board, and whether it still may. The module checks and refuses; it writes only
when a board was last visited.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chat.models import Board, Person, Visitor
from chat.protocol import CLOSE_CONNECTION_LOST, CLOSE_FORBIDDEN, CloseConnection

from .browsers import digest_session_id, owns_session_id
from .lifecycle import find_board, make_not_found_error

SEEN_PRECISION = timedelta(hours=1)  # a visit writes `seen_at` only if the stored time is older than this


@dataclass(frozen=True)
class Visit:
    """
    One browser on a board: the digest of its session id, and the person who is logged in there (or an AnonymousUser).

    `visitor` is None until the browser has asked to join.
    """

    board: Board
    digest: str
    person: Person | AnonymousUser
    visitor: Visitor | None = None

    @property
    def is_owner(self) -> bool:
        """Whether this browser owns the board."""
        return self.visitor is not None and self.visitor.is_owner


def get_visit(board_text: str, session_id: str, session: SessionBase | None, person: Person | AnonymousUser) -> Visit:
    """
    Return the Visit of a handshake.

    Args:
        board_text: the board's UUID, as the path contains it.
        session_id: the browser's session id, as the path contains it.
        session: the browser's login session, or None if it has none.
        person: the person who is logged in, or an AnonymousUser.

    Raises:
        ChatError: `not_found`, whatever is wrong. Every failure takes the same queries, so that an attacker cannot
            find out which boards exist.
    """
    board, digest = find_board(board_text), digest_session_id(session_id)
    visitor = _find_visitor(digest)
    is_own = owns_session_id(session, session_id, board.uuid if board else uuid.UUID(int=0))
    if board is None or not is_own or not _may_act_as(visitor, person):
        raise make_not_found_error()
    now = timezone.now()
    Board.objects.filter(id=board.id, seen_at__lt=now - SEEN_PRECISION).update(seen_at=now)
    return Visit(board, digest, person, visitor)


def recheck_visit(board_id: int, digest: str, session_key: str, person_id: int | None, password_hash: str) -> Visit:
    """
    Return the Visit behind a frame of a waiting-room connection, as it is now.

    Args:
        board_id: the board of the connection.
        digest: the digest of the browser's session id.
        session_key: the key of the browser's login session.
        person_id: the person who was logged in at the handshake; None for nobody.
        password_hash: the session hash of that person's password at the handshake.

    Raises:
        CloseConnection: 4403 if the board was closed or the person was deactivated; 4408 if the login has ended, so
            that the next handshake finds out what is true now.
    """
    board = Board.objects.select_related("room").filter(id=board_id, shut_at=None).first()
    if board is None:
        raise CloseConnection(CLOSE_FORBIDDEN)
    if not Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now()).exists():
        raise CloseConnection(CLOSE_CONNECTION_LOST)
    visitor = _find_visitor(digest)
    if visitor is not None and not visitor.person.is_active:
        raise CloseConnection(CLOSE_FORBIDDEN)
    return Visit(board, digest, _recheck_person(person_id, password_hash), visitor)


def _recheck_person(person_id, password_hash):
    person = Person.objects.filter(id=person_id).first() if person_id is not None else AnonymousUser()
    if person is None or person.is_authenticated and not person.is_active:
        raise CloseConnection(CLOSE_FORBIDDEN)
    if person.is_authenticated and not constant_time_compare(password_hash, person.get_session_auth_hash()):
        raise CloseConnection(CLOSE_CONNECTION_LOST)
    return person


def find_owner(session_id: str, person: Person | AnonymousUser) -> Visitor | None:
    """Return the Visitor who owns the board of this session id, logged in as `person`; None if it is no owner's."""
    visitor = _find_visitor(digest_session_id(session_id))
    return visitor if visitor is not None and visitor.is_owner and _may_act_as(visitor, person) else None


def get_visitors(board: Board, session_id: str, person: Person | AnonymousUser) -> QuerySet:
    """
    Return all visitors of a board except its owner, oldest first; for the owner alone.

    Args:
        board: the board.
        session_id: the session id on this board of the browser that asks.
        person: the person who is logged in there.

    Raises:
        ChatError: `not_found` if this browser does not own the board.
    """
    if find_owner(session_id, person) is None:
        raise make_not_found_error()
    visitors = Visitor.objects.select_related("person").filter(board=board)
    return visitors.exclude(state=Visitor.OWNER).order_by("id")


def _find_visitor(digest):
    return Visitor.objects.select_related("person").filter(digest=digest).first()


def _may_act_as(visitor, person):
    """Return whether a browser that has a visitor's session id, logged in as `person`, may act as that visitor."""
    if visitor is None:
        return True
    return visitor.person.is_active and (not visitor.is_signed_in or visitor.person_id == person.id)

"""
Visits: one browser on one board, and whether the browser may still use the board.

This module checks rights and raises errors. It writes only the time of a board's last visit, and a visitor's browser.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.utils import timezone

from chat import protocol
from chat.connections import Connection
from chat.models import Board, Person, Visitor
from chat.services import access, entry
from chat.services.digests import digest_secret

from .browsers import owns_session_id, read_browser
from .lifecycle import find_board, make_not_found_error
from .visitors import remember_browser

SEEN_PRECISION = timedelta(hours=1)  # a visit writes `seen_at` only if the stored time is older than this


@dataclass(frozen=True)
class Visit:
    """
    One browser on a board: the digest of its session id, and the person who is logged in there (or an AnonymousUser).

    `visitor` is None until the browser has asked to join. `browser` is the digest of the browser's id, or None if it is
    not known.
    """

    board: Board
    digest: str
    person: Person | AnonymousUser
    visitor: Visitor | None = None
    browser: str | None = None

    @property
    def is_owner(self) -> bool:
        """Return whether this browser owns the board."""
        return self.visitor is not None and self.visitor.is_owner


def get_visit(board_text: str, session_id: str, session: SessionBase | None, person: Person | AnonymousUser) -> Visit:
    """
    Return the Visit of a handshake.

    - `board_text`: the board's UUID, as the path contains it.
    - `session_id`: the browser's session id, as the path contains it.
    - `session`: the browser's login session, or None if the browser has none.
    - `person`: the person who is logged in, or an AnonymousUser.

    Raise `not_found` for every failure. All failures run the same queries, so that an attacker cannot find out which
    boards exist.
    """
    # No board has the UUID 0. The query for this UUID runs only to take the same time, so that the time of the answer
    # does not reveal the reason.
    board_uuid = protocol.parse_uuid(board_text) or uuid.UUID(int=0)
    board, digest = find_board(board_uuid), digest_secret(session_id)
    visitor = _find_visitor(digest)
    is_own = owns_session_id(session, session_id, board.uuid if board else uuid.UUID(int=0))
    if board is None or not is_own or not _may_act_as(visitor, person) or not entry.is_admitted(person):
        raise make_not_found_error()
    now = timezone.now()
    if board.seen_at < now - SEEN_PRECISION:
        Board.objects.filter(id=board.id, seen_at__lt=now - SEEN_PRECISION).update(seen_at=now)
    browser = read_browser(session)
    if visitor is not None:
        remember_browser(visitor, browser)
    return Visit(board, digest, person, visitor, browser)


def recheck_visit(connection: Connection) -> Visit:
    """
    Return the present Visit of a waiting-room connection that sent a frame.

    Raise CloseConnection with one of two codes:

    - 4403 if the board was closed or deleted, the person was deactivated, or the site no longer admits guests;
    - 4408 if the login has ended, the password has changed, or the channel session is lost. The client then reconnects,
      and the handshake checks the client's new login.
    """
    return access.check_connection(connection, access.WAITING_ROOM, _read_facts)


def _read_facts(session):
    board = Board.objects.select_related("room").filter(id=session["board"], shut_at=None).first()
    if board is None:
        return access.Facts(None, is_there=False)
    if not access.has_login(session["login"]):
        return access.Facts(None, is_signed_in=False)
    visitor, person = _find_visitor(session["visit"]), _find_person(session["person"])
    return access.Facts(
        # A session that the previous version of this code wrote has no `browser`.
        Visit(board, session["visit"], person, visitor, session.get("browser")),
        is_active=_is_active(person) and entry.is_admitted(person) and (visitor is None or visitor.person.is_active),
        has_current_password=access.has_current_password(person, session),
    )


def _find_person(person_id):
    if person_id is None:
        return AnonymousUser()
    return Person.objects.filter(id=person_id).first() or Person(is_active=False)


def _is_active(person):
    return person.is_active or not person.is_authenticated


def find_owner(session_id: str, person: Person | AnonymousUser) -> Visitor | None:
    """Return the visitor with this session id who owns a board, if `person` may act as this visitor; else None."""
    visitor = _find_visitor(digest_secret(session_id))
    return visitor if visitor is not None and visitor.is_owner and _may_act_as(visitor, person) else None


def get_visitors(board: Board, session_id: str, person: Person | AnonymousUser) -> QuerySet:
    """
    Return all visitors of a board except its owner, oldest first. Only the owner's browser may get this list.

    - `board`: the board.
    - `session_id`: the browser's session id on this board.
    - `person`: the person who is logged in with this browser.

    Raise `not_found` if this browser does not own the board.
    """
    if find_owner(session_id, person) is None:
        raise make_not_found_error()
    visitors = Visitor.objects.select_related("person").filter(board=board)
    return visitors.exclude(state=Visitor.OWNER).order_by("id")


def _find_visitor(digest):
    return Visitor.objects.find_by_digest(digest)


def _may_act_as(visitor, person):
    """Return whether a browser with a visitor's session id, logged in as `person`, may act as the visitor."""
    if visitor is None:
        return True
    return visitor.person.is_active and (not visitor.is_signed_in or visitor.person_id == person.id)

"""
Boards made, found and swept; and how a browser shows that a session id is its own.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chat import protocol
from chat.models import AuditEntry, Board, Member, Person, Room, Visitor, make_handle_key
from chat.protocol import CLOSE_CONNECTION_LOST, CLOSE_FORBIDDEN, ChatError, CloseConnection

SECRET = "board-visitor"  # its name in a browser's login session
SEEN_EVERY = timedelta(hours=1)  # how exactly we know when somebody last came
SHUT_FOR = timedelta(hours=1)  # a board that is shut is gone for all; its rows go when nothing is under way any more
OUTSIDE_FOR = timedelta(days=2)  # whoever was not let in by then is forgotten
SWEEP_AT_ONCE = 100  # boards, and visitors


@dataclass(frozen=True)
class Visit:
    """
    One browser at the door of a board: the digest of its session id, and who is signed in there (or an AnonymousUser).
    `visitor` is None until it has knocked.
    """

    board: Board
    digest: str
    person: Person
    visitor: Visitor = None

    @property
    def is_owner(self):
        return self.visitor is not None and self.visitor.is_owner


def create_board(session, person, name="", handle=""):
    """
    Makes a board and returns (board, session id): the browser whose login session this is owns it.

    Who is signed in speaks as that person, anybody else as `handle` ("Owner"). Raises a field's refusal.
    """
    name = protocol.check_room_name(name or "Board")
    handle = protocol.check_handle(handle or "Owner")
    signed_in = person if person.is_authenticated else None
    with transaction.atomic():
        room = Room.objects.create(
            slug=f"board-{secrets.token_hex(16)}", name=name, access=Room.BOARD, created_by=signed_in
        )
        board = Board.objects.create(room=room)
        session_id = make_session_id(session, board)
        owner = add_visitor(board, _digest(session_id), person, handle, Visitor.OWNER)
        Visitor.objects.filter(id=owner.id).update(handle_key=make_handle_key(owner.handle))
        Member.objects.create(room=room, person=owner.person, role=Member.OWNER)
    return board, session_id


def add_visitor(board, digest, person, handle, state):
    """Stores who is at the door: the person who is signed in, or one made for this board alone."""
    is_signed_in = person.is_authenticated
    if not is_signed_in:
        # Without a handle key: the name is theirs on this board, and free everywhere else.
        person = Person(handle=handle, is_guest=True)
        person.set_unusable_password()
        person.save()
    return Visitor.objects.create(
        board=board, key=secrets.token_urlsafe(16), digest=digest, person=person, is_signed_in=is_signed_in, state=state
    )


def make_session_id(session, board):
    """
    Returns the browser's session id on this board, with a secret put into its login session where that has none.

    The secret stays there when somebody signs in, and ends with the session; each visit makes that last longer.
    """
    session[SECRET] = session.get(SECRET) or secrets.token_urlsafe(32)
    return get_session_id(session[SECRET], board.uuid)


def is_newcomer(session):
    """Whether a login session holds no secret yet."""
    return SECRET not in session


def get_session_id(secret, board_uuid):
    """Returns the session id that a browser's secret gives on a board; from one nobody can tell another."""
    digest = hmac.new(secret.encode(), board_uuid.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def get_board(board_uuid):
    """Return the board of this UUID. Raise `not_found`, the same for a board that is not there and one that is shut."""
    board = _find_board(board_uuid)
    if board is None:
        raise _no_such_board()
    return board


def _find_board(board_uuid):
    return Board.objects.select_related("room").filter(uuid=board_uuid, shut_at=None).first()


def _no_such_board():
    return ChatError("not_found", "There is no such board.")


def find_visit(board_text, session_id, login, person):
    """
    Returns the Visit of a handshake: board and session id as in its path, `login` the browser's login session (None:
    it has none). Raises `not_found`, whatever is wrong.
    """
    # No board has the UUID 0. The database is asked for it all the same, so that the time of the answer does not tell
    # what was wrong.
    board_uuid = protocol.parse_uuid(board_text) or uuid.UUID(int=0)
    board, digest = _find_board(board_uuid), _digest(session_id)
    visitor = _find_visitor(digest)
    secret = (login.get(SECRET) if login is not None else None) or ""
    own = get_session_id(secret, board.uuid if board else uuid.UUID(int=0))
    is_own = constant_time_compare(own, session_id) and secret != ""
    if board is None or not is_own or not _may_be(visitor, person):
        raise _no_such_board()
    now = timezone.now()
    Board.objects.filter(id=board.id, seen_at__lt=now - SEEN_EVERY).update(seen_at=now)
    return Visit(board, digest, person, visitor)


def _find_visitor(digest):
    return Visitor.objects.select_related("person").filter(digest=digest).first()


def _may_be(visitor, person):
    """Whether the one who comes with a visitor's session id, signed in as `person`, is that visitor, and is active."""
    if visitor is None:
        return True
    return visitor.person.is_active and (not visitor.is_signed_in or visitor.person_id == person.id)


def return_visit(board_id, digest, login, person_id, password_hash):
    """
    Returns the Visit behind a frame of a connection that came to the door with the login session of key `login`, in
    which `person_id` was signed in (None: nobody), by a password of this hash.

    Raises CloseConnection where the board was shut, or where the login is over: the next handshake knows what holds.
    """
    board = Board.objects.select_related("room").filter(id=board_id, shut_at=None).first()
    if board is None:
        raise CloseConnection(CLOSE_FORBIDDEN)
    if not Session.objects.filter(session_key=login, expire_date__gt=timezone.now()).exists():
        raise CloseConnection(CLOSE_CONNECTION_LOST)
    visitor = _find_visitor(digest)
    if visitor is not None and not visitor.person.is_active:
        raise CloseConnection(CLOSE_FORBIDDEN)
    return Visit(board, digest, _return_person(person_id, password_hash), visitor)


def _return_person(person_id, password_hash):
    person = Person.objects.filter(id=person_id).first() if person_id is not None else AnonymousUser()
    if person is None or person.is_authenticated and not person.is_active:
        raise CloseConnection(CLOSE_FORBIDDEN)
    if person.is_authenticated and not constant_time_compare(password_hash, person.get_session_auth_hash()):
        raise CloseConnection(CLOSE_CONNECTION_LOST)
    return person


def find_owner(session_id, person):
    """
    Returns the Visitor who owns the board that this session id is of, or None where it is no owner's; `person` is who
    is signed in.
    """
    visitor = _find_visitor(_digest(session_id))
    return visitor if visitor is not None and visitor.is_owner and _may_be(visitor, person) else None


def get_visitors(board, session_id, person):
    """
    Returns all visitors of a board for its owner, whose session id this is, signed in as `person`. Raises `not_found`
    for others.
    """
    if find_owner(session_id, person) is None:
        raise _no_such_board()
    visitors = Visitor.objects.select_related("person").filter(board=board)
    return visitors.exclude(state=Visitor.OWNER).order_by("id")


def _digest(session_id):
    return hashlib.sha256(session_id.encode("utf-8", "replace")).hexdigest()


def sweep_boards():
    """
    Deletes boards that were shut, or that nobody came to or spoke on for CHAT_BOARD_DAYS, and visitors who were not
    let in for two days. Returns how many rows of both it deleted.
    """
    now = timezone.now()
    since = now - timedelta(days=settings.CHAT_BOARD_DAYS)
    is_quiet = Q(room__last_at=None) | Q(room__last_at__lt=since)
    is_over = Q(seen_at__lt=since) & is_quiet | Q(shut_at__lt=now - SHUT_FOR)
    ids = list(Board.objects.filter(is_over).values_list("id", flat=True)[:SWEEP_AT_ONCE])
    deleted = sum(_delete_board(Board.objects.filter(is_over, id=id)) for id in ids)
    return deleted + forget_visitors(Visitor.objects.filter(changed_at__lt=now - OUTSIDE_FOR))


@transaction.atomic
def _delete_board(found):
    """Deletes a board, if it is still found: in a transaction of its own, for SQLite keeps all who write waiting."""
    # Locked with its room, so that nobody comes or speaks meanwhile.
    board = found.select_related("room").select_for_update().first()
    if board is None:
        return 0
    own = list(Person.objects.filter(visits__board=board, visits__is_signed_in=False).values_list("id", flat=True))
    board.room.delete()
    Person.objects.filter(id__in=own).delete()
    return 1


def forget_visitors(visitors):
    """Deletes those of some visitors who wait or were refused, and never were inside. Returns how many."""
    members = Member.objects.filter(room__board=OuterRef("board"), person=OuterRef("person"))
    # An operator may have taken their standing away: what they said, and the log, needs them all the same.
    entries = AuditEntry.objects.filter(room__board=OuterRef("board"), person=OuterRef("person"))
    outside = visitors.filter(state__in=[Visitor.WAITING, Visitor.REFUSED])
    outside = outside.annotate(was_in=Exists(members), is_logged=Exists(entries)).filter(was_in=False, is_logged=False)
    with transaction.atomic():
        # Locked, so that nobody is let in meanwhile.
        found = list(outside.select_for_update()[:SWEEP_AT_ONCE])
        Visitor.objects.filter(id__in=[visitor.id for visitor in found]).delete()
        Person.objects.filter(id__in=[visitor.person_id for visitor in found if not visitor.is_signed_in]).delete()
    return len(found)

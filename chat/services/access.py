"""
Access: check at every frame and every poll whether a connection may still send.

The login, account, password or role behind a connection may have changed since the handshake. This module reads the
rows, and raises CloseConnection if the connection has lost its right. It writes nothing itself: `people` stores when a
token was used.
"""

import enum
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session as LoginSession
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chat.connections import Connection, Session
from chat.models import Member, Person
from chat.protocol import (
    CLOSE_CONNECTION_LOST,
    CLOSE_FORBIDDEN,
    CLOSE_NOT_FOUND,
    CLOSE_NOT_SIGNED_IN,
    CloseConnection,
)
from chat.services import entry, people, rooms
from chat.services.rights import Action, may
from chat.services.scopes import reaches


class Reason(enum.Enum):
    """A reason to close a connection. The reasons are checked in this order, and the first one counts."""

    SESSION_LOST = "its session has expired, or was lost with Redis"
    # The connection also closes for this reason if its token does not reach the room.
    PLACE_GONE = "the room, board or person was deleted, the board was closed, or the person is not a member"
    LOGIN_ENDED = "the login session or the token has ended"
    # An operator's stream also closes for this reason if the person is no longer an operator.
    INACTIVE = "the account is deactivated, or the site no longer admits guests"
    PASSWORD_CHANGED = "the password was changed after the login"
    BANNED = "the person is banned, or a guest in a room that is closed to guests"


@dataclass(frozen=True)
class ConnectionKind:
    """A kind of connection: a key that every valid session of this kind has, and the close code for each Reason."""

    key: str
    close_codes: dict[Reason, int]


# After a change of the password, the client reconnects at once, and the handshake checks the login again. In the
# browser in which the person changed the password, the login is still valid.
ROOM = ConnectionKind(
    "member",
    {
        Reason.SESSION_LOST: CLOSE_CONNECTION_LOST,
        Reason.PLACE_GONE: CLOSE_NOT_FOUND,
        Reason.LOGIN_ENDED: CLOSE_NOT_SIGNED_IN,
        Reason.INACTIVE: CLOSE_NOT_SIGNED_IN,
        Reason.PASSWORD_CHANGED: CLOSE_CONNECTION_LOST,
        Reason.BANNED: CLOSE_FORBIDDEN,
    },
)
# A visitor of a board need not be logged in. After the end of a login, the browser reconnects with its new session.
WAITING_ROOM = ConnectionKind(
    "visit",
    {
        Reason.SESSION_LOST: CLOSE_CONNECTION_LOST,
        Reason.PLACE_GONE: CLOSE_FORBIDDEN,
        Reason.LOGIN_ENDED: CLOSE_CONNECTION_LOST,
        Reason.INACTIVE: CLOSE_FORBIDDEN,
        Reason.PASSWORD_CHANGED: CLOSE_CONNECTION_LOST,
    },
)
# For people who are not operators, the address of these streams does not exist.
OPERATORS = ConnectionKind(
    "person",
    {
        Reason.SESSION_LOST: CLOSE_CONNECTION_LOST,
        Reason.LOGIN_ENDED: CLOSE_NOT_SIGNED_IN,
        Reason.INACTIVE: CLOSE_NOT_FOUND,
        Reason.PASSWORD_CHANGED: CLOSE_CONNECTION_LOST,
    },
)
# A person's own stream.
STREAM = ConnectionKind(
    "rooms",
    {
        Reason.SESSION_LOST: CLOSE_CONNECTION_LOST,
        Reason.PLACE_GONE: CLOSE_NOT_SIGNED_IN,
        Reason.LOGIN_ENDED: CLOSE_NOT_SIGNED_IN,
        Reason.INACTIVE: CLOSE_NOT_SIGNED_IN,
        Reason.PASSWORD_CHANGED: CLOSE_CONNECTION_LOST,
    },
)


class Facts(NamedTuple):
    """What the rows say about a connection now. `subject` is the sender of its frames: a Member, Visit or Person."""

    subject: Any
    is_there: bool = True
    is_signed_in: bool = True
    is_active: bool = True
    has_current_password: bool = True
    is_banned: bool = False


def check_connection(connection: Connection, kind: ConnectionKind, read_facts: Callable[[Session], Facts]) -> Any:
    """
    Return the subject of a connection: the sender of its frames.

    `read_facts(session)` reads the rows. If there is a Reason to close the connection, raise CloseConnection with the
    code that `kind` has for the first Reason.
    """
    # Each access to a channel session runs three functions of Django.
    session = dict(connection.session.items())
    if kind.key not in session:
        raise CloseConnection(kind.close_codes[Reason.SESSION_LOST])
    facts = read_facts(session)
    reason = _find_reason(facts)
    if reason is not None:
        raise CloseConnection(kind.close_codes[reason])
    return facts.subject


def _find_reason(facts: Facts) -> Reason | None:
    if not facts.is_there:
        return Reason.PLACE_GONE
    if not facts.is_signed_in:
        return Reason.LOGIN_ENDED
    if not facts.is_active:
        return Reason.INACTIVE
    if not facts.has_current_password:
        return Reason.PASSWORD_CHANGED
    return Reason.BANNED if facts.is_banned else None


def get_speaking_member(connection: Connection) -> Member:
    """
    Return the Member who sent a frame or a poll on a connection to a room. Read the rows with one statement.

    The Member's person and room are loaded too. Raise CloseConnection as `check_connection` does.
    """
    return check_connection(connection, ROOM, _read_member)


def _read_member(session: Session) -> Facts:
    member = rooms.find_member(session["member"], session["login"], session["token"])
    if member is None:
        return Facts(None, is_there=False)
    person = member.person
    if not reaches(person, member.room_id):
        return Facts(None, is_there=False)
    people.touch_token(person.grant)
    return _make_facts(member, member.is_signed_in, session)


def _make_facts(member: Member, is_signed_in: bool, session: Session) -> Facts:
    person = member.person
    return Facts(
        member,
        is_signed_in=is_signed_in,
        is_active=person.is_active and entry.is_admitted(person),
        has_current_password=session["token"] is not None or has_current_password(person, session),
        is_banned=not may(person, Action.READ, member.room, member),
    )


def find_speaking_members(connections: Iterable[Connection]) -> list[tuple[Connection, Member]]:
    """
    Return the connections to rooms whose members may still send, with the Members. Run two statements.

    Leave out the connections for which `get_speaking_member` would raise CloseConnection, and those with tokens.
    """
    return _find_speaking(connections, ROOM, "member", rooms.find_members, _make_facts)


def _find_speaking(
    connections: Iterable[Connection],
    kind: ConnectionKind,
    subject: str,
    find_subjects: Callable[[Collection[int]], dict[int, Any]],
    make_facts: Callable[[Any, bool, Session], Facts],
) -> list[tuple[Connection, Any]]:
    """Do what `find_speaking_members` does. `subject` is the key of the id of a connection's subject in its session."""
    known = [connection for connection in connections if kind.key in connection.session]
    known = [connection for connection in known if connection.session.get("login") is not None]
    if not known:
        return []
    subjects = find_subjects({connection.session[subject] for connection in known})
    logins = _find_logins({connection.session["login"] for connection in known})
    found = []
    for connection in known:
        session = connection.session
        person = subjects.get(session[subject])
        if person is not None and _find_reason(make_facts(person, session["login"] in logins, session)) is None:
            found.append((connection, person))
    return found


def _find_logins(session_keys):
    found = LoginSession.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    return set(found.values_list("session_key", flat=True))


def get_speaking_person(connection: Connection) -> Person:
    """
    Return the Person who sent a frame on their own stream. Read the rows with one statement.

    Raise CloseConnection as `check_connection` does.
    """
    return check_connection(connection, STREAM, _read_person)


def _read_person(session: Session) -> Facts:
    person = Person.objects.find_with_credential(session["person"], session["login"], session["token"])
    if person is None:
        return Facts(None, is_there=False)
    people.touch_token(person.grant)
    return _make_facts_of_person(person, person.is_signed_in, session)


def find_speaking_people(connections: Iterable[Connection]) -> list[tuple[Connection, Person]]:
    """
    Return the streams of people who may still send, with the Persons. Run two statements.

    Leave out the streams for which `get_speaking_person` would raise CloseConnection, and those with tokens.
    """
    return _find_speaking(connections, STREAM, "person", Person.objects.find_all, _make_facts_of_person)


def _make_facts_of_person(person: Person, is_signed_in: bool, session: Session) -> Facts:
    return Facts(
        person,
        is_signed_in=is_signed_in,
        is_active=person.is_active and entry.is_admitted(person),
        has_current_password=session["token"] is not None or has_current_password(person, session),
    )


def has_login(session_key: str) -> bool:
    """Return whether a browser's login session still exists and has not expired."""
    return LoginSession.objects.filter(session_key=session_key, expire_date__gt=timezone.now()).exists()


def has_current_password(person: Any, session: Session) -> bool:
    """
    Return whether the login was made with the present password. Return True for guests, and for people without a login.
    """
    if not person.is_authenticated or person.is_guest:
        return True
    return constant_time_compare(session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())

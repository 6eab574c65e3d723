"""
Decisions: may a person do an action in a room? The services ask this module. It reads the table, and writes nothing.

If the caller has the person's Member already, most decisions run no query. If the caller has not read the Member, a
decision reads it, and the bans of other guests of the person's browser.
"""

import enum
from typing import Any

from chat.models import Member, Room
from chat.protocol import ChatError
from chat.services.scopes import reaches

from .refusals import make_not_found_error, make_refusal
from .standings import Actor, find_held_guests, get_held_standing, get_standing, is_operator
from .table import CALLERS, WRITES, Action, Standing, get_allowed, is_for_operators


class _NotRead(enum.Enum):
    NOT_READ = "the caller has not read the Member"


NOT_READ = _NotRead.NOT_READ
MemberOrNotRead = Member | None | _NotRead


def may(person: Actor, action: Action, room: Room, member: MemberOrNotRead = NOT_READ) -> bool:
    """
    Return whether a person may do an action in a room.

    - `person`: a Person, a stranger (AnonymousUser), or None for the shell.
    - `member`: the person's Member of the room, if the caller has just read it (None: the person has none). Then the
      bans of other guests of the browser are not read.
    """
    return find_refusal(person, action, room, member) is None


def check_may(person: Actor, action: Action, room: Room, member: MemberOrNotRead = NOT_READ) -> None:
    """
    Raise the error with which an action is refused, if a person may not do it in a room. For `member`, see `may`.

    The error is:

    - `not_found` if the person may not know of the room;
    - `not_signed_in` for a stranger;
    - `muted` for a muted member who wants to write;
    - `forbidden` for everybody else.
    """
    refusal = find_refusal(person, action, room, member)
    if refusal is not None:
        raise refusal


def check_visit(person: Actor, action: Action, room: Room, member: Member | None) -> None:
    """Check what `check_may` checks, and also the bans of other guests of the browser. The caller has read `member`."""
    refusal = _find_visit_refusal(person, action, room, member)
    if refusal is not None:
        raise refusal


def find_refusal(person: Actor, action: Action, room: Room, member: MemberOrNotRead = NOT_READ) -> ChatError | None:
    """Return the error that `check_may` raises, or None if the person may do the action. For `member`, see `may`."""
    if isinstance(member, _NotRead):
        found = None if person is None else Member.objects.find_in_room(room.id, person.id)
        return _find_visit_refusal(person, action, room, found)
    return _decide(person, action, room, member)


def _find_visit_refusal(person: Actor, action: Action, room: Room, member: Member | None) -> ChatError | None:
    return _decide(person, action, room, member) or _find_ban_of_browser(person, action, room, member)


def _decide(person: Actor, action: Action, room: Room, member: Member | None) -> ChatError | None:
    if not reaches(person, room.id):
        return make_not_found_error()
    standing = get_standing(person, room, member)
    if _is_allowed(action, standing, room):
        return None
    # `is_staff` is asked last, because most rows of people are read without it.
    acts_as_operator = is_for_operators(action) and is_operator(person)
    if acts_as_operator and _is_allowed(action, Standing.OPERATOR, room):
        return None
    # For the actions of operators, an operator may know about all rooms.
    if not acts_as_operator and standing not in get_allowed(Action.KNOW, room.access):
        return make_not_found_error()
    return make_refusal(action, standing, room, member)


def _is_allowed(action: Action, standing: Standing, room: Room) -> bool:
    if action in WRITES and room.archived:
        return False
    if action == Action.CALL_ALL and standing not in CALLERS[room.get_callers()]:
        return False
    return standing in get_allowed(action, room.access)


def _find_ban_of_browser(person: Any, action: Action, room: Room, member: Member | None) -> ChatError | None:
    """Return the error for a banned guest of the person's browser, unless the person acts as an operator."""
    if room.access == Room.BOARD or person is None or not person.is_authenticated:
        return None
    if not _is_allowed(action, get_standing(person, room, member), room):
        return None
    is_banned = any(other.role == Member.BANNED for other in find_held_guests(person, room, member))
    return make_refusal(action, Standing.BANNED, room, member) if is_banned else None


def has_role_for(member: Member, action: Action) -> bool:
    """Return whether a member's own role allows an action, without the rights that operators have in every room."""
    return _is_allowed(action, get_standing(member.person, member.room, member), member.room)


def check_not_held(person: Any, room: Room, member: Member | None) -> Member | None:
    """
    Check that a room does not refuse a person who knows the room already: by an address, or by an invitation.

    Return the muted Member of another guest of the person's browser, or None. Raise `forbidden` if the person or
    another guest of the browser is banned, and for a guest if the room is closed to guests.
    """
    held = get_held_standing(person, room, member)
    if held is not None:
        raise make_refusal(Action.ENTER, held, room, member)
    others = find_held_guests(person, room, member)
    if any(other.role == Member.BANNED for other in others):
        raise make_refusal(Action.ENTER, Standing.BANNED, room, member)
    return next((other for other in others if other.is_muted), None)

"""
Standings: what a person is in a room, from the rows of the database. This module writes nothing.

Other guests of the same browser count too: a person must not escape a ban or a mute with another handle.
"""

from typing import Any, TypeAlias

from django.contrib.auth.models import AnonymousUser

from chat.models import Member, Person, Room

from .table import Standing

# None stands for the shell.
Actor: TypeAlias = Person | AnonymousUser | None


def is_operator(person: Actor) -> bool:
    """Return whether a person has the rights of an operator: the shell (None), or a person who may use the admin."""
    return person is None or bool(person.is_authenticated and person.is_active and person.is_staff)


def get_standing(person: Actor, room: Room, member: Member | None) -> Standing:
    """
    Return the standing of a person in a room. `member` is the person's Member of the room, or None.

    An expired mute does not count. Run no query, unless the member is muted.
    """
    if person is None:
        return Standing.OUTSIDER
    if not person.is_authenticated:
        return Standing.STRANGER
    if member is None and room.access != Room.PUBLIC:
        return Standing.OUTSIDER
    held = get_held_standing(person, room, member)
    if held is not None:
        return held
    if member is None:
        return Standing.OUTSIDER
    if member.role == Member.MUTED and not member.is_muted:
        return Standing(get_default_role(person))
    return Standing(member.role)


def get_held_standing(person: Person, room: Room, member: Member | None) -> Standing | None:
    """Return the standing with which a room refuses a person, BANNED or SHUT_OUT, or None."""
    if member is not None and member.role == Member.BANNED:
        return Standing.BANNED
    return Standing.SHUT_OUT if room.is_closed_to(person) else None


def get_default_role(person: Person) -> str:
    """Return the role that a person has in a room until somebody changes the role: `guest` or `member`."""
    return Member.GUEST if person.is_guest else Member.MEMBER


def find_held_guests(person: Any, room: Room, member: Member | None) -> list[Member]:
    """
    Return the muted and banned Members of other guests of the person's browser in a room.

    So guests cannot escape a ban or a mute with another handle. Accounts that the browser created after the guest are
    held too. Earlier accounts are not held, because they may belong to somebody else in the same household. Moderators
    and owners are not held, because moderators may not ban them.
    """
    if person.browser is None or (member is not None and member.role in Member.MODERATOR_ROLES):
        return []
    if not Member.objects.has_held_guest(room.id, person.browser):
        return []
    return list(Member.objects.held_guests_of_browser(person).filter(room=room))

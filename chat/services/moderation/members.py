"""
The people of a room as moderators see them: find them by handle or by role. This module writes nothing.
"""

from django.db.models import Q

from chat import protocol
from chat.markup.direction import isolate
from chat.models import Member, Person, Room, make_handle_key, read_page
from chat.protocol import ChatError


def get_person(room: Room, handle: object) -> Person:
    """
    Return the person who has this handle now, ignoring case. Raise `not_found` if nobody has the handle.

    On a board, find only its visitors: a board has its own handles, and other people may have the same handles
    elsewhere.
    """
    person = None
    if protocol.is_possible_handle(handle):
        if room.access == Room.BOARD:
            key = make_handle_key(handle)
            person = Person.objects.filter(visits__board__room=room, visits__handle_key=key).first()
        else:
            person = Person.objects.find_by_handle(handle)
    if person is None:
        raise ChatError("not_found", "There is nobody with this handle.")
    return person


def find_room_member(room: Room, person: Person) -> Member | None:
    """Return a person's Member of a room, or None."""
    member = Member.objects.filter(room=room, person=person).first()
    if member is not None:
        member.room, member.person = room, person
    return member


def get_room_member(room: Room, handle: str) -> Member:
    """Return the Member of a room with this handle. Raise `not_found` if there is no such Member."""
    person = get_person(room, handle)
    member = find_room_member(room, person)
    if member is None:
        raise ChatError("not_found", "%(handle)s is not in this room.", handle=isolate(person.handle))
    return member


def find_members(room: Room, role: str | None = None, page: int = 0, size: int = 50) -> tuple[list[Member], bool]:
    """
    Return one page of a room's members, oldest first, and whether there are more.

    `role` limits the list to one role. Deleted accounts are not in the list. Guests who have left are in the list only
    if they are banned or muted and nobody else can have their handle.
    """
    # A person without a handle key is a deleted account, or a guest who has left and whose handle another person may
    # have. But people who exist on one board only never have a handle key.
    is_here = Q(person__is_active=True)
    if room.access != Room.BOARD:
        has_left = Q(person__is_guest=True, person__is_active=False) & ~Q(role__in=Member.HELD_ROLES)
        is_here = Q(person__handle_key__isnull=False) & ~has_left
    members = Member.objects.filter(is_here, room=room).select_related("person")
    if role is not None:
        members = members.filter(role=role)
    return read_page(members.order_by("id"), size, page)

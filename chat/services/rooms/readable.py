"""
All rooms that a person may read, for lists of messages from several rooms. This module writes nothing.

`get_readable_room` decides about one room. This module follows the same rules, but leaves out all boards.
"""

from typing import NamedTuple

from django.db.models import Q

from chat.models import Member, Person, Room


class ReadableRooms(NamedTuple):
    """
    A person may read all public rooms and the rooms with the ids `own`, except the rooms with the ids `refused`.

    `own` has only rooms that are not public. No id is in both.
    """

    own: frozenset[int]
    refused: frozenset[int]

    def make_filter(self, room: str) -> Q:
        """Return the filter for rows of these rooms. `room` is the name of the field that refers to the room."""
        in_room = Q(**{f"{room}__access": Room.PUBLIC}) | Q(**{f"{room}_id__in": self.own})
        return in_room & ~Q(**{f"{room}_id__in": self.refused})


def get_readable_rooms(person: Person) -> ReadableRooms:
    """Return the rooms that a person may read. Run one statement for most accounts, and three for most guests."""
    memberships = list(
        Member.objects.filter(person=person).values_list("room_id", "role", "room__access", "room__closed_to_guests")
    )
    own, refused = set(), set()
    for room_id, role, access, is_closed in memberships:
        if role == Member.BANNED or (is_closed and person.is_guest):
            refused.add(room_id)
        elif access not in (Room.PUBLIC, Room.BOARD):
            own.add(room_id)
    if person.is_guest:
        closed = Room.objects.filter(access=Room.PUBLIC, closed_to_guests=True)
        refused.update(closed.values_list("id", flat=True))
    refused.update(_find_banned_by_browser(person, memberships))
    return ReadableRooms(frozenset(own - refused), frozenset(refused))


def _find_banned_by_browser(person, memberships):
    """Return the ids of rooms that the person must not enter, because another guest of the browser is banned there."""
    if person.browser is None:
        return set()
    banned = Member.objects.held_guests_of_browser(person).filter(role=Member.BANNED)
    moderated = {room_id for room_id, role, *_ in memberships if role in Member.MODERATOR_ROLES}
    return set(banned.values_list("room_id", flat=True)) - moderated

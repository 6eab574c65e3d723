"""
All rooms that a person may read, for lists of messages from several rooms. This module writes nothing.

`get_readable_room` decides about one room. This module follows the same rules, but leaves out all boards.
"""

from typing import NamedTuple

from django.db.models import Q

from chat.models import Member, Person, Room
from chat.services.rights import Action, may
from chat.services.scopes import get_room_ids


class ReadableRooms(NamedTuple):
    """
    A person may read all public rooms and the rooms with the ids `own`, except the rooms with the ids `refused`.

    `own` has only rooms that are not public. No id is in both. `only` has the ids of the rooms that the person's token
    reaches; None for all.
    """

    own: frozenset[int]
    refused: frozenset[int]
    only: frozenset[int] | None = None

    def make_filter(self, room: str) -> Q:
        """Return the filter for rows of these rooms. `room` is the name of the field that refers to the room."""
        in_room = Q((f"{room}__access", Room.PUBLIC)) | Q((f"{room}_id__in", self.own))
        readable = in_room & ~Q((f"{room}_id__in", self.refused))
        return readable if self.only is None else readable & Q((f"{room}_id__in", self.only))

    def make_room_filter(self) -> Q:
        """Return the filter for the rows of the rooms themselves."""
        readable = (Q(access=Room.PUBLIC) | Q(id__in=self.own)) & ~Q(id__in=self.refused)
        return readable if self.only is None else readable & Q(id__in=self.only)


def get_readable_rooms(person: Person) -> ReadableRooms:
    """
    Return the rooms that a person may read. Run one statement, another one for a guest, and another one if the person's
    browser is known.
    """
    columns = ("room_id", "role", "muted_until", "room__access", "room__closed_to_guests")
    memberships = list(Member.objects.filter(person=person).select_related("room").only(*columns))
    own, refused = set(), set()
    for member in memberships:
        if not may(person, Action.READ, member.room, member):
            refused.add(member.room_id)
        elif member.room.access not in (Room.PUBLIC, Room.BOARD):
            own.add(member.room_id)
    if person.is_guest:
        closed = Room.objects.filter(access=Room.PUBLIC, closed_to_guests=True)
        refused.update(closed.values_list("id", flat=True))
    refused.update(_find_banned_by_browser(person, memberships))
    return ReadableRooms(frozenset(own - refused), frozenset(refused), get_room_ids(person))


def _find_banned_by_browser(person, memberships):
    """Return the ids of rooms that the person must not enter, because another guest of the browser is banned there."""
    if person.browser is None:
        return set()
    banned = Member.objects.held_guests_of_browser(person).filter(role=Member.BANNED)
    moderated = {member.room_id for member in memberships if member.is_moderator}
    return set(banned.values_list("room_id", flat=True)) - moderated

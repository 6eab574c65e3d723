"""
The scope of a search: the rooms whose messages a person may find.

These are public rooms, and the private rooms that the person is in. Boards are never searched. The index has a label
for public rooms and one for each room, so it leaves out the other rooms itself. Without this, a common word in rooms of
other people would make a search slow.
"""

from dataclasses import dataclass, replace

from chat.models import Condition, Member, Person, Room

from .documents import PUBLIC, room_label


@dataclass(frozen=True)
class Scope:
    """The labels of which a message must have one, and the labels that it must not have."""

    any_of: tuple[str, ...]
    none_of: tuple[str, ...]


def get_scope(person: Person) -> Scope:
    """Return the scope of a person. Run one statement for an account, and up to three for a guest."""
    memberships = list(
        Member.objects.filter(person=person).values_list("room_id", "role", "room__access", "room__closed_to_guests")
    )
    own, refused = [], set()
    for room_id, role, access, is_closed in memberships:
        if role == Member.BANNED or (is_closed and person.is_guest):
            refused.add(room_id)
        elif access not in (Room.PUBLIC, Room.BOARD):
            own.append(room_id)
    if person.is_guest:
        closed = Room.objects.filter(access=Room.PUBLIC, closed_to_guests=True)
        refused.update(closed.values_list("id", flat=True))
    refused.update(_find_banned_by_browser(person, memberships))
    any_of = (PUBLIC, *(room_label(room_id) for room_id in sorted(set(own) - refused)))
    return Scope(any_of, tuple(room_label(room_id) for room_id in sorted(refused)))


def _find_banned_by_browser(person, memberships):
    """Return the ids of rooms that the person must not enter, because another guest of the browser is banned there."""
    if person.browser is None:
        return set()
    others = Member.objects.filter(role=Member.BANNED, person__is_guest=True, person__browser=person.browser)
    if not person.is_guest:
        others = others.filter(person__created_at__lt=person.created_at)
    moderated = {room_id for room_id, role, *_ in memberships if role in Member.MODERATOR_ROLES}
    return set(others.exclude(person=person).values_list("room_id", flat=True)) - moderated


def limit_to_scope(condition: Condition, person: Person) -> Condition:
    """Return a condition that only messages in the scope of a person fulfil."""
    scope = get_scope(person)
    return replace(condition, any_of=(*condition.any_of, scope.any_of), none_of=scope.none_of)

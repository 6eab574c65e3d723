"""
The scope of a search: the rooms whose messages a person may find.

The index has a label for public rooms and one for each room, so the index itself leaves out rooms that the person may
not read. Otherwise a common word in such rooms would make a search slow.
"""

from collections.abc import Iterable
from dataclasses import replace

from chat.models import Condition, Person, Room
from chat.services import rooms

from .documents import PUBLIC, room_label


def limit_to_scope(condition: Condition, person: Person) -> Condition:
    """Return the condition, limited to messages in rooms that the person may read."""
    readable = rooms.get_readable_rooms(person)
    if readable.only is not None:
        found = Room.objects.filter(readable.make_room_filter()).values_list("id", flat=True)
        return replace(condition, any_of=(*condition.any_of, tuple(_make_labels(found))))
    public, none_of = [PUBLIC], _make_labels(readable.refused)
    if readable.refused:
        allowed = Room.objects.filter(access=Room.PUBLIC).exclude(id__in=readable.refused)
        allowed_ids = list(allowed.order_by("id").values_list("id", flat=True)[: len(readable.refused) + 1])
        if len(allowed_ids) <= len(readable.refused):
            # To skip most public rooms takes longer than to read the few others.
            public, none_of = _make_labels(allowed_ids), []
    any_of = (*public, *_make_labels(readable.own))
    return replace(condition, any_of=(*condition.any_of, any_of), none_of=tuple(none_of))


def _make_labels(room_ids: Iterable[int]) -> list[str]:
    return [room_label(room_id) for room_id in sorted(room_ids)]

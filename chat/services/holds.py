"""
Holds: while one applies to a room, nothing that people wrote in the room is deleted.

A hold of a person applies to every room in which the person is a member or has written. This module only reads.
`retention` places and releases holds.
"""

from chat.models import Hold, Member, Message
from chat.protocol import ChatError


def is_held(room_id: int, without: int | None = None) -> bool:
    """Return whether a hold applies to a room. `without` is the id of a hold that does not count."""
    holds = [hold for hold in Hold.objects.values_list("id", "room_id", "person_id") if hold[0] != without]
    if any(held_id == room_id for _, held_id, _ in holds):
        return True
    people = [person_id for _, _, person_id in holds if person_id is not None]
    if not people:
        return False
    members = Member.objects.filter(room_id=room_id, person_id__in=people)
    return members.exists() or Message.objects.filter(room_id=room_id, author_id__in=people).exists()


def check_not_held(room_id: int) -> None:
    """Raise `forbidden` if a hold applies to a room."""
    if is_held(room_id):
        raise ChatError(
            "forbidden",
            "This room cannot be deleted, because an operator keeps its messages. Archive the room instead.",
        )

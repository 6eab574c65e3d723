"""
The history of edits: each edit keeps the earlier body, for the moderators of the room.

Removing a message deletes its history, except during a hold. This module does not check who may read the history:
`get_moderated_room` does.
"""

from dataclasses import dataclass
from datetime import datetime

from chat.models import EarlierBody, Message, Person, Room
from chat.protocol import ChatError
from chat.services.holds import is_held

MAX_BODIES = 100  # earlier bodies of one message; the oldest are deleted


@dataclass(frozen=True)
class Version:
    """A body that a message has or had: `by` wrote it at the time `at`."""

    body: str
    at: datetime
    by: Person


def keep_body(message: Message, editor: Person, at: datetime) -> None:
    """
    Store the body that an edit replaces. Except during a hold, delete the oldest bodies beyond MAX_BODIES.

    Call this in the transaction of the edit, before the edit.
    """
    EarlierBody.objects.create(message=message, body=message.body, replaced_by=editor, replaced_at=at)
    if message.edited_at is None:
        return  # the first edit needs no statement to count the bodies
    kept = EarlierBody.objects.filter(message=message).order_by("-id")
    oldest = list(kept.values_list("id", flat=True)[MAX_BODIES : MAX_BODIES + 1])
    if oldest and not is_held(message.room_id):
        EarlierBody.objects.filter(message=message, id__lte=oldest[0]).delete()


def keep_held_body(message: Message, remover: Person, at: datetime) -> None:
    """Store the body of a message that is removed during a hold. Only operators can read it, by command."""
    EarlierBody.objects.create(message=message, body=message.body, replaced_by=remover, replaced_at=at)


def delete_bodies(message: Message) -> None:
    """Delete the earlier bodies of a message that is removed."""
    EarlierBody.objects.filter(message=message).delete()


def make_no_message_error() -> ChatError:
    """Return the error for a message that does not exist in a room."""
    return ChatError("not_found", "There is no such message in this room.")


def get_history(room: Room, number: int) -> list[Version]:
    """
    Return the bodies of a message, the oldest first and the present one last. A removed message has none.

    The oldest body gets the time and the author of the message, even if older bodies were deleted. Raise `not_found` if
    there is no such message.
    """
    message = Message.objects.filter(room=room, number=number).select_related("author").first()
    if message is None:
        raise make_no_message_error()
    if message.is_removed:
        return []
    at, by = message.created_at, message.author
    versions = []
    for earlier in EarlierBody.objects.filter(message=message).select_related("replaced_by").order_by("id"):
        versions.append(Version(earlier.body, at, by))
        at, by = earlier.replaced_at, earlier.replaced_by
    return [*versions, Version(message.body, at, by)]

"""
The life of a room: create it, save an operator's changes, and delete it. Each of these notifies the lobby.

This module writes Room, and the owner's Member. The caller checks the rights of operators.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member, Person, Room
from chat.protocol import ChatError
from chat.services.after_commit import close_after_commit, publish_after_commit


def create_room(person: Person | None, slug: str, name: str, topic: str = "", is_private: bool = False) -> Room:
    """
    Create a room with `person` as its owner (None: without an owner), and notify the lobby.

    Only members may enter a private room (`is_private`).

    Raise `forbidden` for a guest, `taken` for the slug, or the error of a field.
    """
    if person is not None and person.is_guest:
        raise ChatError("forbidden", "Guests cannot create rooms. Sign up for an account.")
    slug, name = protocol.check_slug(slug), protocol.check_room_name(name)
    topic = protocol.check_topic(topic)
    try:
        with transaction.atomic():
            access = Room.PRIVATE if is_private else Room.PUBLIC
            room = Room.objects.create(slug=slug, name=name, topic=topic, access=access, created_by=person)
            if person is not None:
                Member.objects.create(room=room, person=person, role=Member.OWNER)
    except IntegrityError:
        raise ChatError("taken", "There is already a room with this slug. Choose another one.", field="slug") from None
    notify_lobby()
    return room


def create_first_room() -> bool:
    """Create the room `welcome` if there are no rooms. Return whether the room was created."""
    if Room.objects.exists():
        return False
    create_room(None, "welcome", "Welcome", "The first room. Make your own in the lobby.")
    return True


def save_room(room: Room, changed: Iterable[str]) -> None:
    """Store a new room, or the fields `changed` of a room that an operator changed, and notify the lobby."""
    room.changed_at = timezone.now()
    # To store the whole row would set the room's counter back to its value at the time when the form was read.
    room.save(update_fields=None if room.pk is None else [*changed, "changed_at"])
    notify_lobby()


def delete_room(room: Room) -> None:
    """Delete a room with its messages, close its connections with 4404, and notify the lobby."""
    group = broadcast.room_group(room.id)
    with transaction.atomic():
        _lock(room)
        room.delete()
    close_after_commit(group, protocol.CLOSE_NOT_FOUND)
    notify_lobby()


def _lock(room):
    """Lock the row of a room and the rows of its jobs until the end of the transaction."""
    # If another request stored a row in the room meanwhile, PostgreSQL could not delete the room. A job locks its own
    # row before the room's row, so this locks the rows in the same order.
    for rows in (room.scheduled.all(), room.tasks.all(), Room.objects.filter(id=room.id)):
        list(rows.select_for_update().values_list("id", flat=True))


def notify_lobby() -> None:
    """Publish `updated` to the lobby after the commit: its list of rooms has changed."""
    publish_after_commit(broadcast.LOBBY_GROUP, protocol.updated)

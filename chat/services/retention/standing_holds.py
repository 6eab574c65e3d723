"""
Place and release holds, and read what people removed during a hold.

This module writes Hold and RetentionEntry. When a hold ends, this module deletes the bodies, the additions and the
files that no other hold keeps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from chat.models import EarlierBody, Hold, Message, RetentionEntry
from chat.services import rooms, uploads
from chat.services.holds import is_held
from chat.services.people import get_person

from .errors import RetentionError

BATCH = 200  # earlier bodies that one transaction deletes


@dataclass(frozen=True)
class HeldBody:
    """A body that a removed message had: `replaced_by` edited or removed the message at `replaced_at`."""

    room: str
    id: int
    author: str
    written_at: datetime
    replaced_by: str
    replaced_at: datetime
    body: str


def find_holds() -> list[Hold]:
    """Return all holds, the oldest first."""
    return list(Hold.objects.select_related("room", "person").order_by("id"))


@transaction.atomic
def place_hold(slug: str | None, handle: str | None, reason: str, actor: str) -> Hold:
    """
    Place a hold on a room, or on the rooms of a person: see chat/services/holds.py. Exactly one of `slug` and `handle`
    is given.

    Raise RetentionError without a reason, and if there is such a hold; `not_found` for the room or the person.
    """
    if not reason.strip():
        raise RetentionError("Give a reason, such as the number of the case: --reason TEXT.")
    fields = _read_target(slug, handle)
    if Hold.objects.filter(room=fields["room"], person=fields["person"]).exists():
        raise RetentionError("There is a hold of this room or person already.")
    hold = Hold.objects.create(reason=reason.strip()[:500], **fields)
    _log(RetentionEntry.HOLD, hold, actor)
    return hold


def release_hold(slug: str | None, handle: str | None, actor: str) -> int:
    """
    End a hold. Delete the bodies and the additions of removed messages, and the removed files, that no other hold
    keeps. Return the number of deleted bodies.

    If the process ends in the middle, the hold stays, and the next call continues. Raise RetentionError.
    """
    # The room's slug or the person's handle may have changed, and the person may have deleted the account since.
    found = Hold.objects.filter(room__slug=slug) if slug else Hold.objects.filter(person__handle__iexact=handle)
    hold = found.select_related("room", "person").first()
    if hold is None:
        raise RetentionError("There is no such hold. `retention list` shows all holds.")
    deleted = sum(_delete_bodies(room_id) for room_id in _find_rooms() if not is_held(room_id, without=hold.id))
    with transaction.atomic():
        _log(RetentionEntry.RELEASE, hold, actor)
        hold.delete()
    return deleted


def _read_target(slug, handle):
    room = rooms.get_room(slug) if slug else None
    return {"room": room, "person": get_person(handle) if handle else None}


def _log(act, hold, actor):
    target = hold.room.slug if hold.room_id else f"@{hold.person.handle}"
    RetentionEntry.objects.create(act=act, target=target, reason=hold.reason, actor=actor)


def _find_rooms() -> list[int]:
    """
    Return the ids of the rooms in which holds have kept bodies or files.

    The rooms of a hold of a person do not suffice: the person may have left a room since the hold was placed.
    """
    removed = EarlierBody.objects.filter(message__removed_at__isnull=False)
    of_bodies = removed.values_list("message__room_id", flat=True).distinct()
    return sorted({*of_bodies, *uploads.find_rooms_with_held_files()})


def _delete_bodies(room_id):
    removed = EarlierBody.objects.filter(message__room_id=room_id, message__removed_at__isnull=False)
    deleted = 0
    while batch := list(removed.values_list("id", "message_id")[:BATCH]):
        with transaction.atomic():
            for message in Message.objects.filter(id__in={message_id for _, message_id in batch}):
                rooms.remove_additions(message)
            deleted += EarlierBody.objects.filter(id__in=[body_id for body_id, _ in batch]).delete()[0]
    uploads.delete_held_files(room_id)
    return deleted


def find_held_bodies(slug: str) -> Iterator[HeldBody]:
    """Yield the bodies that holds have kept of the removed messages in a room, the oldest first. Raise `not_found`."""
    room = rooms.get_room(slug)
    bodies = EarlierBody.objects.filter(message__room=room, message__removed_at__isnull=False)
    for earlier in bodies.select_related("message__author", "replaced_by").order_by("message__number", "id").iterator():
        message = earlier.message
        yield HeldBody(
            room=room.slug,
            id=message.number,
            author=message.author.handle,
            written_at=message.created_at,
            replaced_by=earlier.replaced_by.handle,
            replaced_at=earlier.replaced_at,
            body=earlier.body,
        )

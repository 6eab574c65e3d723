"""
Open files. People who may read the room of a file now may open the file. Until a message has the file, only the person
who uploaded it may open it.

A file that a person may not open and a file that does not exist get the same response: the same error, after the same
statements. This module writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser

from chat.models import Member, Message, Person, Room, Upload
from chat.protocol import ChatError, is_file_id
from chat.services.rights import Action, may

from .encoding import THUMBNAIL_TYPE

# A page may show or play these types. The site itself has encoded the pictures, and sounds and films run no scripts.
INLINE = ("image/png", "image/jpeg", "image/gif", "image/webp")
PLAYED = ("audio/", "video/")

# Returns the Member with which a visitor of a board reads this room, or None.
FindVisitor: TypeAlias = Callable[[Room], Member | None]
Reader: TypeAlias = Person | AnonymousUser


@dataclass(frozen=True)
class Opened:
    """A file that the person `reader_id` may open, under its name in the store. `is_inline`: a page may show it."""

    stored: str
    name: str
    type: str
    size: int
    is_inline: bool
    reader_id: int


def open_file(person: Reader, key: str, find_visitor: FindVisitor) -> Opened:
    """
    Return a file that a person, or a visitor of a board, may open.

    `find_visitor(room)` returns the member with which this browser visits a board, or None.

    Raise `not_found`; `not_signed_in` for a person without a login; `unavailable` for a picture that still has its
    metadata.
    """
    upload, reader_id = _find(person, key, find_visitor)
    if upload.state == Upload.WAITING:
        raise ChatError("unavailable", "This picture is being prepared. Try again in a moment.", retry_after=2.0)
    is_played = upload.type.startswith(PLAYED)
    is_inline = is_played or (upload.is_picture and upload.type in INLINE)
    return Opened(upload.stored, upload.name, upload.type, upload.size, is_inline, reader_id)


def open_thumbnail(person: Reader, key: str, find_visitor: FindVisitor) -> Opened:
    """Return the thumbnail of a picture. Raise as `open_file` does; `not_found` if there is none."""
    upload, reader_id = _find(person, key, find_visitor)
    if not upload.thumbnail:
        raise _make_refusal(person)
    return Opened(upload.thumbnail, "thumbnail.webp", THUMBNAIL_TYPE, upload.thumbnail_size or 0, True, reader_id)


def find_upload(person: Reader, key: str, find_visitor: FindVisitor) -> Upload:
    """Return the file with this key, if the person may open it. Raise `not_found` or `not_signed_in`."""
    return _find(person, key, find_visitor)[0]


def _find(person: Reader, key: str, find_visitor: FindVisitor) -> tuple[Upload, int]:
    found = Upload.objects.select_related("room").filter(key=key if is_file_id(key) else "").first()
    # Nobody knows the room 0. The statements below also run for an unknown key, so that both take the same time.
    room = Room(id=0, access=Room.PRIVATE) if found is None else found.room
    number = 0 if found is None else found.number or 0
    is_shown = Message.objects.filter(room=room.id, number=number, removed_at=None).exists()
    reader = _find_reader(person, room, find_visitor)
    if found is None or reader is None or not (is_shown if found.number else found.person_id == reader.id):
        raise _make_refusal(person)
    return found, reader.id


def _find_reader(person: Reader, room: Room, find_visitor: FindVisitor) -> Reader | None:
    """Return the person who reads: on a board the person of the visitor. Return None if nobody may read the room."""
    if room.access != Room.BOARD:
        return person if may(person, Action.READ, room) else None
    member = find_visitor(room)
    return member.person if member is not None and may(member.person, Action.READ, room, member) else None


def _make_refusal(person: Reader) -> ChatError:
    if not person.is_authenticated:
        return ChatError("not_signed_in", "Sign in, or pick a handle as a guest.")
    return ChatError("not_found", "There is no such file.")

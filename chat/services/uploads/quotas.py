"""
The limits of the bytes and files that a person and a room may keep. This module only reads.
"""

from django.conf import settings
from django.db.models import QuerySet, Sum

from chat.models import Upload
from chat.protocol import ChatError

MAX_UNUSED = 100  # files of a person that belong to no message yet


def check_is_on() -> None:
    """Raise `forbidden` if the site accepts no files."""
    if not settings.CHAT_UPLOAD_BYTES:
        raise ChatError("forbidden", "This site accepts no files.")


def get_most_bytes(room_id: int, person_id: int) -> int:
    """
    Return how many bytes the next file may have.

    Raise `forbidden` if the person has too many files that belong to no message. Raise `too_large` if the room or the
    person has no space left.
    """
    if Upload.objects.unused().filter(person_id=person_id).count() >= MAX_UNUSED:
        raise ChatError(
            "forbidden", "You have %(most)s files that you have not sent. Send some of them first.", most=MAX_UNUSED
        )
    left_in_room = _find_left(settings.CHAT_UPLOAD_ROOM_BYTES, Upload.objects.filter(room=room_id))
    if left_in_room <= 0:
        raise ChatError(
            "too_large", "The files of this room use all of its space. Remove some messages with files first."
        )
    left = _find_left(settings.CHAT_UPLOAD_PERSON_BYTES, Upload.objects.filter(person=person_id))
    if left <= 0:
        raise ChatError("too_large", "Your files use all of your space. Remove some messages with files first.")
    return int(min(settings.CHAT_UPLOAD_BYTES, left_in_room, left))


def _find_left(limit: float, uploads: QuerySet) -> float:
    # Without a limit, nothing needs to be added up.
    if limit == float("inf"):
        return limit
    return limit - (uploads.aggregate(total=Sum("size"))["total"] or 0)


def make_too_large_error(most_bytes: int) -> ChatError:
    """Return the error for a file of more than `most_bytes`."""
    if most_bytes < settings.CHAT_UPLOAD_BYTES:
        return ChatError("too_large", "There is not enough space left for this file.")
    return ChatError("too_large", "A file may have at most %(most)s MB.", most=f"{settings.CHAT_UPLOAD_BYTES / 1e6:g}")

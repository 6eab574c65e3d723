"""
The files of messages: the Addition FILES, and the files of messages that are posted later.

A post locks its room and then its files, so the same file cannot become a part of two messages. This module writes
`Upload.number`, `Upload.position` and `Upload.scheduled`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from chat import protocol
from chat.models import AdditionBit, Member, Message, ScheduledMessage, Upload
from chat.protocol import ChatError
from chat.services import rooms

KEYS_PER_QUERY = 500  # older versions of SQLite allow 999 parameters


def describe_files(uploads: Iterable[Upload]) -> list[dict[str, Any]]:
    """Return the field `files` of a message that has these files."""
    return [_describe(upload) for upload in uploads]


def _describe(upload: Upload) -> dict[str, Any]:
    address = f"/api/files/{upload.key}/"
    is_picture = upload.is_picture
    return protocol.file(
        id=upload.key,
        name=upload.name,
        type=upload.type,
        size=upload.size,
        width=upload.width if is_picture else None,
        height=upload.height if is_picture else None,
        url=address + quote(upload.name, safe=""),
        thumbnail=f"{address}thumbnail/" if upload.thumbnail else None,
    )


def _find_usable(member: Member, keys: Sequence[str]) -> list[Upload]:
    """
    Lock the files with these keys, and return them in this order.

    Raise `not_found` if one of them is not this person's, is from another room, or belongs to another message.
    """
    own = Upload.objects.unused().filter(room_id=member.room_id, person_id=member.person_id, key__in=keys)
    found = {upload.key: upload for upload in own.select_for_update()}
    if len(found) < len(keys):
        raise ChatError("not_found", "A file of this message was deleted. Upload it again.")
    return [found[key] for key in keys]


def _prepare(member: Member, event: Any) -> list[Upload] | None:
    keys = getattr(event, "files", ())
    return _find_usable(member, keys) if keys else None


def _store(message: Message, uploads: list[Upload]) -> None:
    for position, upload in enumerate(uploads):
        upload.number, upload.position = message.number, position
    Upload.objects.bulk_update(uploads, ["number", "position"])


def _describe_notice(uploads: list[Upload]) -> dict[str, Any]:
    return {"files": _describe_in_notice(uploads)}


def _describe_in_notice(uploads: Iterable[Upload]) -> list[dict[str, str]]:
    # A notice of a message without a text says what its files are.
    return [{"name": upload.name, "type": upload.type} for upload in uploads]


def find_notice_files(messages: Sequence[Message]) -> dict[int, list[dict[str, str]]]:
    """Return {number: the field `files` of a `mention`} for the messages of one room that have files."""
    numbers = [message.number for message in messages if (message.additions or 0) & AdditionBit.FILES]
    found = _group(messages[0].room_id, numbers) if numbers else {}
    return {number: _describe_in_notice(uploads) for number, uploads in found.items()}


def _describe_messages(messages: Sequence[Message]) -> dict[int, dict]:
    found = _group(messages[0].room_id, [message.number for message in messages])
    return {number: {"files": describe_files(uploads)} for number, uploads in found.items()}


def _group(room_id: int, numbers: Sequence[int]) -> dict[int, list[Upload]]:
    """Return {number of a message: its files}, with one query for each KEYS_PER_QUERY messages."""
    found = defaultdict(list)
    for start in range(0, len(numbers), KEYS_PER_QUERY):
        for upload in Upload.objects.of_messages(room_id, list(numbers[start : start + KEYS_PER_QUERY])):
            found[upload.number].append(upload)
    return found


def _delete(room_id: int, numbers: Sequence[int]) -> None:
    # Each deleted row deletes its files: see `owner`.
    Upload.objects.of_messages(room_id, list(numbers)).delete()


def attach_to_scheduled(member: Member, row: ScheduledMessage, keys: Sequence[str]) -> None:
    """
    Keep the files with these keys for a scheduled message. Call this in the transaction that stores the message.

    Raise `not_found` if a file was deleted, is another person's, or belongs to another message.
    """
    if not keys:
        return
    uploads = _find_usable(member, keys)
    for position, upload in enumerate(uploads):
        upload.scheduled, upload.position = row, position
    Upload.objects.bulk_update(uploads, ["scheduled", "position"])


def find_scheduled(rows: Sequence[ScheduledMessage]) -> dict[int, list[dict[str, Any]]]:
    """Return {id: the field `files` of a message} for the scheduled messages that have files."""
    found = defaultdict(list)
    for upload in Upload.objects.filter(scheduled__in=[row.id for row in rows]).order_by("position"):
        found[upload.scheduled_id].append(_describe(upload))
    return dict(found)


def release_scheduled(row: ScheduledMessage) -> tuple[str, ...]:
    """
    Return the keys of the files of a scheduled message, in their order.

    The files are unused afterwards, so that the message, which is posted now, can use them.
    """
    uploads = Upload.objects.filter(scheduled=row)
    keys = tuple(uploads.order_by("position").values_list("key", flat=True))
    if keys:
        uploads.update(scheduled=None)
    return keys


rooms.register_addition(
    rooms.Addition(AdditionBit.FILES, _describe_messages, _prepare, _store, _delete, notice=_describe_notice)
)

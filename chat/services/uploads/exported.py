"""The files of the messages of a room, for an export. This module writes nothing."""

from collections.abc import Iterator
from datetime import datetime

from chat.models import Message, Room, Upload

BLOCK = 200  # files that one query reads; a single message has fewer


def list_posted(room: Room, upto: int, start: datetime | None, end: datetime | None) -> Iterator[list[Upload]]:
    """
    Yield the files of the messages of a room up to the id `upto`, in blocks, the files of the oldest message first.

    The messages are from `start` or later, and before `end`; None is no limit. Leave out removed messages.
    """
    after = 0
    while block := _read_block(room, after, upto):
        yield _leave_out(block, room, start, end)
        after = block[-1].number


def _read_block(room: Room, after: int, upto: int) -> list[Upload]:
    posted = Upload.objects.filter(room=room, number__gt=after, number__lte=upto)
    found = list(posted.order_by("number", "position")[:BLOCK])
    if len(found) == BLOCK:
        # The last message may have more files than were read. It is in the next block.
        found = [upload for upload in found if upload.number != found[-1].number] or found
    return found


def _leave_out(block: list[Upload], room: Room, start: datetime | None, end: datetime | None) -> list[Upload]:
    messages = Message.objects.filter(room=room, number__in={upload.number for upload in block}, removed_at=None)
    if start is not None:
        messages = messages.filter(created_at__gte=start)
    if end is not None:
        messages = messages.filter(created_at__lt=end)
    shown = set(messages.values_list("number", flat=True))
    return [upload for upload in block if upload.number in shown]

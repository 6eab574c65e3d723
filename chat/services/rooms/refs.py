"""
Refs: each change runs once for each ref of a person, even if the client sends the change several times.

A row of Change has a ref, the digest of its event, and the answer. The row is stored in the transaction of the change.
This module does not know what a change does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Change, Member, Message, Room, insert_row
from chat.protocol import ChatError
from chat.services import feed_posts, numbers, push_posts
from chat.services.after_commit import publish_after_commit

from .reading import describe

# A function (offset of the change, time of the change) that changes a message in a transaction, and returns the
# message.
Apply = Callable[[int, datetime], Message]


@dataclass(frozen=True)
class Outcome:
    """The `ack` of a change. `is_new`: this request stored the change, not an earlier request with the same ref."""

    ack: dict
    is_new: bool


def change_message(member: Member, event: Any, apply: Apply) -> Outcome:
    """
    Run `apply` once for each ref of a person. One transaction stores the room's counter, the change and the ref.

    The first statement of the transaction takes the room's next offset, and locks the room until the commit.
    After the commit, publish a changed message to the room, and a new message of the timeline to the room's feed too.

    For a ref that was used before, return the earlier answer. A unique constraint finds such a ref: a query before the
    change would miss a request that runs at the same time.

    Raise `ref_conflict`, `not_found` for a deleted room, or what `apply` raises; then nothing is stored.
    """
    room = member.room
    fingerprint = protocol.digest(event, room.slug)
    try:
        with transaction.atomic():
            now = timezone.now()
            offset, posts = _take_offset(member, event, now)
            message = apply(offset, now)
            _store_ref(member, event.ref, fingerprint, message.number, message.offset, now)
            if message.offset == offset:
                publish_after_commit(broadcast.room_group(member.room_id), lambda: describe(message))
                if posts is not None:
                    feed_posts.publish_post(room, message, posts)
                if message.number == offset:
                    push_posts.note_post(room, message)
    except (IntegrityError, ChatError) as error:
        earlier = _get_earlier(member.person, event.ref, fingerprint, error)
        return Outcome(protocol.ack(event.ref, earlier.number, earlier.offset), is_new=False)
    if message.offset == offset:
        numbers.count_change(event.type)
    return Outcome(protocol.ack(event.ref, message.number, message.offset), is_new=True)


def _take_offset(member, event, now):
    """
    Return (the room's next offset, the room's number of messages if the event posts one into its timeline, else None).
    """
    try:
        if isinstance(event, protocol.Post) and event.thread is None:
            return Room.objects.take_post(member.room_id, now)
        return Room.objects.take_offset(member.room_id), None
    except Room.DoesNotExist:
        # Another request has deleted the room since the member was read.
        raise ChatError("not_found", "There is no such room.") from None


def record_once(member: Member, event: Any, create: Callable[[], int]) -> tuple[int, bool]:
    """
    Run `create()` in a transaction, once for each ref of a person, for events that change no message of the room.

    - `event`: an event with a `ref`, such as Start, Schedule, Remind or an event of a board.
    - `create`: stores a row and returns its id.

    Return (id, whether the row was created now). For a ref that was used before, return the earlier id. Raise
    `ref_conflict`, or what `create` raises; then nothing is stored.
    """
    fingerprint = protocol.digest(event, member.room.slug)
    try:
        with transaction.atomic():
            number = create()
            _store_ref(member, event.ref, fingerprint, number, member.room.offset, timezone.now())
    except (IntegrityError, ChatError) as error:
        return _get_earlier(member.person, event.ref, fingerprint, error).number, False
    return number, True


def _store_ref(member, ref, fingerprint, number, offset, now):
    insert_row(
        Change,
        person_id=member.person_id,
        ref=ref,
        room_id=member.room_id,
        digest=fingerprint,
        number=number,
        offset=offset,
        created_at=now,
    )


def _get_earlier(person, ref, fingerprint, error):
    """Return the earlier Change of a ref. Raise `error` if there is none, and `ref_conflict` if its content differs."""
    earlier = Change.objects.filter(person=person, ref=ref).first()
    if earlier is None:
        raise error
    if earlier.digest != fingerprint:
        raise ChatError("ref_conflict", "This ref was used for another change. Use a new ref.") from None
    return earlier

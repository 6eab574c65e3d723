"""
Delete the messages that are older than the rules of their rooms allow.

A batch is one short transaction. It deletes the oldest messages of a room with everything that belongs to them, and
moves `Room.kept_from`. So a killed process leaves no half batch, and the next run continues. Numbers and offsets of
other messages do not change.

This module deletes rows of Message, Mention and Task, the additions, and the files that holds have kept. It writes
`Room.kept_from` and RetentionEntry. It publishes `expired` to each room that it changed.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Mention, Message, RetentionEntry, Room, Task
from chat.services import tasks
from chat.services.after_commit import publish_after_commit
from chat.services.free_rows import lock_free_rows
from chat.services.holds import is_held
from chat.services.removed import MESSAGES, count_removed
from chat.services.rooms import delete_additions
from chat.services.uploads import delete_held_files

from .rules import apply_rules

BATCH = 100  # messages in one transaction: SQLite holds the lock of all writers for about 20 ms
SWEEP_SECONDS = 2.0  # the monitor must renew its lease within ten seconds
MONITOR = "monitor"


@dataclass(frozen=True)
class Removal:
    """
    What a run did in a room, or would do. `messages`: how many were deleted; or, in a dry run or a hold, how many are
    older than `days`. `is_held`: a hold keeps them.
    """

    slug: str
    days: int
    messages: int
    is_held: bool = False


def sweep_retention() -> int:
    """Apply the rules for about SWEEP_SECONDS. The next sweep continues. Return how many messages were deleted."""
    deadline = time.monotonic() + SWEEP_SECONDS
    return sum(removal.messages for removal in run_retention(MONITOR, deadline=deadline) if not removal.is_held)


def run_retention(actor: str, is_dry: bool = False, deadline: float = float("inf")) -> Iterator[Removal]:
    """
    Apply the rules to all rooms, and yield a Removal for each room with messages that are too old.

    - `actor`: who runs it, for the log.
    - `is_dry`: count only, delete nothing.
    - `deadline`: stop at this time of `time.monotonic()`.
    """
    apply_rules()
    for room in Room.objects.filter(kept_days__isnull=False).order_by("id"):
        moment = timezone.now() - timedelta(days=room.kept_days)
        end = _find_end(room, moment)
        old = Message.objects.filter(room=room, number__lt=end)
        if not old.exists():
            continue
        if (is_kept := is_held(room.id)) or is_dry:
            yield Removal(room.slug, room.kept_days, old.count(), is_kept)
            continue
        deleted = _delete_older(room, end, deadline, actor)
        _delete_results(room, moment)
        yield Removal(room.slug, room.kept_days, deleted)
        if time.monotonic() > deadline:
            return


def _find_end(room: Room, moment: datetime) -> int:
    """Return the number of the first message of a room that is not older than `moment`."""
    # The offset is read first: a message that is posted meanwhile gets a higher number.
    offset = Room.objects.read_offset(room.id)
    number = Message.objects.filter(room=room).find_number_at(moment)
    return offset + 1 if number is None else number


def _delete_older(room: Room, end: int, deadline: float, actor: str) -> int:
    deleted = batch = _delete_batch(room, end, actor)
    while batch == BATCH and time.monotonic() < deadline:
        batch = _delete_batch(room, end, actor)
        deleted += batch
    count_removed(MESSAGES, deleted)
    if deleted:
        kept_from = Room.objects.values_list("kept_from", flat=True).get(id=room.id)
        publish_after_commit(broadcast.room_group(room.id), lambda: protocol.expired(kept_from))
    return deleted


def _delete_batch(room: Room, end: int, actor: str) -> int:
    started_at = time.monotonic()
    with transaction.atomic():
        # Every change of a message locks the room first. If a frozen worker has locked the room, a later run continues.
        if not lock_free_rows(Room.objects.filter(id=room.id), 1) or is_held(room.id):
            return 0
        oldest = Message.objects.filter(room=room, number__lt=end).order_by("number")
        found = list(oldest.values_list("id", "number", "additions")[:BATCH])
        if not found:
            return 0
        Mention.objects.filter(room=room, number__in=[number for _, number, _ in found]).delete()
        delete_additions(room.id, {number: additions for _, number, additions in found})
        # A hold of a person ends in a room without a release if the person leaves.
        delete_held_files(room.id)
        # Reactions, earlier bodies, bookmarks, reports and the document of the search go with their message.
        Message.objects.filter(id__in=[message_id for message_id, _, _ in found]).delete()
        Room.objects.filter(id=room.id).update(kept_from=found[-1][1] + 1)
        _log(room, len(found), actor)
    # Requests that wait for the room get as much time as the batch took, but at most 0.1 s.
    time.sleep(min(0.1, time.monotonic() - started_at))
    return len(found)


def _delete_results(room: Room, moment: datetime) -> None:
    """Delete the finished tasks of a room that were created before `moment`, with their results."""
    for task in Task.objects.filter(room=room, created_at__lt=moment).exclude(state__in=Task.UNFINISHED):
        tasks.delete_and_publish(task, "This result was deleted, because messages of its time are no longer kept.")


def _log(room: Room, deleted: int, actor: str) -> None:
    """Count the deleted messages in the log, in their transaction: one entry for each room, day and actor."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    run, days = RetentionEntry.RUN, room.kept_days
    entries = RetentionEntry.objects.filter(created_at__gte=today, act=run, target=room.slug, days=days, actor=actor)
    if not entries.update(messages=F("messages") + deleted):
        RetentionEntry.objects.create(messages=deleted, act=run, target=room.slug, days=days, actor=actor)

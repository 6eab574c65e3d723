"""
Indexing: bring the index up to date with the messages.

Each room has a cursor, the offset up to which it is indexed. A batch reads the messages that changed after the cursors
of one or more rooms, and stores their documents and the new cursors in one short transaction. So a batch may be
interrupted. Several processes may index at the same time, also while the site runs: only one of them stores each
change. Posting a message writes nothing for the index.

This module writes SearchDocument, SearchDay and SearchProgress. It publishes nothing.
"""

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from channels_transport import OUTAGES
from chat.models import Document, Due, SearchDay, SearchDocument, SearchProgress, get_changed_messages
from chat.store import store

from .documents import VERSION, make_document
from .files import NO_FILES, find_files

logger = logging.getLogger(__name__)

# One batch of SQLite holds the lock of all writers for about 20 ms.
BATCH = 200  # changes of messages
# The monitor indexes for about this time, and then does its other work. It must renew its lease within ten seconds.
TURN_SECONDS = 1.0
# The name of the lease that the working monitor holds.
MONITOR_LEASE = "monitor"
# Without a monitor, each search first indexes for about this time.
CATCH_UP_SECONDS = 0.2


@dataclass(frozen=True)
class Step:
    """`done` of the `total` changes of a room are indexed now. This step stored or deleted `documents` documents."""

    slug: str
    done: int
    total: int
    documents: int


def index_changes(seconds: float = TURN_SECONDS) -> int:
    """
    Index what has changed since the last call, for about `seconds`. Return how many documents were stored or deleted.

    If there is more to do, the next call continues.
    """
    deadline = time.monotonic() + seconds
    documents = 0
    for step in index_rooms():
        documents += step.documents
        if time.monotonic() > deadline:
            break
    return documents


def catch_up() -> None:
    """
    Index the latest changes before a search, for about CATCH_UP_SECONDS, if no monitor works.

    So a site without a monitor, as under `runserver`, finds new messages too. Do nothing during an outage of Redis.
    """
    try:
        has_monitor = store.count_leases(MONITOR_LEASE) > 0
    except OUTAGES:
        return
    if not has_monitor:
        index_changes(CATCH_UP_SECONDS)


def index_rooms(slug: str | None = None) -> Iterator[Step]:
    """Index all rooms except boards, or the room `slug`, up to the present offsets. Yield a Step per room and batch."""
    dues = deque(SearchProgress.objects.get_due(VERSION, slug))
    while dues:
        parts = _read_batch(dues)
        stored = _store_batch(parts)
        for part in parts:
            if part.due.room_id in stored:
                yield Step(part.due.slug, part.upto, part.due.offset, part.size)
            elif dues and dues[0].room_id == part.due.room_id:
                dues.popleft()  # another process indexes this room


def forget_progress(slug: str | None = None) -> None:
    """Let all rooms, or the room `slug`, be indexed again from the beginning. Their messages can still be found."""
    progress = SearchProgress.objects.all() if slug is None else SearchProgress.objects.filter(room__slug=slug)
    progress.update(version=0)


@dataclass(frozen=True)
class _Part:
    """
    The part of a batch that belongs to a room: its changes up to the offset `upto`.

    `documents` are new or replace others. `outdated` are the ids of the messages whose documents are deleted first.
    `days` are {day: (smallest id, largest id)} of the messages.
    """

    due: Due
    upto: int
    documents: list[Document]
    outdated: list[int]
    days: dict[date, tuple[int, int]]

    @property
    def size(self) -> int:
        """Return how many documents are stored or deleted."""
        return len({*self.outdated, *(document.message_id for document in self.documents)})


def _read_batch(dues: deque[Due]) -> list[_Part]:
    """Take at most BATCH changes from the rooms in `dues`. Leave the rest of the last room in `dues`."""
    parts: list[_Part] = []
    left = BATCH
    while dues and left > 0:
        due = dues.popleft()
        changed = get_changed_messages(due.room_id, due.after, due.offset, left)
        upto = changed[-1].offset if len(changed) == left else due.offset
        parts.append(_make_part(due, upto, changed))
        left -= len(changed)
        if upto < due.offset:
            dues.appendleft(due._replace(after=upto))
    return parts


def _make_part(due, upto, changed):
    present = SearchDocument.objects.get_digests([message.id for message in changed])
    shown = [message for message in changed if not message.is_removed]
    files = find_files(due.room_id, shown)
    documents = [make_document(message, due, files.get(message.number, NO_FILES)) for message in shown]
    # A reaction changes a message, and not its document.
    documents = [document for document in documents if present.get(document.message_id) != document.digest]
    removed_ids = {message.id for message in changed if message.is_removed}
    outdated = (removed_ids | {document.message_id for document in documents}) & present.keys()
    return _Part(due, upto, documents, sorted(outdated), _find_days(changed))


def _find_days(changed):
    ids: dict[date, list[int]] = {}
    for message in changed:
        ids.setdefault(message.created_at.date(), []).append(message.id)
    return {day: (min(found), max(found)) for day, found in ids.items()}


def _unite_days(parts):
    days: dict[date, tuple[int, int]] = {}
    for part in parts:
        for day, (first, last) in part.days.items():
            known = days.get(day, (first, last))
            days[day] = min(first, known[0]), max(last, known[1])
    return days


def _store_batch(parts: list[_Part]) -> set[int]:
    """Store a batch. Return the ids of the rooms that this call has indexed."""
    try:
        return _store(parts)
    except IntegrityError:
        # A room or a message was deleted after it was read. The other rooms can be stored.
        return {room_id for part in parts for room_id in _store_alone(part)}


def _store_alone(part):
    try:
        return _store([part])
    except IntegrityError:
        logger.info("Room %s was changed while it was indexed; the next call indexes it again", part.due.slug)
        return set()


def _store(parts):
    # One transaction for many rooms: on SQLite, a commit costs as much as the documents of many messages.
    with transaction.atomic():
        # Two processes take the locks of the rooms in the same order.
        in_order = sorted(parts, key=lambda part: part.due.room_id)
        moved = [part for part in in_order if SearchProgress.objects.move(part.due, VERSION, part.upto)]
        outdated = [message_id for part in moved for message_id in part.outdated]
        SearchDocument.objects.replace(outdated, [document for part in moved for document in part.documents])
        SearchDay.objects.record(_unite_days(moved))
    return {part.due.room_id for part in moved}

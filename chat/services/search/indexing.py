"""
Indexing: bring the index up to date with the messages.

Each room has a cursor, the offset up to which it is indexed. A batch reads the messages that changed after the cursor,
and stores their documents and the new cursor in one short transaction. So a batch may be interrupted, and may run in
several processes beside a live site: only one of them stores it. Posting a message writes nothing for the index.

This module writes SearchDocument and SearchProgress. It publishes nothing.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from chat.models import Due, SearchDocument, SearchProgress, get_changed_messages

from .documents import VERSION, make_document

logger = logging.getLogger(__name__)

# One batch of SQLite holds the lock of all writers for about 20 ms.
BATCH = 200  # changes of messages
# One turn of the monitor works for about this time. The monitor must renew its lease within ten seconds.
TURN_SECONDS = 1.0


@dataclass(frozen=True)
class Step:
    """One batch is done: `done` of `total` changes of a room are indexed. `documents` were stored or deleted."""

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


def index_rooms(slug: str | None = None) -> Iterator[Step]:
    """Index all rooms, or the room `slug`, up to their present offsets. Yield after each batch."""
    for due in SearchProgress.objects.get_due(VERSION, slug):
        yield from _index_room(due)


def forget_progress(slug: str | None = None) -> None:
    """Let all rooms, or the room `slug`, be indexed again from the beginning. Their messages can be found meanwhile."""
    progress = SearchProgress.objects.all() if slug is None else SearchProgress.objects.filter(room__slug=slug)
    progress.update(version=0)


def _index_room(due: Due) -> Iterator[Step]:
    while due.after < due.offset:
        changed = get_changed_messages(due.room_id, due.after, due.offset, BATCH)
        upto = changed[-1].offset if len(changed) == BATCH else due.offset
        documents = _store_batch(due, changed, upto)
        if documents is None:
            return  # another process indexes this room
        due = due._replace(after=upto)
        yield Step(due.slug, upto, due.offset, documents)


def _store_batch(due, changed, upto):
    """Store the documents of changed messages. Return how many were stored or deleted, or None if nothing was."""
    present = SearchDocument.objects.get_digests([message.id for message in changed])
    documents = [make_document(message, due) for message in changed if not message.is_removed]
    # A reaction changes a message, and not its document.
    documents = [document for document in documents if present.get(document.message_id) != document.digest]
    removed = [message.id for message in changed if message.is_removed and message.id in present]
    outdated = [document.message_id for document in documents if document.message_id in present]
    try:
        with transaction.atomic():
            if not SearchProgress.objects.move(due, VERSION, upto):
                return None
            SearchDocument.objects.replace(outdated + removed, documents)
    except IntegrityError:
        # The room or a message was deleted after it was read. The next call reads the room again.
        logger.info("Room %s was changed while it was indexed; it is indexed again", due.slug)
        return None
    return len(documents) + len(removed)

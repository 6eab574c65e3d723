"""
Threads of imported messages: their numbers, and the people who follow them.

An import stores many replies at once, and then calls this module, which counts them. A second call changes nothing.
This module writes Thread and ThreadMember, and sets the bit THREAD of the first messages. It publishes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import F
from django.db.models.functions import Coalesce

from chat.models import AdditionBit, Message, Thread, ThreadMember

from .replies import MAX_LAST_AUTHORS

ROOTS_PER_CALL = 200
_COUNTED = ["count", "last_number", "last_at", "offset", "authors_from"]


def find_imported_roots(room_id: int, after: int) -> list[int]:
    """Return at most ROOTS_PER_CALL numbers above `after` of messages that have replies, in ascending order."""
    replies = Message.objects.filter(room=room_id, thread_root__gt=after)
    return list(replies.order_by("thread_root").values_list("thread_root", flat=True).distinct()[:ROOTS_PER_CALL])


def store_imported_threads(room_id: int, roots: Collection[int]) -> None:
    """
    Count the replies of threads to which an import has added replies. Call this in a transaction, with few roots.

    The authors of a thread follow it, and imported replies count as read.
    """
    replies = _find_replies(room_id, roots)
    threads = {thread.number: thread for thread in Thread.objects.filter(room=room_id, number__in=roots)}
    before = {thread.id: thread.last_number for thread in threads.values()}
    new = [Thread(room_id=room_id, number=root) for root in sorted(roots) if root not in threads]
    for thread in (*threads.values(), *new):
        _count(thread, replies[thread.number])
    Thread.objects.bulk_update(list(threads.values()), _COUNTED)
    Thread.objects.bulk_create(new)
    bits = Coalesce(F("additions"), 0).bitor(int(AdditionBit.THREAD))
    Message.objects.filter(room=room_id, number__in=roots).update(additions=bits)
    _store_members(room_id, roots, replies, before)


class Reply(NamedTuple):
    """The values of a reply that its thread needs."""

    number: int
    offset: int
    author_id: int
    created_at: datetime


def _find_replies(room_id: int, roots: Collection[int]) -> defaultdict[int, list[Reply]]:
    """Return {number of the root: its replies that are not removed}."""
    found: defaultdict[int, list[Reply]] = defaultdict(list)
    replies = Message.objects.filter(room=room_id, thread_root__in=roots, removed_at=None).order_by("number")
    for root, *values in replies.values_list("thread_root", *Reply._fields):
        found[root].append(Reply(*values))
    return found


def _count(thread: Thread, replies: Sequence[Reply]) -> None:
    thread.count = len(replies)
    if replies:
        thread.last_number, thread.last_at = replies[-1].number, replies[-1].created_at
        thread.offset = max(reply.offset for reply in replies)
    thread.authors_from = min(sorted(_find_newest(replies).values())[-MAX_LAST_AUTHORS:], default=0)


def _find_newest(replies: Sequence[Reply]) -> dict[int, int]:
    """Return {id of an author: the number of the author's newest reply}."""
    return {reply.author_id: reply.number for reply in replies}


def _store_members(
    room_id: int, roots: Collection[int], replies: dict[int, list[Reply]], before: dict[int, int]
) -> None:
    """Let the authors follow the threads. `before` is {id of an earlier thread: the number of its last reply}."""
    first = dict(Message.objects.filter(room=room_id, number__in=roots).values_list("number", "author_id"))
    entries: defaultdict[int, list[ThreadMember]] = defaultdict(list)
    for entry in ThreadMember.objects.filter(thread__in=list(before)):
        entries[entry.thread_id].append(entry)
    changed: list[ThreadMember] = []
    new: list[ThreadMember] = []
    for thread in Thread.objects.filter(room=room_id, number__in=roots).order_by("number"):
        newest = _find_newest(replies[thread.number])
        people = {*newest, first[thread.number]} if thread.number in first else set(newest)
        for entry in entries[thread.id]:
            people.discard(entry.person_id)
            entry.replied = newest.get(entry.person_id)
            if entry.read_number >= before[thread.id]:
                entry.read_number = thread.last_number
            changed.append(entry)
        new += [_make_member(thread, person_id, newest.get(person_id)) for person_id in sorted(people)]
    ThreadMember.objects.bulk_update(changed, ["replied", "read_number"])
    ThreadMember.objects.bulk_create(new)


def _make_member(thread: Thread, person_id: int, replied: int | None) -> ThreadMember:
    return ThreadMember(
        room_id=thread.room_id,
        thread=thread,
        person_id=person_id,
        state=ThreadMember.FOLLOWED,
        read_number=thread.last_number,
        replied=replied,
    )

"""
Read threads: the replies of one thread in pages, and the threads that a person follows. This module writes nothing.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Case, Count, F, IntegerField, Q, Value, When

from chat import protocol
from chat.models import Message, Person, Room, ThreadMember, find_summaries, read_page, snapshot
from chat.services import rooms

OWN_THREADS = 30  # on a page


@dataclass(frozen=True)
class ThreadPage:
    """
    Replies of a thread as `message` events, in ascending order of id.

    - `root`: the first message as an event, or None if it was deleted.
    - `summary`: the field `thread` of each message of the thread.
    - `more`: there are more replies in the direction of the request.
    - `state`: what the person has chosen.
    - `read`: the id of the last reply that the person has read; None for a person who never followed the thread.
    - `offset`: the page contains all changes up to this offset of the room.
    """

    root: dict | None
    summary: dict
    messages: list[dict]
    more: bool
    state: str
    read: int | None
    offset: int


def get_thread(
    person: Person, slug: str, number: int, before: int | None = None, after: int | None = None, limit: int = 50
) -> ThreadPage:
    """
    Return replies of the thread that the message `number` begins, or in which it is a reply.

    Return at most `limit`: those before the id `before`, those after the id `after`, or the newest ones. A message
    without replies is a thread without replies. Raise `not_found` or `forbidden` for the room; `not_found` if there is
    neither such a message nor such a thread.
    """
    room = rooms.get_readable_room(person, slug)
    with snapshot():
        offset = Room.objects.read_offset(room.id)
        in_room = Message.objects.complete().filter(room=room)
        asked = in_room.filter(number=number).first()
        root = number if asked is None or asked.thread_root is None else asked.thread_root
        first = asked if asked is None or asked.number == root else in_room.filter(number=root).first()
        summary = find_summaries(room.id, [root]).get(root)
        if first is None and summary is None:
            raise rooms.make_no_message_error()
        found, more = _read_replies(in_room.filter(thread_root=root), before, after, limit)
        events = rooms.describe_messages(found if first is None else [first, *found])
        entry = ThreadMember.objects.filter(room=room, thread__number=root, person=person).first()
    return ThreadPage(
        root=None if first is None else events[0],
        summary=protocol.thread_summary(*summary) if summary else protocol.thread_summary(root, 0, 0, None, []),
        messages=events if first is None else events[1:],
        more=more,
        state=entry.state if entry else ThreadMember.NONE,
        read=entry.read_number if entry else None,
        offset=offset,
    )


def _read_replies(replies, before, after, limit):
    if after is not None:
        return read_page(replies.filter(number__gt=after).order_by("number"), limit)
    found, more = read_page(replies.before(before), limit)
    return found[::-1], more


@dataclass(frozen=True)
class OwnThread:
    """
    A thread that a person follows.

    - `summary`: the field `thread` of its messages.
    - `root`, `last`: the first message and the last reply as events, or None if they were deleted.
    - `unread`: the number of unread replies of other people.
    """

    room: Room
    summary: dict
    root: dict | None
    last: dict | None
    unread: int


def get_own_threads(person: Person, page: int = 0) -> tuple[list[OwnThread], bool]:
    """
    Return (a page of the threads that a person follows, whether there are more).

    Threads with unread replies come first, then the others; within both parts, the thread with the newest reply comes
    first. Leave out threads without replies, and threads in rooms of which the person is not a member or which the
    person may not read now.
    """
    is_unread = Case(
        When(thread__last_number__gt=F("read_number"), then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    with snapshot():
        readable = rooms.get_readable_rooms(person).make_filter("room")
        mine = ThreadMember.objects.filter(readable, person=person, state=ThreadMember.FOLLOWED, thread__count__gt=0)
        mine = mine.filter(room__members__person=person).select_related("room", "thread").annotate(is_unread=is_unread)
        found, more = read_page(mine.order_by("-is_unread", "-thread__last_at", "-id"), OWN_THREADS, page)
        return _describe(person, found), more


def _describe(person: Person, entries: list[ThreadMember]) -> list[OwnThread]:
    if not entries:
        return []
    shown = reduce(
        or_, (Q(room=entry.room_id, number__in=[entry.thread.number, entry.thread.last_number]) for entry in entries)
    )
    messages = list(Message.objects.complete().filter(shown))
    events = {
        (message.room_id, message.number): event
        for message, event in zip(messages, rooms.describe_messages(messages), strict=True)
    }
    unread = _count_unread(person, [entry for entry in entries if entry.thread.last_number > entry.read_number])
    summaries = {
        room_id: find_summaries(room_id, [entry.thread.number for entry in entries if entry.room_id == room_id])
        for room_id in {entry.room_id for entry in entries}
    }
    return [
        OwnThread(
            room=entry.room,
            summary=protocol.thread_summary(*summaries[entry.room_id][entry.thread.number]),
            root=events.get((entry.room_id, entry.thread.number)),
            last=events.get((entry.room_id, entry.thread.last_number)),
            unread=unread.get((entry.room_id, entry.thread.number), 0),
        )
        for entry in entries
    ]


def _count_unread(person: Person, entries: list[ThreadMember]) -> dict[tuple[int, int], int]:
    """Return {(id of the room, number of the root): unread replies of other people}, with one statement."""
    if not entries:
        return {}
    fresh = reduce(
        or_,
        (Q(room=entry.room_id, thread_root=entry.thread.number, number__gt=entry.read_number) for entry in entries),
    )
    replies = Message.objects.filter(fresh, removed_at=None).exclude(author=person)
    counted = replies.order_by().values("room_id", "thread_root").annotate(replies=Count("id"))
    return {(row["room_id"], row["thread_root"]): row["replies"] for row in counted}

"""
Threads: the replies to one message, the people who follow them, and what is unread in them.

A Thread names its first message, the root, by its room and its number. `Message.thread_root` of each reply has the same
number. The statements here run once for a page of messages, or once for a reply.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection, models

from .join_state import BANNED_GUEST_OF_BROWSER
from .people import Person
from .read_connection import get_read_connection
from .rooms import Room
from .times import make_aware


class Thread(models.Model):
    """
    The replies to one message: how many there are, and which one is the last.

    `count`, `last_number` and `last_at` leave out removed replies. The transaction that changes a reply also changes
    these values, and has locked the room. So the values always agree with the rows.
    """

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, related_name="+", db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField()
    count = models.IntegerField(default=0)
    last_number = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    # The offset of the reply, or of its removal, that changed these values last.
    offset = models.BigIntegerField(default=0)
    # The summary names the people whose newest reply (`ThreadMember.replied`) has at least this number.
    authors_from = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "number"], name="one_thread_per_message")]

    def __str__(self):
        return f"{self.room_id}/{self.number}"


class ThreadMember(models.Model):
    """
    What one person has read of one thread, and whether the person follows it.

    `state`: a follower gets a notice of each reply. A person who has muted the thread does not become a follower again
    by a reply or a mention. `none` is the state of everybody else.
    """

    FOLLOWED, MUTED, NONE = "followed", "muted", "none"
    STATES = [(state, state) for state in (FOLLOWED, MUTED, NONE)]

    id = models.BigAutoField(primary_key=True)
    # The room of the thread. The index of the constraint counts the unread threads of a person's room.
    room = models.ForeignKey(Room, related_name="+", db_index=False, on_delete=models.CASCADE)
    thread = models.ForeignKey(Thread, related_name="members", on_delete=models.CASCADE)
    person = models.ForeignKey(Person, related_name="+", db_index=False, on_delete=models.CASCADE)
    state = models.CharField(max_length=8, choices=STATES, default=NONE)
    read_number = models.BigIntegerField(default=0)
    # The number of the person's newest reply that is not removed; null for none.
    replied = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "room", "thread"], name="one_member_per_thread")]

    def __str__(self):
        return f"{self.person} in {self.thread}"


class Summary(NamedTuple):
    """
    A thread as everybody sees it, after the change with this offset.

    `authors` are the handles of the last people who replied, the newest first.
    """

    root: int
    offset: int
    replies: int
    last_at: datetime | None
    authors: list[str]


def find_summaries(room_id: int, roots: Collection[int]) -> dict[int, Summary]:
    """Return {number of the root: Summary} of the threads of one room, in one statement."""
    numbers = sorted(set(roots))
    if not numbers:
        return {}
    with get_read_connection().cursor() as cursor:
        cursor.execute(_SELECT_SUMMARIES.format(marks=", ".join(["%s"] * len(numbers))), [room_id, *numbers])
        rows = cursor.fetchall()
    found: dict[int, Summary] = {}
    for root, offset, count, last_at, handle in rows:
        summary = found.setdefault(root, Summary(root, offset, count, make_aware(last_at), []))
        if handle is not None:
            summary.authors.append(handle)
    return found


class Follower(NamedTuple):
    """
    A person who follows a thread and may read its room.

    - `level`: the person's notification level in the room; None means `all`.
    - `unread`: the number of threads of the room with unread replies that the person follows.
    """

    person_id: int
    level: str | None
    unread: int


def find_followers(thread: Thread, person_id: int | None = None) -> list[Follower]:
    """Return the followers of a thread, or one person's entry in any state, in one statement."""
    only, parameters = ("state = 'followed'", []) if person_id is None else ("person_id = %s", [person_id])
    with connection.cursor() as cursor:
        cursor.execute(_SELECT_FOLLOWERS.format(only=only), [thread.id, *parameters])
        return [Follower(*row) for row in cursor.fetchall()]


_SELECT_SUMMARIES = """
    SELECT thread.number, thread."offset", thread.count, thread.last_at, person.handle
    FROM chat_thread thread
    LEFT JOIN chat_threadmember author ON author.thread_id = thread.id AND author.replied >= thread.authors_from
    LEFT JOIN chat_person person ON person.id = author.person_id
    WHERE thread.room_id = %s AND thread.number IN ({marks})
    ORDER BY thread.number, author.replied DESC
"""
# The number of threads of a room (`member.room_id`) with unread replies that a person (`member.person_id`) follows.
UNREAD_THREADS = """
    SELECT COUNT(*) FROM chat_threadmember follower JOIN chat_thread thread ON thread.id = follower.thread_id
    WHERE follower.person_id = member.person_id AND follower.room_id = member.room_id
        AND follower.state = 'followed' AND thread.last_number > follower.read_number
"""
_SELECT_FOLLOWERS = f"""
    SELECT member.person_id, member.level, ({UNREAD_THREADS})
    FROM chat_threadmember entry
    JOIN chat_member member ON member.person_id = entry.person_id AND member.room_id = entry.room_id
    JOIN chat_person person ON person.id = entry.person_id
    JOIN chat_room room ON room.id = entry.room_id
    WHERE entry.thread_id = %s AND entry.{{only}} AND person.is_active AND member.role <> 'banned' AND NOT (
        person.is_guest AND COALESCE(room.closed_to_guests, FALSE)
        OR member.role NOT IN ('moderator', 'owner') AND EXISTS ({BANNED_GUEST_OF_BROWSER})
    )
"""

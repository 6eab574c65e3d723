"""
What a handshake reads about a person who enters a room: what is new, whether the person may stay, what is to send.

Every handshake reads both, and there is nearly always nothing to send. So the statements are built once; statements.py
gives the reason.
"""

from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from .rooms import Member

MAX_UNREAD = 1000  # messages after the read marker that a handshake counts


class JoinState(NamedTuple):
    """
    `may_stay`: the member exists, is not banned, and is no guest in a room that is closed to guests. The other fields:
    whether there may be something to send.
    """

    may_stay: bool
    has_tasks: bool
    has_announcements: bool


def get_join_state(member: Member) -> JoinState:
    """Read the present JoinState of a member, in one statement, and return it."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [member.id, member.person_id, member.room_id, now, now])
        return JoinState(*(bool(found) for found in cursor.fetchone()))


_SELECT = """
    SELECT
        EXISTS (
            SELECT 1 FROM chat_member member
            JOIN chat_person person ON person.id = member.person_id
            JOIN chat_room room ON room.id = member.room_id
            WHERE member.id = %s AND member.role <> 'banned'
            AND NOT (person.is_guest AND room.access <> 'board' AND COALESCE(room.closed_to_guests, FALSE))
        ),
        EXISTS (SELECT 1 FROM chat_task WHERE person_id = %s AND room_id = %s AND expires_at > %s),
        EXISTS (SELECT 1 FROM chat_announcement WHERE expires_at > %s)
"""


class News(NamedTuple):
    """
    What `joined` says about news.

    - `announced`: the id of the newest announcement, 0 if there is none.
    - `unread`: how many messages of other people the member has not read, without removed messages.
    - `first_unread`: the number of the first of these messages, or None.
    """

    announced: int
    unread: int
    first_unread: int | None


def get_news(member: Member) -> News:
    """
    Read the News of a member, in one statement, and return them. `member.room` was just read.

    Unread are messages after the read marker and up to `member.room.offset`. Only the first MAX_UNREAD messages after
    the marker are read, so a person who was away for a year connects as fast as everybody else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT_NEWS, [member.room_id, member.read_offset, member.room.offset, MAX_UNREAD, member.person_id]
        )
        return News(*cursor.fetchone())


_SELECT_NEWS = """
    SELECT
        (
            SELECT COALESCE(MAX(id), 0)
            FROM chat_announcement
        ),
        COUNT(*),
        MIN(number)
    FROM (
        SELECT number, author_id, removed_at FROM chat_message
        WHERE room_id = %s AND number > %s AND number <= %s ORDER BY number LIMIT %s
    ) fresh
    WHERE author_id <> %s AND removed_at IS NULL
"""

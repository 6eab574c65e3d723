"""
The join state: whether a person who enters a room may stay, and whether there are tasks or announcements to send.

Every handshake reads the join state, and there is nearly always nothing to send. So the statements are built once;
statements.py gives the reason.
"""

from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from .rooms import Member


class JoinState(NamedTuple):
    """`may_stay`: the member exists and is not banned. The other fields: whether there may be something to send."""

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
        EXISTS (SELECT 1 FROM chat_member WHERE id = %s AND role <> 'banned'),
        EXISTS (SELECT 1 FROM chat_task WHERE person_id = %s AND room_id = %s AND expires_at > %s),
        EXISTS (SELECT 1 FROM chat_announcement WHERE expires_at > %s)
"""


def get_newest_announcement_id() -> int:
    """Return the id of the newest announcement, or 0 if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM chat_announcement")
        return cursor.fetchone()[0]

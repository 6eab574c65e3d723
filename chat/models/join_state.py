"""
What somebody who comes into a room has to hear of: asked once for every connection, and mostly answered with nothing.

The statements are built once, for the reason in statements.py.
"""

from typing import NamedTuple

from django.db import connection
from django.utils import timezone


class Surroundings(NamedTuple):
    """Whether a member has a standing still and is not banned, has tasks in the room, and any announcement stands."""

    may_stay: bool
    has_tasks: bool
    has_announcements: bool


def look_around(member):
    """Returns the Surroundings of a member as they are now. One statement."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [member.id, member.person_id, member.room_id, now, now])
        return Surroundings(*(bool(found) for found in cursor.fetchone()))


_LOOK = """
    SELECT
        EXISTS (SELECT 1 FROM chat_member WHERE id = %s AND role <> 'banned'),
        EXISTS (SELECT 1 FROM chat_task WHERE person_id = %s AND room_id = %s AND expires_at > %s),
        EXISTS (SELECT 1 FROM chat_announcement WHERE expires_at > %s)
"""


def get_newest_announcement_id():
    """Returns the id of the newest announcement, 0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM chat_announcement")
        return cursor.fetchone()[0]

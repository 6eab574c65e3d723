"""
The statements that every handshake runs for a person who enters a room.

- The first statement reads who is present.
- The second statement reads what is new in the room.
- The third statement reads whether the person may stay, and whether there are messages, tasks or announcements to send.

The statements are built only once; statements.py gives the reason.
"""

from functools import cache
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from .rooms import Member

MAX_UNREAD = 1000  # messages after the read marker that a handshake counts


class JoinState(NamedTuple):
    """
    The rights of a member, and what the server may have to send.

    - `may_stay`: the member exists, is not banned, and is not a guest in a room that is closed to guests. No other
      guest of the person's browser is banned; for an account, only earlier guests count. Bans of other guests do not
      apply to moderators, owners and visitors of a board.
    - `has_tasks`: the person may have tasks in the room.
    - `has_announcements`: there may be announcements for the person.
    - `offset`: the present offset of the room, or None if the room was deleted.
    """

    may_stay: bool
    has_tasks: bool
    has_announcements: bool
    offset: int | None


def get_join_state(member: Member) -> JoinState:
    """Read the present JoinState of a member, in one statement, and return it."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [member.id, member.person_id, member.room_id, now, now, member.room_id])
        may_stay, has_tasks, has_announcements, offset = cursor.fetchone()
    return JoinState(bool(may_stay), bool(has_tasks), bool(has_announcements), offset)


# The banned guests of a person's browser. Such a ban applies to the browser's other guests, and to accounts that are
# newer than the guest. The statements call the rows of the person `member` and `person`.
BANNED_GUEST_OF_BROWSER = """
    SELECT 1 FROM chat_person guest JOIN chat_member ban ON ban.person_id = guest.id
    WHERE guest.browser = person.browser AND guest.is_guest AND guest.id <> person.id
    AND ban.room_id = member.room_id AND ban.role = 'banned'
    AND (person.is_guest OR guest.created_at < person.created_at)
"""
_SELECT = f"""
    SELECT
        EXISTS (
            SELECT 1 FROM chat_member member
            JOIN chat_person person ON person.id = member.person_id
            JOIN chat_room room ON room.id = member.room_id
            WHERE member.id = %s AND member.role <> 'banned'
            AND NOT (person.is_guest AND room.access <> 'board' AND COALESCE(room.closed_to_guests, FALSE))
            AND (
                person.browser IS NULL OR room.access = 'board' OR member.role IN ('moderator', 'owner')
                OR NOT EXISTS ({BANNED_GUEST_OF_BROWSER})
            )
        ),
        EXISTS (SELECT 1 FROM chat_task WHERE person_id = %s AND room_id = %s AND expires_at > %s),
        EXISTS (SELECT 1 FROM chat_announcement WHERE expires_at > %s),
        (SELECT "offset" FROM chat_room WHERE id = %s)
"""


def find_present(room_id: int, handle_keys: list[str]) -> list[tuple[str, bool, str]]:
    """
    Return the members of a room who have these keys of handles (at most a few hundred), in one statement.

    A member is a tuple (handle, whether the person is a guest, role).
    """
    if not handle_keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_select_present(len(handle_keys)), [room_id, *handle_keys])
        return cursor.fetchall()


@cache
def _select_present(number: int) -> str:
    # For five keys and more, SQLite would read all members of the room, connected or not. CROSS JOIN makes it find the
    # people first. For PostgreSQL, it means the same as JOIN.
    return f"""
        SELECT person.handle, person.is_guest, member.role
        FROM chat_person person CROSS JOIN chat_member member
        WHERE member.person_id = person.id AND member.room_id = %s
        AND person.handle_key IN ({", ".join(["%s"] * number)})
    """


class News(NamedTuple):
    """
    The news in a `joined` event.

    - `announced`: the id of the newest announcement, 0 if there is none.
    - `unread`: how many messages of other people the member has not read, without removed messages and replies in
      threads; at most MAX_UNREAD.
    - `first_unread`: the number of the first of these messages, or None.
    """

    announced: int
    unread: int
    first_unread: int | None


def get_news(member: Member) -> News:
    """
    Read the News of a member, in one statement, and return them. The caller has just read `member.room`.

    Messages after the read marker and up to `member.room.offset` are unread. The statement reads only the first
    MAX_UNREAD messages after the marker, so a person who was away for a year connects as fast as everybody else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT_NEWS, [member.room_id, member.read_offset, member.room.offset, MAX_UNREAD, member.person_id]
        )
        return News(*cursor.fetchone())


# The one definition of unread messages: the messages of other people after the read marker, without removed messages,
# and without replies in threads, which have read markers of their own. A statement reads only the first {most} messages
# after the marker.
FRESH_MESSAGES = """
    SELECT number, author_id, removed_at, thread_root FROM chat_message
    WHERE room_id = {room} AND number > {read} AND number <= {upto} ORDER BY number LIMIT {most}
"""
IS_UNREAD = "fresh.author_id <> {person} AND fresh.removed_at IS NULL AND fresh.thread_root IS NULL"

_SELECT_NEWS = f"""
    SELECT
        (
            SELECT COALESCE(MAX(id), 0)
            FROM chat_announcement
        ),
        COUNT(*),
        MIN(number)
    FROM ({FRESH_MESSAGES.format(room="%s", read="%s", upto="%s", most="%s")}) fresh
    WHERE {IS_UNREAD.format(person="%s")}
"""

"""
The statements of a person's workspace: the rooms that the person is in, with what is unread in each.

Each function runs one statement for any number of rooms. The statements are built only once; statements.py gives the
reason.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from .join_state import BANNED_GUEST_OF_BROWSER, FRESH_MESSAGES, IS_UNREAD, MAX_UNREAD
from .people import Person
from .rooms import Member, Room
from .statements import Columns, set_related
from .threads import UNREAD_THREADS
from .times import make_aware

MAX_ROOMS = 500  # rooms of one workspace: favourites first, then the most recently active


class Place(NamedTuple):
    """
    A room as one of its members sees it.

    - `unread`: messages of other people after the read marker, without removed ones and without replies in threads; at
      most MAX_UNREAD.
    - `mentions`: messages after the read marker that mention the person, or call all members. Silent mentions do not
      count. Calls by the person, and by people whom the person has blocked, do not count either.
    - `board`: the UUID of the board whose room this is, or None.
    - `threads`: threads with unread replies that the person follows.
    """

    member: Member
    unread: int
    mentions: int
    board: UUID | None
    threads: int

    @property
    def room(self) -> Room:
        """Return the room."""
        return self.member.room


def find_places(person: Person, room_id: int | None = None) -> list[Place]:
    """
    Return the person's rooms, or one of them, in one statement: at most MAX_ROOMS.

    With a token for certain rooms, return only these.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_select(_PLACES, person, room_id))
        return [_make_place(person, iter(row)) for row in cursor.fetchall()]


def _make_place(person: Person, values: Iterator) -> Place:
    member = _MEMBER.make_row(values)
    set_related(member, room=_ROOM.make_row(values), person=person)
    unread, mentions, board, threads = values
    # SQLite returns the hexadecimal digits of a UUID.
    return Place(member, unread, mentions, UUID(str(board)) if board else None, threads)


def find_posts(person: Person) -> dict[int, int]:
    """Return {id of a room: its `posts`} of the rooms that `find_places` finds, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(*_select(_POSTS, person, None))
        return dict(cursor.fetchall())


def find_posts_of_all(person_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """
    Return {id of a person: what `find_posts` returns for the person without a token}, in one statement.

    Leave out the people with more than MAX_ROOMS rooms: the order of their rooms decides which of them `find_posts`
    finds. The statement reads all of their rooms, so callers must not ask for people whose rooms `may_be_cut_off`.
    """
    found: dict[int, dict[int, int]] = {person_id: {} for person_id in person_ids}
    marks = ", ".join(["%s"] * len(found))
    with connection.cursor() as cursor:
        cursor.execute(_POSTS_OF_ALL.format(marks=marks), list(found))
        for person_id, room_id, posts in cursor.fetchall():
            found[person_id][room_id] = posts
    return {person_id: posts for person_id, posts in found.items() if len(posts) <= MAX_ROOMS}


def may_be_cut_off(room_ids: Collection[int]) -> bool:
    """Return whether a workspace with these rooms may leave out other rooms of its person."""
    return len(room_ids) >= MAX_ROOMS


def _select(select: str, person: Person, room_id: int | None) -> tuple[str, list]:
    room_ids = None if person.grant is None else person.grant.room_ids
    if room_id is not None:
        room_ids = frozenset([room_id]) if room_ids is None else room_ids & {room_id}
    if room_ids is None:
        return select + _NEWEST_FIRST, [person.id]
    marks = ", ".join(["%s"] * len(room_ids)) or "NULL"
    return f"{select}AND room.id IN ({marks}){_NEWEST_FIRST}", [person.id, *sorted(room_ids)]


class Counts(NamedTuple):
    """The `unread` and `mentions` of a Place, and the `posts` of the room at the same time."""

    unread: int
    mentions: int
    posts: int


def count_news(member: Member) -> Counts:
    """Return the present Counts of a member, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_NEWS, [member.id])
        return Counts(*cursor.fetchone())


class Newest(NamedTuple):
    """
    The newest state of a room, for an item that all members of the room receive.

    `authors` are the handles of the authors of the newest messages, without replies in threads: one for each message,
    the newest first.
    """

    room_id: int
    slug: str
    offset: int
    posts: int
    last_at: datetime | None
    authors: list[str]


def find_newest(room_id: int, most: int) -> Newest | None:
    """
    Return the Newest of a room, in one statement, or None if the room was deleted.

    Its `authors` are the authors of at most `most` of the newest messages.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SELECT_NEWEST, [room_id, most])
        rows = cursor.fetchall()
    if not rows:
        return None
    slug, offset, posts, last_at, _ = rows[0]
    return Newest(
        room_id, slug, offset, posts, make_aware(last_at), [handle for *_, handle in rows if handle is not None]
    )


_MEMBER = Columns(Member, "member", "id", "room_id", "person_id", "role", "read_offset", "level", "favourite")
_ROOM = Columns(
    Room, "room", "id", "slug", "name", "topic", "access", "archived", "callers", "offset", "posts", "last_at"
)
_UNREAD = f"""
    SELECT COUNT(*) FROM ({
    FRESH_MESSAGES.format(room="member.room_id", read="member.read_offset", upto='room."offset"', most=MAX_UNREAD)
}) fresh WHERE {IS_UNREAD.format(person="member.person_id")}
"""
_MENTIONS = """
    (
        SELECT COUNT(*) FROM chat_mention mention
        WHERE mention.person_id = member.person_id AND mention.room_id = member.room_id
            AND mention.number > member.read_offset AND NOT mention.silent
    ) + (
        SELECT COUNT(*) FROM chat_message call
        WHERE call.room_id = member.room_id AND call.number > member.read_offset AND call.audience IS NOT NULL
            AND call.audience = 'all' AND call.author_id <> member.person_id AND NOT EXISTS (
                SELECT 1 FROM chat_block block
                WHERE block.person_id = member.person_id AND block.blocked_id = call.author_id
            )
    )
"""
_FROM_ALL = f"""
    FROM chat_member member
    JOIN chat_person person ON person.id = member.person_id
    JOIN chat_room room ON room.id = member.room_id
    WHERE member.person_id IN ({{marks}}) AND member.role <> 'banned' AND (room.access = 'board' OR NOT (
        person.is_guest AND COALESCE(room.closed_to_guests, FALSE)
        OR member.role NOT IN ('moderator', 'owner') AND EXISTS ({BANNED_GUEST_OF_BROWSER})
    ))
"""
_FROM = _FROM_ALL.format(marks="%s")
_NEWEST_FIRST = f"""
    ORDER BY member.favourite IS NULL, member.favourite, COALESCE(room.last_at, room.created_at) DESC, room.id DESC
    LIMIT {MAX_ROOMS}
"""
_PLACES = f"""
    SELECT {_MEMBER.sql}, {_ROOM.sql},
        ({_UNREAD}),
        {_MENTIONS},
        (SELECT board.uuid FROM chat_board board WHERE board.room_id = room.id),
        ({UNREAD_THREADS})
    {_FROM}
"""
_POSTS = f"SELECT room.id, COALESCE(room.posts, 0) {_FROM}"
_POSTS_OF_ALL = f"SELECT member.person_id, room.id, COALESCE(room.posts, 0) {_FROM_ALL}"
_COUNT_NEWS = f"""
    SELECT ({_UNREAD}), {_MENTIONS}, COALESCE(room.posts, 0)
    FROM chat_member member JOIN chat_room room ON room.id = member.room_id WHERE member.id = %s
"""

# A room without messages is one row without a handle. Replies in threads do not count in `posts`.
_SELECT_NEWEST = """
    SELECT room.slug, room."offset", COALESCE(room.posts, 0), room.last_at, person.handle
    FROM chat_room room
    LEFT JOIN chat_message message ON message.room_id = room.id AND message.thread_root IS NULL
    LEFT JOIN chat_person person ON person.id = message.author_id
    WHERE room.id = %s ORDER BY message.number DESC LIMIT %s
"""

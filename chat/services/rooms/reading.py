"""
Read a room: backlogs after a cursor, pages of history, messages as `message` events, and read markers.

This module writes and publishes only the read marker of a Member.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import (
    Member,
    Message,
    Room,
    read_changed_messages,
    read_from_replica,
    read_messages_between,
    read_newest_messages,
    snapshot,
)
from chat.protocol import MAX_BACKLOG, NEWEST_MESSAGES, ChatError
from chat.services import custom_emoji, feeds

from .additions import describe_additions
from .mentions import find_mentions

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Backlog:
    """
    Changes of messages as `message` events, complete up to `offset`.

    `more`: there are changes after `offset`. `reset`: the client's cursor is beyond the room's offset, so the client
    drops the messages that it has.
    """

    messages: list[dict]
    offset: int
    more: bool = False
    reset: bool = False


def get_backlog(room: Room, cursor: int | None, offset: int | None = None) -> Backlog:
    """
    Return at most MAX_BACKLOG changes after `cursor`.

    If there is no cursor (None), return the newest messages. If the cursor is beyond the room's offset, return the
    newest messages with `reset`.

    `offset` is the room's offset, if it was read after the client sent its cursor. If it is None, one more query reads
    it.
    """
    with snapshot():
        offset = _read_offset(room) if offset is None else offset
        if cursor is None or cursor > offset:
            newest = read_newest_messages(room.id, None, NEWEST_MESSAGES)[::-1]
            return Backlog(_describe_all(newest), _find_last_offset(newest, offset), reset=cursor is not None)
        return _read_changes(room, cursor, MAX_BACKLOG, offset)


def catch_up(room: Room, cursor: int | None) -> Backlog:
    """
    Return the backlog as `get_backlog` does.

    If `room.offset`, which was just read, shows that the backlog is empty, run no query.
    """
    # Most heartbeats find nothing new, so most of them need no query here. A room without changes has no messages.
    is_empty = cursor == room.offset or (cursor is None and room.offset == 0)
    return Backlog([], room.offset) if is_empty else get_backlog(room, cursor, room.offset)


def get_page(room: Room, before: int | None, limit: int) -> tuple[list[dict], bool]:
    """
    Return (a page of history as `message` events, whether there are older messages).

    The page has at most `limit` messages older than the id `before` (None: the newest), in ascending order of id.
    """
    if before is None:
        return _read_page(room, None, limit)
    return _read_history(room, lambda: _read_page(room, before, limit))


def _read_page(room, before, limit):
    with snapshot():
        # One message more than fits on the page shows whether there are older ones.
        found = read_newest_messages(room.id, before, limit + 1)
        return _describe_all(found[:limit][::-1]), len(found) > limit


def _read_history(room: Room, read: Callable[[], _Result]) -> _Result:
    """
    Return `read()`, which reads older messages, from the replica if there is one.

    `room.offset` was read from the primary server together with the person's right to read. A replica that has not
    reached this offset would show a removed message, or would not have a message that the person has seen.
    """
    return read_from_replica(read, lambda: Room.objects.filter(id=room.id, offset__gte=room.offset).exists())


@dataclass(frozen=True)
class PageAround:
    """Messages around a message as `message` events, in ascending order of id, without gaps."""

    messages: list[dict]
    more_before: bool
    more_after: bool


def get_page_around(room: Room, number: int, limit: int) -> PageAround:
    """
    Return the message with the id `number`, and messages before and after it.

    The page has `limit` messages, as long as the room has enough: half of them before the message, half after it, and
    more on one side if there are too few on the other side. A removed message counts as a message.

    Raise `not_found` if there is no message with this id.
    """
    return _read_history(room, lambda: _read_page_around(room, number, limit))


def _read_page_around(room, number, limit):
    with snapshot():
        in_room = Message.objects.filter(room=room)
        older, newer = in_room.numbers_around(number, limit)
        if number not in older[:1]:
            raise ChatError("not_found", "There is no such message.")
        newer_count = min(len(newer), max(limit // 2, limit - len(older)))
        older_count = min(len(older), limit - newer_count)
        shown = older[:older_count][::-1] + newer[:newer_count]
        found = read_messages_between(room.id, shown[0], shown[-1])
        return PageAround(_describe_all(found), len(older) > older_count, len(newer) > newer_count)


def get_page_at(room: Room, moment: datetime, limit: int) -> tuple[int | None, PageAround]:
    """
    Return (the id of the first message at or after a time, the page around it as from `get_page_around`).

    If there is no such message, return None and the newest messages.
    """
    return _read_history(room, lambda: _read_page_at(room, moment, limit))


def _read_page_at(room, moment, limit):
    with snapshot():
        number = Message.objects.filter(room=room).find_number_at(moment)
        if number is None:
            messages, more = _read_page(room, None, limit)
            return None, PageAround(messages, more, False)
        return number, _read_page_around(room, number, limit)


def get_changes(room: Room, after: int, limit: int) -> Backlog:
    """Return at most `limit` changes after the offset `after`, in ascending order of offset."""
    with snapshot():
        return _read_changes(room, after, limit, _read_offset(room))


def _read_offset(room):
    return Room.objects.read_offset(room.id)


def _read_changes(room, after, limit, offset):
    found = read_changed_messages(room.id, after, limit + 1) if after < offset else []
    changed, more = found[:limit], len(found) > limit
    last = changed[-1].offset if more else _find_last_offset(changed, offset)
    return Backlog(_describe_all(changed), last, more)


def _find_last_offset(messages: list[Message], offset: int) -> int:
    """Return the offset up to which messages are complete. `offset` was read before the messages, or with them."""
    # Offsets become visible in ascending order. So a snapshot with a change has all changes before it.
    return max([offset, *(message.offset for message in messages)])


def mark_read(member: Member, offset: int, connection: Connection | None = None) -> None:
    """
    Move a member's read marker forward, but not beyond `member.room.offset`.

    Publish a moved marker to the member's connections in the room and to the person's streams. `connection` is the
    connection in the room that sent the request (None: another client did). It does not receive the event.
    """
    offset = min(offset, member.room.offset)
    if Member.objects.filter(id=member.id, read_offset__lt=offset).update(read_offset=offset):
        member.read_offset = offset
        group, names = broadcast.member_group(member.id), [connection.name] if connection else []
        broadcast.publish_to_others(group, protocol.read(offset), *names)
        feeds.publish_read(member)


def _describe_all(messages: list[Message]) -> list[dict]:
    more = describe_additions(messages)
    return [
        _describe(message, mentions, more.get(message.number))
        for message, mentions in zip(messages, find_mentions(messages), strict=True)
    ]


def describe_messages(messages: list[Message]) -> list[dict]:
    """
    Return messages as `message` events, in the same order. The messages were read with `complete()`, and may be of
    several rooms.
    """
    events: dict[int, dict] = {}
    for room_id in {message.room_id for message in messages}:
        in_room = [message for message in messages if message.room_id == room_id]
        events.update(zip([message.id for message in in_room], _describe_all(in_room), strict=True))
    return [events[message.id] for message in messages]


def describe(message: Message) -> dict:
    """Return a message that was read with `complete()` as the wire's `message` event."""
    if hasattr(message, "all_mentions"):
        # The message was just stored.
        return _describe(message, message.all_mentions, describe_additions([message]).get(message.number))
    return _describe_all([message])[0]


def preview_body(body: str) -> str:
    """Return the safe HTML of a body that is not stored yet, as a message would carry it."""
    return custom_emoji.render_body(body)


def _describe(message, mentions, more):
    reactions, author = message.group_reactions(), message.author
    event = protocol.message(
        id=message.number,
        offset=message.offset,
        ref=message.ref,
        author=protocol.person(author.handle, author.is_guest),
        body=message.body,
        html=custom_emoji.render_body(message.body),
        at=message.created_at,
        edited_at=message.edited_at,
        removed=message.is_removed,
        reactions=reactions,
        emoji_pictures=custom_emoji.find_pictures(reactions),
        reply_to=message.reply_to,
        mentions=mentions,
        audience=message.audience,
        guests=message.list_reacting_guests(),
        pinned=message.is_pinned,
    )
    return event if more is None else {**event, **more}

"""
Reading a room: backlogs after a cursor, pages of history, and how far somebody has read.
"""

from dataclasses import dataclass

from chat import broadcast, markup, protocol
from chat.connections import Connection
from chat.models import Member, Message, Room, snapshot
from chat.protocol import MAX_BACKLOG, NEWEST


@dataclass(frozen=True)
class Backlog:
    """Changes as `message` events, up to which offset they are complete, and whether there are more."""

    messages: list
    offset: int
    more: bool = False
    reset: bool = False


def get_backlog(room, cursor):
    """Returns what changed after `cursor`; the newest messages for None, and with `reset` for one from the future."""
    with snapshot():
        offset = Room.objects.values_list("offset", flat=True).get(id=room.id)
        if cursor is None or cursor > offset:
            newest = list(_messages(room).before(None)[:NEWEST])[::-1]
            return Backlog(_describe_all(newest), offset, reset=cursor is not None)
        return _changes(room, cursor, MAX_BACKLOG, offset)


def catch_up(room, cursor):
    """The same for a room that has been read for this: most heartbeats find nothing new in it, and ask no further."""
    return Backlog([], cursor) if cursor == room.offset else get_backlog(room, cursor)


def get_page(room, before, limit):
    """Returns (messages older than the id `before`, or the newest for None, by id; whether there are older ones)."""
    with snapshot():
        found = list(_messages(room).before(before)[: limit + 1])
        return _describe_all(found[:limit][::-1]), len(found) > limit


def get_changes(room, after, limit):
    """Returns a Backlog of at most `limit` changes after an offset."""
    with snapshot():
        offset = Room.objects.values_list("offset", flat=True).get(id=room.id)
        return _changes(room, after, limit, offset)


def _changes(room, after, limit, offset):
    changed = list(_messages(room).changed_after(after)[: limit + 1]) if after < offset else []
    more = len(changed) > limit
    changed = changed[:limit]
    return Backlog(_describe_all(changed), changed[-1].offset if more else offset, more)


def mark_read(member: Member, offset: int, connection: Connection) -> None:
    """Moves the person's read marker forward, and tells their other connections in the room."""
    offset = min(offset, member.room.offset)
    if Member.objects.filter(id=member.id, read_offset__lt=offset).update(read_offset=offset):
        broadcast.publish_to_others(broadcast.member_group(member.id), protocol.read(offset), connection.name)


def _messages(room):
    return Message.objects.complete().filter(room=room)


def _describe_all(messages):
    return [describe(message) for message in messages]


def describe(message):
    """Returns a message, read with `complete`, as the wire's `message` event."""
    reactions = {}
    for reaction in message.all_reactions:
        reactions.setdefault(reaction.emoji, []).append(reaction.person.handle)
    return protocol.message(
        id=message.number,
        offset=message.offset,
        ref=message.ref,
        author=message.author.handle,
        body=message.body,
        html=markup.render(message.body),
        at=message.created_at,
        edited_at=message.edited_at,
        removed=message.is_removed,
        reactions=reactions,
        reply_to=message.reply_to,
    )

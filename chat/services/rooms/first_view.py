"""
The first view of a room: its newest messages, and what the person has read. The page of the room contains it.

So a page shows the messages before its socket is open, and the socket sends only what has changed since. This module
does not check who may read the room: `get_readable_room` does. It writes and publishes nothing.
"""

from chat.models import Member, Person, Room, get_news

from .reading import get_backlog


def get_first_view(person: Person, room: Room) -> dict | None:
    """
    Return {offset, read, unread, first_unread, messages}, complete up to the room's `offset`. Return None if the first
    unread message is older than the newest messages, because the room opens at it.

    `messages` are the newest ones as `message` events, and the other fields are those of `joined`. For a person who is
    not a member yet, all messages are read. Set `room.offset` to the present one.
    """
    backlog = get_backlog(room, None)
    room.offset = backlog.offset
    member = Member.objects.find_in_room(room.id, person.id)
    view = {"offset": room.offset, "read": room.offset, "unread": 0, "first_unread": None}
    if member is not None:
        member.room = room
        news = get_news(member)
        view.update(read=member.read_offset, unread=news.unread, first_unread=news.first_unread)
        if news.first_unread is not None and news.first_unread < backlog.messages[0]["id"]:
            return None
    return {**view, "messages": backlog.messages}

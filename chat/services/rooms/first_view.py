"""
The first view of a room: the messages at which it opens, and what the person has read.

The page of the room contains it. So the page shows the messages before its socket is open, and the socket sends only
what has changed since. This module does not check who may read the room: `get_readable_room` does. This module writes
and publishes nothing.
"""

from chat.models import Member, Person, Room, get_news
from chat.protocol import MAX_PAGE, ChatError

from .reading import get_backlog, get_page_around


def get_first_view(person: Person, room: Room) -> dict:
    """
    Return {offset, read, unread, first_unread, messages, more_after} for the room's present `offset`.

    `messages` are the newest ones as `message` events. If the first unread message is older, they are the messages
    around it. `more_after` says whether there are newer messages than these. The other fields are those of `joined`.
    For a person who is not a member yet, all messages are read. Set `room.offset` to the present one. Raise `not_found`
    if the room has been deleted.
    """
    try:
        backlog = get_backlog(room, None)
    except Room.DoesNotExist:
        raise ChatError("not_found", "There is no such room.") from None
    room.offset = backlog.offset
    view = {"offset": room.offset, "read": room.offset, "unread": 0, "first_unread": None}
    member = Member.objects.find_in_room(room.id, person.id)
    if member is not None:
        member.room = room
        news = get_news(member)
        view.update(read=member.read_offset, unread=news.unread, first_unread=news.first_unread)
    page = _find_page_at_unread(room, view["first_unread"], backlog.messages)
    if page is not None:
        return {**view, "messages": page.messages, "more_after": page.more_after}
    return {**view, "messages": backlog.messages, "more_after": False}


def _find_page_at_unread(room, first, newest):
    """Return the page around the first unread message, or None if this message is among the newest ones."""
    if first is None or not newest or first >= newest[0]["id"]:
        return None
    try:
        return get_page_around(room, first, MAX_PAGE)
    except ChatError:
        return None  # the message was deleted after `get_news` had found it

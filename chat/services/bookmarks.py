"""
Bookmarks: messages that a person keeps for themselves. Nobody else sees them.

This module writes Bookmark. It publishes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from chat import protocol
from chat.models import Bookmark, Message, Person, Room, read_page, snapshot
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.rights import Action
from chat.services.scopes import get_room_ids

MAX_BOOKMARKS = 1000  # of one person
PAGE = 50


@dataclass(frozen=True)
class Marked:
    """A bookmark: its id, the room, the message as a `message` event, and the time at which the person set it."""

    id: int
    room: Room
    message: dict
    at: datetime


def set_bookmark(person: Person, slug: str, number: int) -> tuple[Bookmark, bool]:
    """
    Bookmark a message that the person may read. Return (the bookmark, whether it is new).

    Raise `not_found` or `forbidden` for the room; `not_found` if there is no such message or it was removed;
    `forbidden` if the person has MAX_BOOKMARKS bookmarks.
    """
    room = rooms.get_room_for(person, slug, Action.BOOKMARK)
    message = Message.objects.filter(room=room, number=number, removed_at=None).first()
    if message is None:
        raise rooms.make_no_message_error()
    earlier = Bookmark.objects.filter(person=person, message=message).first()
    if earlier is not None:
        return earlier, False
    if Bookmark.objects.filter(person=person).count() >= MAX_BOOKMARKS:
        raise ChatError(
            "forbidden", "You already have %(most)s bookmarks. Delete some first.", most=f"{MAX_BOOKMARKS:,}"
        )
    return Bookmark.objects.get_or_create(person=person, message=message)


def delete_bookmark(person: Person, slug: str, number: int) -> None:
    """
    Delete a bookmark of this person, also in a room that the person may no longer read.

    `slug` may be a former slug of the room. The same queries run for an unknown room and for a room that is hidden from
    the person. Raise `not_found` if there is no such bookmark.
    """
    mine = Bookmark.objects.filter(person=person, message__number=number)
    room_ids = get_room_ids(person)
    if room_ids is not None:
        mine = mine.filter(message__room__in=room_ids)
    known = slug if protocol.is_slug(slug) else ""
    found = mine.filter(message__room__slug=known).delete()[0]
    if not found and not mine.filter(message__room__former_slugs__slug=known).delete()[0]:
        raise ChatError("not_found", "You have no such bookmark.")


def get_bookmarks(person: Person, before: int | None = None) -> tuple[list[Marked], bool]:
    """
    Return (the person's newest bookmarks, or those older than the bookmark `before`; whether there are older ones).

    Leave out removed messages, and messages in rooms that the person may not read now.
    """
    with snapshot():
        readable = rooms.get_readable_rooms(person).make_filter("message__room")
        mine = Bookmark.objects.filter(readable, person=person, message__removed_at=None)
        if before is not None:
            mine = mine.filter(id__lt=before)
        found, more = read_page(mine.order_by("-id"), PAGE)
        messages = Message.objects.complete().select_related("room").in_bulk([mark.message_id for mark in found])
        events = rooms.describe_messages([messages[mark.message_id] for mark in found])
    return [
        Marked(mark.id, messages[mark.message_id].room, event, mark.created_at)
        for mark, event in zip(found, events, strict=True)
    ], more

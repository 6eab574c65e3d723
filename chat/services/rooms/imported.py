"""
Rooms and messages of an import: they get the times, authors and order that they had in the other system.

A new room is private, archived and without members until all of its messages are stored. So nobody sees or changes half
of a room, and an import that was killed can continue. Later messages of the other system are added to a room that is
open already, if none of them is older than the newest message of the room.

An import notifies nobody: its mentions are silent. In a new room, its messages count as read. In an open room, they
count as read for members who had read everything. This module publishes no message. When a room opens, or its
connections are closed, the clients load the messages from the server.

This module writes Room, Member, Message, Mention and Reaction, in transactions of its caller.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member, Mention, Message, Person, Reaction, Room
from chat.protocol import ChatError
from chat.services import feed_posts, feeds
from chat.services.after_commit import close_after_commit
from chat.services.rights import get_default_role

from .called import find_people_in_bodies, split
from .pins import MAX_PINS

# Only this many of the newest pins of an imported room stay, so that people can add as many pins.
MAX_NEW_PINS = MAX_PINS // 2


@dataclass
class NewMessage:
    """
    A message to store. `number` and `offset` are None for a message of a room that is open already.

    - `reply_to`, `thread_root`: a number, or another message of the same batch.
    - `additions`: the AdditionBits of what the caller stores for the message.
    - `reactions`: (emoji, person), each only once.
    """

    room: Room
    author: Person
    body: str
    created_at: datetime
    number: int | None = None
    offset: int | None = None
    reply_to: "NewMessage | int | None" = None
    thread_root: "NewMessage | int | None" = None
    edited_at: datetime | None = None
    removed_at: datetime | None = None
    is_pinned: bool = False
    additions: int = 0
    reactions: list[tuple[str, Person]] = field(default_factory=list)

    def find_root(self) -> int | None:
        """Return the number of the first message of the thread, or None."""
        return _find_number(self.thread_root)


@dataclass
class Opening:
    """The state of a room when its import ends. `offset` is its counter; None: the greatest offset of its messages."""

    access: str
    members: Sequence[Person]
    owners: Sequence[Person]
    is_archived: bool
    people_key: str | None = None
    offset: int | None = None


def begin_imported_room(slug: str, name: str, topic: str, created_at: datetime | None) -> Room:
    """Create a room that nobody sees until `open_imported_room`."""
    fields = {"created_at": created_at} if created_at else {}
    return Room.objects.create(
        slug=slug, name=name, topic=topic, access=Room.PRIVATE, archived=True, closed_to_guests=True, **fields
    )


def find_next_numbers(room_ids: Iterable[int]) -> dict[int, int]:
    """Return {id of a room: the number of its next message} of rooms that are not open yet."""
    found: dict[int, int] = {}
    for part in split(list(room_ids)):
        newest = Message.objects.filter(room__in=part).values_list("room").annotate(newest=Max("number"))
        found.update(dict.fromkeys(part, 1))
        found.update((room_id, number + 1) for room_id, number in newest.order_by())
    return found


def find_newest_time(room_id: int) -> datetime | None:
    """Return the time of the newest message of a room, or None."""
    return Message.objects.filter(room=room_id).order_by("-number").values_list("created_at", flat=True).first()


def store_imported_messages(messages: Sequence[NewMessage]) -> list[int]:
    """
    Store messages with their mentions and reactions, and return their numbers. Call it in a transaction.

    The caller passes the messages of each room in the order of their times. Raise `forbidden` if an open room has a
    message that is newer than the first of them.
    """
    _take_numbers([message for message in messages if message.number is None])
    called = find_people_in_bodies([message.body for message in messages])
    newest_id = Message.objects.aggregate(newest=Max("id"))["newest"] or 0
    stored = Message.objects.bulk_create(
        _make_row(message, len(people)) for message, people in zip(messages, called, strict=True)
    )
    _store_mentions(messages, called)
    if any(message.reactions for message in messages):
        _store_reactions(messages, stored, newest_id)
    return [message.number for message in messages if message.number is not None]


def _take_numbers(messages: Sequence[NewMessage]) -> None:
    """Give numbers to messages of open rooms. Lock the rooms in ascending order of their ids."""
    by_room: defaultdict[int, list[NewMessage]] = defaultdict(list)
    for message in messages:
        by_room[message.room.id].append(message)
    for room_id, added in sorted(by_room.items()):
        shown = [message.created_at for message in added if message.thread_root is None]
        last = Room.objects.take_posts(room_id, len(added), len(shown), shown[-1] if shown else None)
        before = last - len(added)
        newest = find_newest_time(room_id)
        if newest is not None and newest > added[0].created_at:
            raise ChatError(
                "forbidden",
                "A message in the room %(slug)s is newer than the first message to import.",
                slug=added[0].room.slug,
            )
        for number, message in enumerate(added, before + 1):
            message.number = message.offset = number
        # People who had read everything have nothing new to read: they know the messages from the other system.
        Member.objects.filter(room=room_id, read_offset__gte=before).update(read_offset=last)


def _make_row(message: NewMessage, mentioned: int) -> Message:
    return Message(
        room=message.room,
        number=message.number,
        offset=message.offset,
        author=message.author,
        ref=f"import-{message.number}",
        body=message.body,
        reply_to=_find_number(message.reply_to),
        thread_root=message.find_root(),
        additions=int(message.additions) or None,
        created_at=message.created_at,
        edited_at=message.edited_at,
        removed_at=message.removed_at,
        pinned_at=message.created_at if message.is_pinned else None,
        mentioned=mentioned,
    )


def _find_number(answered: NewMessage | int | None) -> int | None:
    return answered.number if isinstance(answered, NewMessage) else answered


def _store_mentions(messages: Sequence[NewMessage], called: list[list[Person]]) -> None:
    # A silent mention is shown in the message. It is not in the person's list of mentions: the list has the order of
    # the rows, and old mentions would be the newest there.
    Mention.objects.bulk_create(
        Mention(room=message.room, number=message.number, person=person, silent=True)
        for message, people in zip(messages, called, strict=True)
        for person in people
    )


def _store_reactions(messages: Sequence[NewMessage], stored: Sequence[Message], newest_id: int) -> None:
    ids = [message.id for message in stored]
    if None in ids:
        # On SQLite, Django 2.2 does not return the ids. SQLite has one writer at a time, so all newer rows are those of
        # this transaction.
        ids = list(Message.objects.filter(id__gt=newest_id).order_by("id").values_list("id", flat=True))
    Reaction.objects.bulk_create(
        Reaction(message_id=id, person=person, emoji=emoji)
        for id, message in zip(ids, messages, strict=True)
        for emoji, person in message.reactions
    )


def open_imported_room(room: Room, opening: Opening) -> None:
    """
    Open a room whose messages are all stored, and add its members. Call it in a transaction.

    The messages count as read. The streams of members who use the site follow the room. The caller notifies the lobby
    when all rooms are open.
    """
    messages = Message.objects.filter(room=room)
    # Replies in threads do not count among the posts of a room.
    shown = messages.filter(thread_root=None).aggregate(posts=Count("id"), last_at=Max("created_at"))
    room.offset = opening.offset or messages.aggregate(newest=Max("offset"))["newest"] or 0
    room.posts, room.last_at = shown["posts"], shown["last_at"]
    room.access, room.archived, room.people_key = opening.access, opening.is_archived, opening.people_key
    room.created_by = opening.owners[0] if opening.owners else None
    room.changed_at = timezone.now()
    room.save()
    _unpin_oldest(room)
    owners = {person.id for person in opening.owners}
    people = {person.id: person for person in (*opening.members, *opening.owners)}
    Member.objects.bulk_create(
        Member(
            room=room,
            person=person,
            role=Member.OWNER if person.id in owners else get_default_role(person),
            read_offset=room.offset,
        )
        for person in people.values()
    )
    for person in people.values():
        # A person who has never signed in has no streams.
        if person.last_login is not None:
            feeds.follow(person, room.id)


def _unpin_oldest(room: Room) -> None:
    pinned = Message.objects.pinned_in(room).order_by("-number").values_list("id", flat=True)
    for part in split(list(pinned)[MAX_NEW_PINS:]):
        Message.objects.filter(id__in=part).update(pinned_at=None)


def refresh_imported_room(room_id: int) -> None:
    """
    Close the connections of an open room to which messages were added, so that the clients load these messages.

    Publish the new state of the room to its feed.
    """
    close_after_commit(broadcast.room_group(room_id), protocol.CLOSE_CONNECTION_LOST)
    feed_posts.publish_newest([room_id])

"""
Feeds: the items that people's own streams (the sockets `/me/`) receive when one of their rooms changes.

The streams of all members of a room are in one group, the room's feed. So a message costs one group item, whatever the
number of members, and no query. The item is the same for everybody: each client computes its unread messages from the
item's `posts`. An item that concerns only one person goes to the group of that person's streams.

Items are sent at most once, and a client finds a lost item with its next heartbeat. This module writes no rows and
checks no rights.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from django.conf import settings

from channels_transport import call_later
from chat import broadcast, protocol
from chat.models import Member, Message, Person, Place, Room, count_news, find_newest, find_places

from .after_commit import after_commit, publish_after_commit

FEED_CHANNEL = "chat.feeds"
MAX_AUTHORS = 50  # authors of the newest messages that an item names
# The ids of the rooms whose newest state this process will publish within CHAT_FEED_SECONDS.
_overdue: set[int] = set()


# New messages.


def publish_post(room: Room, message: Message, posts: int) -> None:
    """
    Publish a new message to the room's feed after the commit. `posts` is the room's number of messages, including this.

    The feed gets at most one item in CHAT_FEED_SECONDS from all workers together, and always the last state.
    """
    after_commit(f"publish it to the feed of room {room.id}", lambda: _publish_post(room, message, posts))


def _publish_post(room: Room, message: Message, posts: int) -> None:
    # This process will soon publish the newest state, which contains this message. So in a burst, a message costs
    # nothing here.
    if room.id in _overdue:
        return
    event = protocol.room(
        room.slug,
        offset=message.offset,
        posts=posts,
        last_at=protocol.format_time(message.created_at),
        by=[message.author.handle],
    )
    _publish_paced(room.id, event, posts)


def publish_newest(room_id: int) -> None:
    """Publish the present state of a room to its feed, unless the feed has it already. A job calls this."""
    newest = find_newest(room_id, MAX_AUTHORS)
    if newest is None:
        return
    event = protocol.room(
        newest.slug,
        offset=newest.offset,
        posts=newest.posts,
        last_at=protocol.format_time(newest.last_at),
        by=newest.authors,
    )
    _publish_paced(room_id, event, newest.posts)


def _publish_paced(room_id: int, event: dict, posts: int) -> None:
    on_held = partial(_publish_later, room_id, posts)
    group = broadcast.feed_group(room_id)
    broadcast.publish_paced(group, event, posts, settings.CHAT_FEED_SECONDS, on_held)


def _publish_later(room_id: int, posts: int, published: int) -> None:
    """Publish the state of a room later, because its feed has just had an item, with the number `published`."""
    if published < posts:
        _overdue.add(room_id)
        call_later(settings.CHAT_FEED_SECONDS, ("feed", room_id), _start_job, room_id)


def _start_job(room_id: int) -> None:
    # A message that commits from now on publishes itself. The job reads every earlier message.
    _overdue.discard(room_id)
    # A worker reads the newest state, because other workers may handle messages of this room too.
    broadcast.start_job(FEED_CHANNEL, {"room": room_id})


def forget_rooms() -> None:
    """Forget for which rooms this process will publish the newest state. Only tests call this."""
    _overdue.clear()


# Changes of a room.


def publish_change(room: Room, **changed: Any) -> None:
    """Publish changed fields of a room to all members after the commit."""
    publish_after_commit(broadcast.feed_group(room.id), lambda: protocol.room(room.slug, **changed))


def publish_move(room: Room, former_slug: str) -> None:
    """Publish to all members after the commit that a room has another slug than `former_slug` from now on."""
    slug = room.slug
    publish_after_commit(broadcast.feed_group(room.id), lambda: protocol.room(former_slug, moved=slug))


def publish_deletion(room_id: int, slug: str) -> None:
    """Publish to all members after the commit that a room was deleted."""
    publish_after_commit(broadcast.feed_group(room_id), lambda: protocol.room_gone(slug))


# Memberships, and changes that concern one person only.


def follow(person: Person, room_id: int) -> None:
    """
    Add a new member's streams to the room's feed after the commit, and publish the room to them.

    A stream that opens meanwhile finds the new membership itself.
    """
    after_commit(f"add the streams of person {person.id} to room {room_id}", lambda: _follow(person, room_id))


def _follow(person: Person, room_id: int) -> None:
    own, feed = broadcast.person_group(person.id), broadcast.feed_group(room_id)
    broadcast.subscribe_members(feed, own)
    places = find_places(person, room_id)
    if not places:
        # Another worker may have banned the person meanwhile, and removed the streams before this worker added them.
        broadcast.unsubscribe_members(feed, own)
    for room in describe_places(person, places):
        broadcast.publish(own, {"type": "room", **room})


def unfollow(person_id: int, room_id: int, slug: str) -> None:
    """
    Remove a former member's streams from the room's feed after the commit, and publish to them that the room is gone.

    After this, the streams receive nothing of the room.
    """
    after_commit(
        f"remove the streams of person {person_id} from room {room_id}", lambda: _unfollow(person_id, room_id, slug)
    )


def _unfollow(person_id: int, room_id: int, slug: str) -> None:
    own = broadcast.person_group(person_id)
    # This Redis command runs before the request publishes anything to the room.
    broadcast.unsubscribe_members(broadcast.feed_group(room_id), own)
    broadcast.publish(own, protocol.room_gone(slug))


def drop(person_id: int, room_id: int) -> None:
    """Do what `unfollow` does, but publish nothing: the person may never have known the room."""
    after_commit(
        f"remove the streams of person {person_id} from room {room_id}",
        lambda: broadcast.unsubscribe_members(broadcast.feed_group(room_id), broadcast.person_group(person_id)),
    )


def publish_to_person(person_id: int, slug: str, **changed: Any) -> None:
    """Publish changed fields of a room to one person's streams after the commit."""
    publish_after_commit(broadcast.person_group(person_id), lambda: protocol.room(slug, **changed))


def publish_read(member: Member) -> None:
    """Publish to a person's streams what is unread in a room after the read marker of `member` has moved."""
    after_commit(f"publish the read marker of member {member.id}", lambda: _publish_read(member))


def _publish_read(member: Member) -> None:
    room = member.room
    # A person who has read everything needs no query.
    is_behind = member.read_offset < room.offset
    unread, mentions, posts = count_news(member) if is_behind else (0, 0, room.posts or 0)
    changed = {
        "read": member.read_offset,
        "unread": unread,
        "mentions": unread if room.access == Room.DIRECT else mentions,
        "posts": posts,
    }
    broadcast.publish(broadcast.person_group(member.person_id), protocol.room(room.slug, **changed))


# Descriptions.


def describe_places(person: Person, places: Collection[Place]) -> list[dict]:
    """Return the fields of a person's rooms. If there are direct conversations, run one query for their people."""
    people = find_people(place.room.id for place in places if place.room.access == Room.DIRECT)
    return [_describe(person, place, people.get(place.room.id)) for place in places]


def find_people(room_ids: Iterable[int]) -> dict[int, list[Person]]:
    """Return {id of a direct conversation: its people}. Run no query for no ids."""
    ids, people = list(room_ids), defaultdict(list)
    if ids:
        for member in Member.objects.filter(room_id__in=ids).select_related("person").order_by("person_id"):
            people[member.room_id].append(member.person)
    return people


def name_people(people: Iterable[Person]) -> str:
    """Return the name of the room of a direct conversation: the handles of all of its people."""
    return ", ".join(person.handle for person in people)[: protocol.MAX_ROOM_NAME]


def name_direct(person: Person, people: Iterable[Person]) -> str:
    """Return the name of a direct conversation for one of its people: the handles of the others, "" without others."""
    return ", ".join(other.handle for other in people if other.id != person.id)


def _describe(person: Person, place: Place, people: list[Person] | None) -> dict:
    room, member = place.room, place.member
    is_direct = room.access == Room.DIRECT
    return protocol.workspace_room(
        slug=room.slug,
        name=(is_direct and name_direct(person, people or ())) or room.name,
        topic=room.topic,
        kind="room" if room.access == Room.PUBLIC else room.access,
        role=member.role,
        offset=room.offset,
        posts=room.posts or 0,
        read=member.read_offset,
        unread=place.unread,
        # Every direct message concerns the person.
        mentions=place.unread if is_direct else place.mentions,
        level=member.level or Member.ALL,
        last_at=room.last_at,
        favourite=member.favourite,
        people=[other.handle for other in people or ()] if is_direct else None,
        board=None if place.board is None else str(place.board),
        archived=bool(room.archived),
    )

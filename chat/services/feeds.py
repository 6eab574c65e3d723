"""
Feeds: the items that people's own streams (the sockets `/me/`) receive when one of their rooms changes.

The streams of all members of a room are in one group, the room's feed. So a message costs one group item and no query,
whatever the number of members. The item is the same for everybody: each client computes its unread messages from the
item's `posts`. An item that concerns only one person goes to the group of that person's streams.

Items are sent at most once, and a client finds a lost item with its next heartbeat. This module writes no rows and
checks no rights.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from chat import broadcast, protocol
from chat.models import Member, Person, Place, Room, count_news, find_places

from .after_commit import after_commit, publish_after_commit

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
    Remove a former member's streams from the room's feed after the commit, and publish that the room is gone.

    Streams of tokens for certain rooms do not receive this event.

    After these two steps, the streams receive nothing of the room.
    """
    after_commit(
        f"remove the streams of person {person_id} from room {room_id}", lambda: _unfollow(person_id, room_id, slug)
    )


def _unfollow(person_id: int, room_id: int, slug: str) -> None:
    # The Redis commands of `_remove_streams` run before the request publishes anything to the room.
    _remove_streams(person_id, room_id)
    broadcast.publish(broadcast.person_group(person_id), protocol.room_gone(slug))


def _remove_streams(person_id: int, room_id: int) -> None:
    feed = broadcast.feed_group(room_id)
    for streams in (broadcast.person_group(person_id), broadcast.limited_group(person_id)):
        broadcast.unsubscribe_members(feed, streams)


def drop(person_id: int, room_id: int) -> None:
    """Do what `unfollow` does, but publish nothing: the person may never have known the room."""
    after_commit(
        f"remove the streams of person {person_id} from room {room_id}",
        lambda: _remove_streams(person_id, room_id),
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
    """Return {id of a direct conversation: its people}. If there are no ids, run no query."""
    ids, people = list(room_ids), defaultdict(list)
    if ids:
        for member in Member.objects.filter(room_id__in=ids).select_related("person").order_by("person_id"):
            people[member.room_id].append(member.person)
    return people


def name_people(people: Iterable[Person]) -> str:
    """Return the name of the room of a direct conversation: the handles of all of its people."""
    return ", ".join(person.handle for person in people)[: protocol.MAX_ROOM_NAME]


def name_direct(person: Person, people: Iterable[Person]) -> str:
    """Return the name of a direct conversation for one of its people: the handles of the other people, or ""."""
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
        callers=room.get_callers(),
        threads=place.threads,
    )

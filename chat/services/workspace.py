"""
A person's workspace: the rooms that the person is in, and what the person chooses for each of them.

This module writes the read marker, the notification level and the favourite of a Member. It publishes each change to
the person's own streams. `feeds` publishes what other people change.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from chat import broadcast, protocol
from chat.models import Member, Person, Room, find_places, find_posts, find_posts_of_all
from chat.protocol import ChatError
from chat.services import announcements, feeds, people, rooms, threads
from chat.services.after_commit import publish_after_commit
from chat.services.rights import Action, may
from chat.services.scopes import get_room_ids, reaches

MAX_FAVOURITES = 100


def get_workspace(person: Person, version: str) -> tuple[dict, dict[int, int]]:
    """
    Return (the event `workspace` of a person, {id: `posts`} of the rooms in this event).

    `version` is the version of the client's code. The event has at most 500 rooms: see `find_places`.

    Run two statements for any number of rooms, and one more if there are direct conversations.
    """
    places = find_places(person)
    you = protocol.person(person.handle, person.is_guest, person=people.get_page_key(person))
    described = feeds.describe_places(person, places)
    event = protocol.workspace(described, you, version, announcements.get_newest_id())
    return event, {place.room.id: place.room.posts or 0 for place in places}


def get_posts(person: Person) -> dict[int, int]:
    """Return {id: `posts`} of the rooms in a person's workspace. Run one statement."""
    return find_posts(person)


def get_posts_of_all(person_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """
    Return {id of a person: what `get_posts` returns for the person without a token}. Run one statement.

    Leave out people whose workspace does not have all of their rooms, because there are too many. The statement reads
    all rooms of each person, so ask for nobody whose rooms `may_be_cut_off`.
    """
    return find_posts_of_all(person_ids)


def get_rooms(person: Person, room_id: int | None = None) -> list[dict]:
    """Return the rooms of a person, or one of them, as in the event `workspace`."""
    return feeds.describe_places(person, find_places(person, room_id))


def join_room(person: Person, slug: str) -> tuple[Room, bool]:
    """
    Make a person a member of a public room. Return (the room, whether the person is a new member).

    Raise `not_found` or `forbidden` as `rooms.join_room` does.
    """
    is_member = Member.objects.filter(person=person, room__slug=slug).exists()
    room = rooms.join_room(person, slug).room
    # A former slug leads only members to the room.
    return room, not is_member and room.slug == slug


def set_level(person: Person, slug: str, level: str) -> None:
    """Choose for which messages of a room a person is notified. Raise `not_found` if the person is not in the room."""
    member = _get_member(person, slug)
    Member.objects.filter(id=member.id).update(level=level)
    feeds.publish_to_person(person.id, slug, level=level)


def read_room(person: Person, slug: str, offset: int | None = None) -> int:
    """
    Move a person's read marker in a room to an offset (None: to the end), and return the marker.

    Raise `not_found` if the person is not in the room.
    """
    member = _get_member(person, slug)
    rooms.mark_read(member, member.room.offset if offset is None else offset)
    return member.read_offset


def read_all(person: Person) -> None:
    """
    Mark all rooms and threads of a person as read; with a token for certain rooms, only these.

    Run at most six statements for any number of rooms, and publish each room that had something new.
    """
    behind = Member.objects.filter(person=person, read_offset__lt=F("room__offset")).exclude(role=Member.BANNED)
    room_ids = get_room_ids(person)
    if room_ids is not None:
        behind = behind.filter(room__in=room_ids)
    with transaction.atomic():
        # `set_favourite` changes several of these rows too. Without this lock, the two could block each other.
        Person.objects.lock(person.id)
        newest = Room.objects.filter(id=OuterRef("room_id")).values("offset")
        members = list(behind.select_related("room"))
        # Another request may move a marker further meanwhile. The condition keeps this statement from moving it back.
        read = Member.objects.filter(id__in=[member.id for member in members], read_offset__lt=Subquery(newest))
        read.update(read_offset=Subquery(newest))
        for member in members:
            # The update may have stored a newer offset than the one that `behind` read. The next event of the room
            # corrects what is published here.
            member.read_offset = member.room.offset
            _publish_read(member)
        threads.mark_all_read(person, room_ids)


def _publish_read(member: Member) -> None:
    offset = member.read_offset
    publish_after_commit(broadcast.member_group(member.id), lambda: protocol.read(offset))
    feeds.publish_read(member)


def set_favourite(person: Person, slug: str, on: bool, position: int | None = None) -> None:
    """
    Make a room a favourite at a position among the person's favourites (None: the last), or no longer a favourite.

    Publish the new position of each favourite that moves. Raise `not_found` if the person is not in the room;
    `forbidden` above MAX_FAVOURITES.
    """
    member = _get_member(person, slug)
    with transaction.atomic():
        # Two requests at the same moment must not give two rooms the same position.
        Person.objects.lock(person.id)
        mine = Member.objects.filter(person=person, favourite__isnull=False).select_related("room")
        others = [other for other in mine.order_by("favourite", "id") if other.id != member.id]
        # The person does not see these rooms, so the position does not count them. They come last.
        hidden = [other for other in others if not may(person, Action.KEEP, other.room, other)]
        order = [other for other in others if other not in hidden]
        if on:
            if len(others) >= MAX_FAVOURITES:
                raise ChatError(
                    "forbidden", "You can have at most %(most)s favourites. Remove one first.", most=MAX_FAVOURITES
                )
            order.insert(len(order) if position is None else position, member)
        else:
            _store_favourite(member, None)
        for index, other in enumerate([*order, *hidden]):
            _store_favourite(other, index)


def _store_favourite(member: Member, position: int | None) -> None:
    if member.favourite != position:
        Member.objects.filter(id=member.id).update(favourite=position)
        feeds.publish_to_person(member.person_id, member.room.slug, favourite=position)


def _get_member(person: Person, slug: str) -> Member:
    member = Member.objects.filter(person=person, room__slug=slug).select_related("room").first()
    if member is None or not reaches(person, member.room_id) or not may(person, Action.KEEP, member.room, member):
        raise ChatError("not_found", "You are not in such a room.")
    member.person = person
    return member


def find_changed_rooms(before: Collection[int], now: Collection[int]) -> tuple[list[int], list[int]]:
    """Return (ids of the rooms that a stream must follow, ids of the rooms that it must no longer follow)."""
    return sorted(set(now) - set(before)), sorted(set(before) - set(now))

"""
Find and enter rooms: which rooms a person may know about, and how a person becomes a member.

This module writes Member for people who enter a public room. It publishes nothing.
"""

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q

from chat import protocol
from chat.models import Member, Person, Room, read_page
from chat.protocol import ChatError

from .memberships import check_not_banned, end_own_mute, get_default_role


def get_room(slug: str) -> Room:
    """Return the room with this slug, without a check of rights. Raise `not_found`."""
    room = find_room(slug)
    if room is None:
        raise _make_not_found_error()
    return room


def find_room(slug: str) -> Room | None:
    """Return the room with this slug, without a check of rights, or None. `slug` may be any text."""
    return Room.objects.filter(slug=slug).first() if protocol.is_slug(slug) else None


def get_readable_room(person: Person | AnonymousUser, slug: str) -> Room:
    """Return a room that a person may read, without making them a member. Raise `not_found` or `forbidden`."""
    room = get_room(slug)
    _check_may_know(room, Member.objects.filter(room=room, person=person).first())
    return room


def join_room(person: Person, slug: str) -> Member:
    """
    Return the person's Member of a room. If there is no Member and the room is public, create one.

    Raise `forbidden` for a banned person. Raise `not_found` for an unknown room, and for a room that the person may not
    know about.
    """
    room = get_room(slug)
    member = Member.objects.filter(room=room, person=person).first()
    _check_may_know(room, member)
    if member is None:
        # What was said before the person came is history, and not news.
        defaults = {"role": get_default_role(person), "read_offset": room.offset}
        member, _ = Member.objects.get_or_create(room=room, person=person, defaults=defaults)
        _check_may_know(room, member)  # a moderator may have banned the person since the first check
    # Both rows are in memory already: to read them again would cost two queries.
    member.room, member.person = room, person
    end_own_mute(member)
    return member


def _check_may_know(room, member):
    is_open = room.access == Room.PUBLIC or (room.access == Room.PRIVATE and member is not None)
    if not is_open:
        raise _make_not_found_error()
    if member is not None:
        check_not_banned(member)


def _make_not_found_error():
    # The text is the same for all rooms that the person may not know about, because it must not reveal which rooms
    # exist.
    return ChatError("not_found", "There is no such room.")


def find_rooms(
    person: Person | AnonymousUser, text: str = "", page: int = 0, size: int = 50
) -> tuple[list[Room], bool]:
    """
    Return (a page of the rooms that the lobby lists for a person, whether there are more).

    The room with the newest message is first. Only rooms with `text` in the slug, the name or the topic are returned.
    """
    rooms = Room.objects.visible_to(person)
    if text:
        rooms = rooms.filter(Q(slug__icontains=text) | Q(name__icontains=text) | Q(topic__icontains=text))
    # Without `nulls_last`, SQLite and PostgreSQL sort rooms without a message differently.
    return read_page(rooms.order_by(F("last_at").desc(nulls_last=True), "-id"), size, page)


def find_member(member_id: int, session_key: str | None, token_id: int | None) -> Member | None:
    """Return a Member with person, room and `is_signed_in`, or None. Run one query."""
    return Member.objects.find_with_credential(member_id, session_key, token_id)

"""
Find rooms, enter them, and become a member. `rights` decides who may do what.

This module writes Member for people who enter a public room, and the start and the end of mutes. It publishes the room
to the streams of a new member, and each changed role to the room.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.db.models.functions import Coalesce

from chat import protocol
from chat.models import Change, Member, Person, Room, read_page
from chat.protocol import ChatError
from chat.services import feeds, rights
from chat.services.rights import Action, get_default_role
from chat.services.scopes import reaches

from .memberships import apply_role, end_expired_mute


def get_room(slug: str) -> Room:
    """Return the room with this slug, without a check of rights. Raise `not_found`."""
    room = find_room(slug)
    if room is None:
        raise rights.make_not_found_error()
    return room


def find_room(slug: str) -> Room | None:
    """Return the room with this slug, without a check of rights, or None. `slug` may be any text."""
    return Room.objects.find_by_slug(slug) if protocol.is_slug(slug) else None


def lock_room(room_id: int) -> Room:
    """Lock the row of a room until the end of the transaction, and return the room. Raise `not_found`."""
    room = Room.objects.select_for_update().filter(id=room_id).first()
    if room is None:
        raise rights.make_not_found_error()
    return room


def get_room_for(person: Person | AnonymousUser, slug: str, action: Action) -> Room:
    """
    Return a room in which a person may do an action, without making them a member.

    Raise the error of `rights.check_visit`; `not_found` for an unknown slug.
    """
    room, member = _read_room(person, slug, action)
    rights.check_visit(person, action, room, member)
    if not room.id:
        raise rights.make_not_found_error()  # an operator may do much in a room, but not in a room that does not exist
    return room


def get_readable_room(person: Person | AnonymousUser, slug: str) -> Room:
    """Return a room that a person may read, without making them a member. Raise `not_found` or `forbidden`."""
    return get_room_for(person, slug, Action.READ)


def join_room(person: Person, slug: str, event: Any = None) -> Member:
    """
    Return the person's Member of a room. If there is no Member and the room is public, create one.

    `event` is the change that the person enters for, if it has a ref. A person who has left the room, and resends a
    change, stays outside: this function then returns a Member that is not stored, which gets the earlier answer.

    Mute a person whose browser has a muted guest in the room, and end a mute that has expired. Raise `forbidden` for a
    banned person, for a person whose browser has a banned guest, and for a guest if the room is closed to guests. Raise
    `not_found` for an unknown room, and for a room that the person may not know about.
    """
    room, member = _read_room(person, slug, Action.ENTER)
    rights.check_may(person, Action.ENTER, room, member)
    other = rights.check_not_held(person, room, member)
    if member is None and event is not None and Change.objects.filter(person=person, ref=event.ref).exists():
        return Member(room=room, person=person, role=get_default_role(person))
    if member is None:
        # Messages that were posted before the person came count as read.
        defaults = {"role": get_default_role(person), "read_offset": room.offset}
        member, is_new = Member.objects.get_or_create(room=room, person=person, defaults=defaults)
        if is_new:
            feeds.follow(person, room.id)
        # A moderator may have banned the person since the first check.
        rights.check_may(person, Action.ENTER, room, member)
    # The room and the person are in memory already: to read them again would cost two queries.
    member.room, member.person = room, person
    if other is not None and member.role == get_default_role(person):
        apply_role(member, Member.MUTED, other.muted_until)
    end_expired_mute(member)
    return member


def return_to_room(person: Person, room: Room) -> Member:
    """
    Return the person's Member of a room, for work that the person has ordered for later. Raise what `join_room` raises.

    A person who has left the room since then does not become a member again: raise `forbidden`.
    """
    if Member.objects.find_in_room(room.id, person.id) is None:
        raise ChatError("forbidden", "You are no longer in this room.")
    return join_room(person, room.slug)


def find_visitor(person: Person, slug: str) -> Member:
    """
    Return the person's Member of a room, or one that is not stored. Make nobody a member, and check no rights.

    If the person may not know of the room, the room has no id, as in `get_room_for`.
    """
    room, member = _read_room(person, slug, Action.READ)
    member = member or Member(role=get_default_role(person))
    member.room, member.person = room, person
    return member


def _read_room(person, slug, action):
    """
    Return (room, the person's Member or None). For an unknown slug, return a room without an id, which nobody knows.

    The link of a board leads to its room, but the slug does not: by the slug, everybody is an outsider there.

    A former slug of a private room leads its members to the room. But if another room has the slug now, and the person
    may know of that room or may do the action there as an operator, the slug leads there.

    The same statements and checks run for an unknown slug, for a room that the person may not know about, and for a
    room that the person's token does not reach. So all of them take the same time.
    """
    # No room has the slug "". The statement also runs for a text that cannot be a slug, so that it takes the same time.
    found, member = Room.objects.find_with_member(slug if protocol.is_slug(slug) else "", person.id)
    if found is None or not reaches(person, found.id):
        room, member = Room.objects.make_missing(slug), None
    else:
        room = found
    if room.access == Room.BOARD:
        member = None
    may_act = rights.may(person, action, room, member)
    if rights.may(person, Action.KNOW, room, member) or (may_act and room.id):
        return room, member
    former = Member.objects.find_by_former_slug(slug if protocol.is_slug(slug) else "", person.id)
    if former is not None and reaches(person, former.room_id):
        return former.room, former
    return room, member


def find_rooms(
    person: Person | AnonymousUser, text: str = "", page: int = 0, size: int = 50, archived: bool = False
) -> tuple[list[Room], bool]:
    """
    Return (a page of the rooms that the lobby lists for a person, whether there are more).

    The room with the newest message is first. The creation of a room counts like a message, so that people see a new
    room. Only rooms with `text` in the slug, the name or the topic are returned. The lobby lists either all archived
    rooms (`archived`) or all others.
    """
    rooms = Room.objects.visible_to(person)
    rooms = rooms.filter(archived=True) if archived else rooms.exclude(archived=True)
    if text:
        rooms = rooms.filter(Q(slug__icontains=text) | Q(name__icontains=text) | Q(topic__icontains=text))
    newest_first = rooms.order_by(Coalesce("last_at", "created_at").desc(), "-id")
    return read_page(newest_first, size, page)


def find_member(member_id: int, session_key: str | None, token_id: int | None) -> Member | None:
    """Return a Member with person, room and `is_signed_in`, or None. Run one query."""
    return Member.objects.find_with_credential(member_id, session_key, token_id)


def find_members(member_ids: Collection[int]) -> dict[int, Member]:
    """Return {id: a Member with person and room}. Run one query."""
    return Member.objects.find_all(member_ids)

"""
Find and enter rooms: which rooms a person may know about, and how a person becomes a member.

This module writes Member for people who enter a public room, and the start and the end of mutes. It publishes the room
to the streams of a new member, and each changed role to the room.
"""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.db.models.functions import Coalesce

from chat import protocol
from chat.models import Member, Person, Room, read_page
from chat.protocol import ChatError
from chat.services import feeds

from .memberships import apply_role, check_not_banned, end_expired_mute, get_default_role


def get_room(slug: str) -> Room:
    """Return the room with this slug, without a check of rights. Raise `not_found`."""
    room = find_room(slug)
    if room is None:
        raise _make_not_found_error()
    return room


def find_room(slug: str) -> Room | None:
    """Return the room with this slug, without a check of rights, or None. `slug` may be any text."""
    return Room.objects.find_by_slug(slug) if protocol.is_slug(slug) else None


def lock_room(room_id: int) -> Room:
    """Lock the row of a room until the end of the transaction, and return the room. Raise `not_found`."""
    room = Room.objects.select_for_update().filter(id=room_id).first()
    if room is None:
        raise _make_not_found_error()
    return room


def get_readable_room(person: Person | AnonymousUser, slug: str) -> Room:
    """Return a room that a person may read, without making them a member. Raise `not_found` or `forbidden`."""
    room, member = _read_room(person, slug)
    _check_access(room, member, person)
    if person.is_authenticated:
        check_browser_not_banned(room, person, member)
    return room


def join_room(person: Person, slug: str) -> Member:
    """
    Return the person's Member of a room. If there is no Member and the room is public, create one.

    Mute a person whose browser has a muted guest in the room, and end a mute that has expired. Raise `forbidden` for a
    banned person, for a person whose browser has a banned guest, and for a guest if the room is closed to guests. Raise
    `not_found` for an unknown room, and for a room that the person may not know about.
    """
    room, member = _read_room(person, slug)
    _check_access(room, member, person)
    other = _find_muted_guest_of_browser(room, person, member)
    if member is None:
        # Messages that were posted before the person came count as read.
        defaults = {"role": get_default_role(person), "read_offset": room.offset}
        member, is_new = Member.objects.get_or_create(room=room, person=person, defaults=defaults)
        if is_new:
            feeds.follow(person, room.id)
        _check_access(room, member, person)  # a moderator may have banned the person since the first check
    # Both rows are in memory already: to read them again would cost two queries.
    member.room, member.person = room, person
    if other is not None and member.role == get_default_role(person):
        apply_role(member, Member.MUTED, other.muted_until)
    end_expired_mute(member)
    return member


def _read_room(person, slug):
    """
    Return (room, the person's Member or None). Raise `not_found` for an unknown slug.

    A former slug of a private room leads its members to the room, unless another room has the slug now. An unknown slug
    costs as many queries as a room that the person may not know about.
    """
    room = find_room(slug)
    if room is not None:
        return room, Member.objects.find_in_room(room.id, person.id)
    former = slug if protocol.is_slug(slug) else ""
    members = Member.objects.select_related("room").filter(person=person, room__access=Room.PRIVATE)
    member = members.filter(room__former_slugs__slug=former).first()
    if member is None:
        raise _make_not_found_error()
    return member.room, member


def _check_access(room, member, person):
    is_open = room.access == Room.PUBLIC or (room.access in Room.HIDDEN and member is not None)
    if not is_open:
        raise _make_not_found_error()
    if member is not None:
        check_not_banned(member)
    check_open_to(room, person)


def check_open_to(room: Room, person: Person | AnonymousUser) -> None:
    """Raise `forbidden` for a guest if the room is closed to guests."""
    if person.is_authenticated and room.is_closed_to(person):
        raise ChatError("forbidden", "This room is closed to guests. Create an account to enter it.")


def _find_muted_guest_of_browser(room, person, member=None):
    """
    Return the muted Member of another guest of the person's browser, or None. Raise `forbidden` if another guest of
    this browser is banned.

    This prevents guests from escaping a ban or a mute with another handle. It also applies to accounts that the browser
    created after the guest. It does not apply to earlier accounts, which may belong to somebody else in the same
    household. It does not apply to moderators and owners, because moderators may not ban moderators or owners.
    """
    if person.browser is None or (member is not None and member.role in (Member.MODERATOR, Member.OWNER)):
        return None
    if not Member.objects.has_held_guest(room.id, person.browser):
        return None
    found = list(Member.objects.held_guests_of_browser(person).filter(room=room))
    for other in found:
        check_not_banned(other)
    return next((other for other in found if other.is_muted), None)


def check_browser_not_banned(room: Room, person: Person, member: Member | None = None) -> None:
    """
    Raise `forbidden` if another guest of the person's browser is banned from the room.

    `member` is the person's Member, if there is one: the rule does not apply to moderators and owners.
    """
    _find_muted_guest_of_browser(room, person, member)


def _make_not_found_error():
    # The text is the same for all rooms that the person may not know about, because it must not reveal which rooms
    # exist.
    return ChatError("not_found", "There is no such room.")


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

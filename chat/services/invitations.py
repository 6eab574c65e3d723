"""
Invitations: create, list, revoke and accept links into a private room, and leave a room.

This module writes Invitation, and creates or deletes Member. Only the digest of a link's key is stored.
"""

import secrets
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Invitation, Member, Person, Room
from chat.protocol import CLOSE_FORBIDDEN, ChatError
from chat.services import feeds, rooms
from chat.services.after_commit import close_after_commit
from chat.services.digests import digest_secret
from chat.services.free_rows import delete_free_rows

DEFAULT_SECONDS = 7 * 24 * 3600
MAX_SECONDS = 365 * 24 * 3600
MAX_USES = 10000
MAX_OPEN = 100  # open invitations of one room
MAX_SWEPT = 1000  # invitations in one sweep
CAN_INVITE = (Member.MODERATOR, Member.OWNER)
# An owner cannot leave, because the room needs an owner. A muted member cannot leave, because a new link would end the
# mute.
CAN_LEAVE = (Member.GUEST, Member.MEMBER, Member.MODERATOR)


def create_invitation(
    person: Person, slug: str, uses: int | None = None, seconds: int | None = None
) -> tuple[Invitation, str]:
    """
    Create a link into a private room.

    - `person`: an owner or moderator of the room.
    - `slug`: the room.
    - `uses`: how many people may join with the link; None for any number.
    - `seconds`: how long the link is valid; None for a week.

    Return the invitation and its key. The key is not stored, so the site cannot show it again.

    Raise:

    - `not_found` for the room;
    - `forbidden` if the person may not invite, or if the room is not private or has too many open invitations;
    - `invalid_field` for `uses` or `seconds`.
    """
    room = _get_room(person, slug)
    if uses is not None:
        protocol.check_integer(uses, "uses", 1, MAX_USES)
    seconds = DEFAULT_SECONDS if seconds is None else protocol.check_integer(seconds, "expires_in", 1, MAX_SECONDS)
    if Invitation.objects.open().filter(room=room).count() >= MAX_OPEN:
        raise ChatError("forbidden", "A room has at most %(most)s open invitations. Revoke some first.", most=MAX_OPEN)
    key = secrets.token_urlsafe(24)
    expires_at = timezone.now() + timedelta(seconds=seconds)
    invitation = Invitation.objects.create(
        room=room, digest=digest_secret(key), created_by=person, expires_at=expires_at, uses_left=uses
    )
    return invitation, key


def get_invitations(person: Person, slug: str) -> QuerySet:
    """
    Return the open invitations of a room whose creators may still invite, newest first.

    Raise `not_found` or `forbidden` as `create_invitation` does.
    """
    room = _get_room(person, slug)
    creators = Member.objects.filter(room=room, role__in=CAN_INVITE, person__is_active=True).values("person_id")
    found = Invitation.objects.open().select_related("created_by").filter(room=room, created_by__in=creators)
    return found.order_by("-id")


def revoke_invitation(person: Person, slug: str, invitation_id: int) -> None:
    """
    Delete an invitation. People who joined with it stay members.

    Raise `not_found` or `forbidden` for the room as `create_invitation` does, and `not_found` for the invitation.
    """
    room = _get_room(person, slug)
    if not Invitation.objects.filter(room=room, id=invitation_id).delete()[0]:
        raise ChatError("not_found", "There is no such invitation.")


def may_invite(person: Person | AnonymousUser, room: Room) -> bool:
    """Return whether a person may create invitations into a room."""
    if room.access != room.PRIVATE or not person.is_authenticated or not person.is_active:
        return False
    return Member.objects.filter(room=room, person=person, role__in=CAN_INVITE).exists()


def _get_room(person, slug):
    room = rooms.get_readable_room(person, slug)
    if room.access == room.DIRECT:
        raise ChatError("forbidden", "Nobody can join a direct conversation. Open one with more people instead.")
    if room.access != room.PRIVATE:
        raise ChatError("forbidden", "This room is public. Send people its address instead.")
    if not may_invite(person, room):
        raise ChatError("forbidden", "Only owners and moderators of this room can invite people.")
    return room


def get_invitation(key: str) -> Invitation:
    """
    Return the open invitation with this key. Its room and its creator are loaded too.

    An invitation is valid only while its creator may invite. Otherwise a banned moderator could return with their link.

    Raise `not_found`, with the same text for every reason.
    """
    found = Invitation.objects.open().select_related("room", "created_by").filter(digest=digest_secret(key))
    invitation = found.first()
    if invitation is None or invitation.created_by is None or not may_invite(invitation.created_by, invitation.room):
        raise _make_invalid_error()
    return invitation


def _make_invalid_error():
    return ChatError("not_found", "This invitation is not valid, or it has expired. Ask for a new one.")


def accept_invitation(person: Person, key: str) -> Room:
    """
    Make a person a member of the invitation's room, and return the room. For a member, no use is counted.

    Raise:

    - `not_found` if the invitation is not valid;
    - `forbidden` if the person, or another guest of the person's browser, is banned from the room;
    - `forbidden` if the person is a guest and the room is closed to guests.
    """
    invitation = get_invitation(key)
    room = invitation.room
    try:
        with transaction.atomic():
            member = _find_member(person, room)
            _check_may_join(person, room, member)
            if member is None:
                _use(invitation)
                role = rooms.get_default_role(person)
                Member.objects.create(room=room, person=person, role=role, read_offset=room.offset)
                feeds.follow(person, room.id)
    except IntegrityError:
        pass  # another tab accepted the invitation at the same moment
    return room


def _find_member(person, room):
    return Member.objects.filter(room=room, person=person).first()


def _check_may_join(person, room, member):
    if member is not None:
        rooms.check_not_banned(member)
    rooms.check_open_to(room, person)
    rooms.check_browser_not_banned(room, person, member)


def _use(invitation):
    # The UPDATE itself checks that a use is left: if two people accept at the same moment, only one gets the last use.
    used = Invitation.objects.open().filter(id=invitation.id).update(uses_left=F("uses_left") - 1)
    if not used:
        raise _make_invalid_error()


def may_leave(person: Person | AnonymousUser, room: Room) -> bool:
    """Return whether a person may leave a room. Nobody can leave a board or a direct conversation."""
    if room.access not in (Room.PRIVATE, Room.PUBLIC) or not person.is_authenticated:
        return False
    return Member.objects.filter(room=room, person=person, role__in=CAN_LEAVE).exists()


def leave_room(person: Person, slug: str) -> None:
    """
    Delete a person's membership of a room, and close the person's connections to it on commit.

    The person may enter a public room again, as a new member.

    Raise `not_found` for the room; `forbidden` if the person cannot leave it.
    """
    room = rooms.get_readable_room(person, slug)
    if room.access == room.DIRECT:
        raise ChatError("forbidden", "Nobody can leave a direct conversation. Choose its level 'none' instead.")
    if not may_leave(person, room):
        raise ChatError(
            "forbidden", "You cannot leave this room: you are its owner, you are muted, or you are not in it."
        )
    member = Member.objects.get(room=room, person=person)
    group = broadcast.member_group(member.id)
    with transaction.atomic():
        # A person who is muted or banned at this moment must not escape by leaving. So the room is locked, as for every
        # change of a role, and the role is checked again.
        rooms.lock_room(room.id)
        if not Member.objects.filter(id=member.id, role__in=CAN_LEAVE).delete()[0]:
            raise ChatError("forbidden", "Your role in this room has just changed. Reload the page.")
        close_after_commit(group, CLOSE_FORBIDDEN)
        feeds.unfollow(person.id, room.id, room.slug)


def sweep_invitations() -> int:
    """Delete invitations that have expired or have no uses left. Return how many were deleted."""
    is_over = Q(expires_at__lt=timezone.now()) | Q(uses_left=0)
    return len(delete_free_rows(Invitation.objects.filter(is_over), MAX_SWEPT))

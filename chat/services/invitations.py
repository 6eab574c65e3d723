"""
Invitations: create, list, revoke and accept links into a private room, and leave a room.

This module also says which links are valid, and which of them let people create an account. It writes
Invitation, and creates or deletes Member. Only the digest of a link's key is stored.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Invitation, Member, Person, Room
from chat.protocol import CLOSE_FORBIDDEN, ChatError
from chat.services import feeds, rights, rooms
from chat.services.after_commit import close_after_commit
from chat.services.digests import digest_secret
from chat.services.free_rows import delete_free_rows
from chat.services.rights import Action
from chat.services.scopes import reaches

DEFAULT_SECONDS = 7 * 24 * 3600
MAX_SECONDS = 365 * 24 * 3600
MAX_USES = 10000
MAX_OPEN = 100  # open invitations of one room
MAX_SWEPT = 1000  # invitations in one sweep


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
    room = rooms.get_room_for(person, slug, Action.INVITE)
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
    Return the open invitations of a room, newest first. Leave out those whose creators may no longer invite.

    Raise `not_found` or `forbidden` as `create_invitation` does.
    """
    room = rooms.get_room_for(person, slug, Action.INVITE)
    roles = rights.get_roles(Action.INVITE, room.access)
    creators = Member.objects.filter(room=room, role__in=roles, person__is_active=True).values("person_id")
    found = Invitation.objects.open().select_related("created_by").filter(room=room, created_by__in=creators)
    return found.order_by("-id")


def revoke_invitation(person: Person, slug: str, invitation_id: int) -> None:
    """
    Delete an invitation. People who joined with it stay members.

    Raise `not_found` or `forbidden` for the room as `create_invitation` does, and `not_found` for the invitation.
    """
    room = rooms.get_room_for(person, slug, Action.INVITE)
    if not Invitation.objects.filter(room=room, id=invitation_id).delete()[0]:
        raise ChatError("not_found", "There is no such invitation.")


def get_invitation(key: str) -> Invitation:
    """
    Return the open invitation with this key. Its room and its creator are loaded too.

    A link that a person made is valid only while this person may invite. Otherwise a banned moderator could return with
    their own link.

    Raise `not_found`, with the same text for every reason.
    """
    # One statement checks everything, so the time of the answer does not tell whether the key was valid once.
    invitation = find_valid().filter(digest=digest_secret(key)).first()
    if invitation is None:
        raise _make_invalid_error()
    return invitation


def find_valid() -> QuerySet:
    """
    Select the open invitations that a command made, or whose creators may still make them, with rooms and creators.

    Moderators invite to their private rooms, and the people of `may_invite_people` to the site and to its public rooms.
    Only operators give reserved handles.
    """
    roles = rights.get_roles(Action.INVITE, Room.PRIVATE)
    moderator = Member.objects.filter(room=OuterRef("room"), person=OuterRef("created_by"), role__in=roles)
    may_give = Q(handle=None) | Q(created_by__is_staff=True)
    to_site = Q(room=None) | Q(room__access=Room.PUBLIC)
    if not settings.CHAT_MEMBERS_INVITE:
        to_site &= Q(created_by__is_staff=True)
    may_make = Q(is_moderator=True, room__access=Room.PRIVATE) | to_site & Q(created_by__is_guest=False)
    is_valid = Q(is_from_site=True) | may_make & may_give & Q(created_by__is_active=True)
    found = Invitation.objects.open().annotate(is_moderator=Exists(moderator)).filter(is_valid)
    return found.select_related("room", "created_by")


def may_invite_people(person: Person | AnonymousUser) -> bool:
    """Return whether a person may make links for new accounts. With CHAT_MEMBERS_INVITE, every account may."""
    if not person.is_authenticated or not person.is_active or person.is_guest:
        return False
    return rights.is_operator(person) or settings.CHAT_MEMBERS_INVITE


def is_for_account(invitation: Invitation) -> bool:
    """
    Return whether a valid invitation lets a person create an account where accounts need an invitation.

    An invitation into a room lets people create accounts if its creator may invite people to the site.
    """
    creator = invitation.created_by
    return bool(invitation.is_from_site) or (creator is not None and may_invite_people(creator))


def _make_invalid_error():
    return ChatError("not_found", "This invitation is not valid, or it has expired. Ask for a new one.")


def accept_invitation(person: Person, key: str) -> Room:
    """
    Make a person a member of the invitation's room, and return the room. For a member, no use is counted.

    Raise:

    - `not_found` if the invitation is not valid, or the person's token does not reach its room;
    - `forbidden` if the person, or another guest of the person's browser, is banned from the room;
    - `forbidden` if the person is a guest and the room is closed to guests;
    - `forbidden` if the invitation has no room, because it is only for a new account.
    """
    invitation = get_invitation(key)
    room = invitation.room
    if room is None:
        raise ChatError("forbidden", "This invitation is for a new account, and you have an account already.")
    if not reaches(person, room.id):
        raise _make_invalid_error()
    try:
        with transaction.atomic():
            member = _find_member(person, room)
            rights.check_not_held(person, room, member)
            if member is None:
                use(invitation)
                _add_member(person, room)
    except IntegrityError:
        pass  # another tab accepted the invitation at the same moment
    return room


def join_with_new_account(person: Person, invitation: Invitation) -> None:
    """
    Use an invitation for a new account, and make the account a member of the invitation's room, if there is one.

    Call this in the transaction that creates the account. Raise `not_found` if no use is left, and `forbidden` if the
    person's browser has a banned guest in the room.
    """
    use(invitation)
    if invitation.room is not None:
        rights.check_not_held(person, invitation.room, None)
        _add_member(person, invitation.room)


def _add_member(person, room):
    role = rights.get_default_role(person)
    Member.objects.create(room=room, person=person, role=role, read_offset=room.offset)
    feeds.follow(person, room.id)


def _find_member(person, room):
    return Member.objects.filter(room=room, person=person).first()


def use(invitation: Invitation) -> None:
    """Count one use of an invitation. Raise `not_found` if no use is left."""
    # The UPDATE itself checks that a use is left: if two people accept at the same moment, only one gets the last use.
    used = Invitation.objects.open().filter(id=invitation.id).update(uses_left=F("uses_left") - 1)
    if not used:
        raise _make_invalid_error()


def leave_room(person: Person, slug: str) -> None:
    """
    Delete a person's membership of a room, and close the person's connections to it on commit.

    The person may enter a public room again, as a new member.

    Raise `not_found` for the room; `forbidden` if the person cannot leave it.
    """
    room = rooms.get_room_for(person, slug, Action.LEAVE)
    member = _find_member(person, room)
    if member is None:
        return  # another request of the person has left the room since the check
    group = broadcast.member_group(member.id)
    with transaction.atomic():
        # A person who is muted or banned at this moment must not escape by leaving. So the room is locked, as for every
        # change of a role, and the role is checked again.
        rooms.lock_room(room.id)
        roles = rights.get_roles(Action.LEAVE, room.access)
        if not Member.objects.filter(id=member.id, role__in=roles).delete()[0]:
            if _find_member(person, room) is None:
                return
            raise ChatError("forbidden", "Your role in this room has just changed. Reload the page.")
        close_after_commit(group, CLOSE_FORBIDDEN)
        feeds.unfollow(person.id, room.id, room.slug)


def sweep_invitations() -> int:
    """Delete at most MAX_SWEPT invitations that have expired or have no uses left. Return how many were deleted."""
    is_over = Q(expires_at__lt=timezone.now()) | Q(uses_left=0)
    return len(delete_free_rows(Invitation.objects.filter(is_over), MAX_SWEPT))

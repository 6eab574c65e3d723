"""
Invitations: links by which people become members of a private room; and the way out.

Writes Invitation, and the Member that a link makes or who leaves. Only the digest of a link's key is kept.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Invitation, Member, Room
from chat.protocol import CLOSE_FORBIDDEN, ChatError
from chat.services import rooms

DEFAULT_SECONDS = 7 * 24 * 3600
MOST_SECONDS = 365 * 24 * 3600
MOST_USES = 10000
MOST_OPEN = 100  # invitations of one room at a time
INVITING = (Member.MODERATOR, Member.OWNER)
# Not the owner, whom the room needs; nor the muted, who would be back by the next link and speak.
LEAVING = (Member.GUEST, Member.MEMBER, Member.MODERATOR)


def create_invitation(person, slug, uses=None, seconds=None):
    """
    Makes a link into a private room. Returns (invitation, key); the key is shown this once.

    `uses`: how many may come in by it (None: any number); `seconds`: how long it holds (None: a week). Raises
    `not_found`, and `forbidden` for who is no moderator of the room, or a room that is open anyway.
    """
    room = _get_room(person, slug)
    if uses is not None:
        protocol.check_integer(uses, "uses", 1, MOST_USES)
    seconds = DEFAULT_SECONDS if seconds is None else protocol.check_integer(seconds, "expires_in", 1, MOST_SECONDS)
    if Invitation.objects.open().filter(room=room).count() >= MOST_OPEN:
        raise ChatError("forbidden", f"A room has at most {MOST_OPEN} open invitations. Revoke some first.")
    key = secrets.token_urlsafe(24)
    expires_at = timezone.now() + timedelta(seconds=seconds)
    invitation = Invitation.objects.create(
        room=room, digest=_digest(key), created_by=person, expires_at=expires_at, uses_left=uses
    )
    return invitation, key


def get_invitations(person, slug):
    """Returns the open invitations of a room, the newest first. Raises as `create_invitation` does."""
    room = _get_room(person, slug)
    makers = Member.objects.filter(room=room, role__in=INVITING).values("person_id")
    found = Invitation.objects.open().select_related("created_by").filter(room=room, created_by__in=makers)
    return found.order_by("-id")


def revoke_invitation(person, slug, invitation_id):
    """Ends an invitation; who came in by it stays. Raises as `create_invitation` does."""
    room = _get_room(person, slug)
    if not Invitation.objects.filter(room=room, id=invitation_id).delete()[0]:
        raise ChatError("not_found", "There is no such invitation.")


def may_invite(person, room):
    """Whether a person may make invitations into a room."""
    if room.access != room.PRIVATE or not person.is_authenticated:
        return False
    return Member.objects.filter(room=room, person=person, role__in=INVITING).exists()


def _get_room(person, slug):
    room = rooms.get_readable_room(person, slug)
    if room.access != room.PRIVATE:
        raise ChatError("forbidden", "This room is open to all: send them its address.")
    if not may_invite(person, room):
        raise ChatError("forbidden", "Only owners and moderators of this room invite others.")
    return room


def get_invitation(key):
    """
    Returns the open invitation of a key, with its room. It holds as long as who made it may invite: a moderator who was
    banned must not come back by a link of their own. Raises `not_found`, the same for all that does not hold.
    """
    found = Invitation.objects.open().select_related("room", "created_by").filter(digest=_digest(key))
    invitation = found.first()
    if invitation is None or invitation.created_by is None or not may_invite(invitation.created_by, invitation.room):
        raise _not_open()
    return invitation


def _not_open():
    return ChatError("not_found", "This invitation does not hold, or not any more. Ask for a new one.")


def accept_invitation(person, key):
    """
    Makes a person a member of the room that a key leads to, and returns the room. A member uses nothing up.

    Raises `not_found` where the key leads nowhere (any more), `forbidden` for the banned.
    """
    invitation = get_invitation(key)
    room = invitation.room
    try:
        with transaction.atomic():
            if not _is_member(person, room):
                _use(invitation)
                role = Member.GUEST if person.is_guest else Member.MEMBER
                Member.objects.create(room=room, person=person, role=role)
    except IntegrityError:
        pass  # by another tab, at the same moment
    return room


def _is_member(person, room):
    member = Member.objects.filter(room=room, person=person).first()
    if member is not None and member.role == Member.BANNED:
        raise ChatError("forbidden", "You are banned from this room. Ask its moderators to lift the ban.")
    return member is not None


def _use(invitation):
    # Of two who race for the last use, one finds none left.
    used = Invitation.objects.open().filter(id=invitation.id).update(uses_left=F("uses_left") - 1)
    if not used:
        raise _not_open()


def may_leave(person, room):
    """Whether a person may leave a private room; there is nothing to leave in others."""
    if room.access != room.PRIVATE or not person.is_authenticated:
        return False
    return Member.objects.filter(room=room, person=person, role__in=LEAVING).exists()


def leave_room(person, slug):
    """Ends a person's standing in a private room. Raises `forbidden`, and `not_found`."""
    room = rooms.get_readable_room(person, slug)
    if not may_leave(person, room):
        raise ChatError("forbidden", "Owners and the muted stay, and a public room needs no leaving.")
    member = Member.objects.get(room=room, person=person)
    group = broadcast.member_group(member.id)
    with transaction.atomic():
        # Who is muted or banned at this very moment must not take that away by leaving: one after the other, as all
        # who change a standing, and judged by what holds then.
        Room.objects.select_for_update().get(id=room.id)
        if not Member.objects.filter(id=member.id, role__in=LEAVING).delete()[0]:
            raise ChatError("forbidden", "How you stand in this room has just changed. Look again.")
        transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_FORBIDDEN))


def sweep_invitations():
    """Deletes invitations that are over. Returns how many."""
    is_over = Q(expires_at__lt=timezone.now()) | Q(uses_left=0)
    return Invitation.objects.filter(is_over).delete()[0]


def _digest(key):
    # A key has 192 random bits: a plain hash is enough.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()

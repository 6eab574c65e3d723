"""
Invitations for accounts: make, list and revoke links with which people create an account.

Such a link may also make the new account a member of a room, and give it a reserved handle. `invitations` has the rules
about what a link allows, and the links that moderators make for their own rooms. This module writes Invitation.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from chat import protocol
from chat.models import Invitation, Person, Room
from chat.protocol import ChatError
from chat.services import entry, rights, rooms
from chat.services.digests import digest_secret
from chat.services.rights import Action

from .invitations import DEFAULT_SECONDS, MAX_SECONDS, MAX_USES, find_valid, may_invite_people

MAX_OPEN = 100  # open invitations of one person


def can_make(person: Person | AnonymousUser) -> bool:
    """Return whether a person may make links for accounts now: they may invite, and the site accepts new accounts."""
    return may_invite_people(person) and entry.may_accounts_be_made()


def check_can_make(person: Person | AnonymousUser) -> None:
    """Raise `forbidden` if a person may not make links for accounts, or if the site accepts no new accounts."""
    if not may_invite_people(person):
        if settings.CHAT_MEMBERS_INVITE:
            raise ChatError("forbidden", "Only accounts can invite people to this site.")
        raise ChatError("forbidden", "Only operators of this site can invite people to it.")
    _check_open()


def _check_open() -> None:
    if not entry.may_accounts_be_made():
        raise ChatError("forbidden", "Nobody can create an account here now: CHAT_SIGN_UP is closed.")


def make_invitation(
    person: Person | None,
    slug: str | None = None,
    handle: Any = None,
    uses: int | None = 1,
    seconds: int | None = None,
) -> tuple[Invitation, str]:
    """
    Create a link for new accounts.

    - `person`: the creator; None for a command, whose links are valid without a creator.
    - `slug`: the room that the new accounts become members of, or None.
    - `handle`: the reserved handle of the new account, or None. Only operators give one, and such a link has one use.
    - `uses`: how many accounts the link may create; None for any number.
    - `seconds`: how long the link is valid; None for a week.

    Return the invitation and its key, which is not stored.

    Raise:

    - `forbidden` if the person may not make this link or has MAX_OPEN open links, or if the site accepts no new
      accounts;
    - `not_found` for the room; `taken` for the handle; or the error of a field.
    """
    if person is None:
        _check_open()
    else:
        check_can_make(person)
    room = _get_room(person, slug) if slug else None
    handle = _check_handle(person, handle) if handle else None
    uses = 1 if handle else uses
    if uses is not None:
        protocol.check_integer(uses, "uses", 1, MAX_USES)
    seconds = DEFAULT_SECONDS if seconds is None else protocol.check_integer(seconds, "expires_in", 1, MAX_SECONDS)
    if person is not None and Invitation.objects.open().filter(created_by=person).count() >= MAX_OPEN:
        raise ChatError("forbidden", "You have %(most)s open invitations. Revoke some first.", most=MAX_OPEN)
    key = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        room=room,
        handle=handle,
        is_from_site=person is None,
        digest=digest_secret(key),
        created_by=person,
        expires_at=timezone.now() + timedelta(seconds=seconds),
        uses_left=uses,
    )
    return invitation, key


def _get_room(person: Person | None, slug: str) -> Room:
    room = rooms.get_room(slug) if person is None else rooms.get_readable_room(person, slug)
    if room.access not in (Room.PUBLIC, Room.PRIVATE):
        raise ChatError("forbidden", "Nobody can join this room with a link.", field="room")
    # Everybody may know a public room. The moderators of a private room decide who joins it.
    if room.access == Room.PRIVATE and person is not None:
        rights.check_may(person, Action.INVITE, room)
    return room


def _check_handle(person: Person | None, handle: Any) -> str:
    if person is not None and not rights.is_operator(person):
        raise ChatError("forbidden", "Only operators can give somebody a handle.", field="handle")
    checked = protocol.check_handle(handle)
    if Person.objects.find_by_handle(checked, or_alike=True) is not None:
        raise ChatError("taken", "This handle is taken. Choose another one.", field="handle")
    return checked


def list_all(creator: Person | None = None) -> Sequence[Invitation]:
    """
    Return the newest valid links for accounts, at most MAX_OPEN: of everybody, or of one creator.

    The list has no links that moderators made for their rooms.
    """
    # A room's moderators have a list of their own; `invitations` leaves `is_from_site` null.
    found = find_valid().exclude(is_from_site=None).order_by("-id")
    return (found if creator is None else found.filter(created_by=creator))[:MAX_OPEN]


def list_open(person: Person) -> Sequence[Invitation]:
    """Return the open account links of a person, the newest first. For an operator, return everybody's links."""
    return list_all() if rights.is_operator(person) else list_all(person)


def revoke(person: Person, invitation_id: int) -> None:
    """
    Delete an invitation that the person made; an operator may delete any invitation. Raise `not_found`.

    Accounts that the invitation created stay.
    """
    invitations = Invitation.objects.filter(id=invitation_id)
    if not rights.is_operator(person):
        invitations = invitations.filter(created_by=person)
    if not invitations.delete()[0]:
        raise ChatError("not_found", "There is no such invitation.")


def revoke_from_site(invitation_id: int) -> None:
    """Delete any invitation, for a command. Raise `not_found`."""
    if not Invitation.objects.filter(id=invitation_id).delete()[0]:
        raise ChatError("not_found", "There is no such invitation.")

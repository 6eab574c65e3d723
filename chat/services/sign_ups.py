"""
Sign-ups: people create their accounts only through this module, which checks the mode and uses the invitation.

`people` stores the account. A browser that has opened a valid link keeps the id of its invitation in the login session.
This module writes no rows itself.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from chat.models import Invitation, Person
from chat.protocol import ChatError
from chat.services import entry, invitations, people
from chat.services.people import openid

INVITED = "invitation"  # holds the id of the invitation in the login session


def remember_invitation(session: SessionBase, invitation: Invitation) -> None:
    """Store in the browser's session that the browser has opened the link of this invitation."""
    if session.get(INVITED) != invitation.id:
        session[INVITED] = invitation.id


def find_invitation(session: SessionBase) -> Invitation | None:
    """Return the invitation whose link this browser has opened, if it lets people create an account; else None."""
    invitation_id = session.get(INVITED)
    if invitation_id is None:
        return None
    found = invitations.find_valid().filter(id=invitation_id).first()
    return found if found is not None and invitations.is_for_account(found) else None


def get_invitation(key: str) -> Invitation:
    """Return the valid invitation with this key. Raise `not_found`, or `forbidden` if it is not for new accounts."""
    invitation = invitations.get_invitation(key)
    if not invitations.is_for_account(invitation):
        raise ChatError("forbidden", "This invitation is for people who have an account already.")
    return invitation


def is_needed(invitation: Invitation | None, with_openid: bool = False) -> bool:
    """Return whether a sign-up uses an invitation: it needs one, or the invitation gives a handle."""
    if invitation is None:
        return False
    return entry.get_sign_up_mode(with_openid) != entry.OPEN or invitation.handle is not None


def sign_up(request: HttpRequest, handle: Any, password: Any, invitation: Invitation | None = None) -> Person:
    """
    Create an account with a password, and return its person.

    `invitation` is a valid one, or None. A sign-up that needs the invitation uses it once, and makes the account a
    member of its room. Raise `forbidden` if the person may not have an account or may not enter that room; `not_found`
    if the invitation has no use left; `taken`; or the error of a field.
    """
    browser = people.get_browser(request)

    def create(given):
        return people.sign_up(handle, password, request.user, browser, given)

    return _create(create, invitation, with_openid=False)


def sign_up_with_openid(
    request: HttpRequest, identity: openid.Identity, handle: Any, invitation: Invitation | None = None
) -> Person:
    """Create an account that signs in with OpenID Connect, and return its person. Raise as `sign_up` does."""
    browser = people.get_browser(request)

    def create(given):
        return openid.write_external_account(identity, handle, request.user, browser, given)

    return _create(create, invitation, with_openid=True)


def _create(create: Callable[..., Person], invitation: Invitation | None, with_openid: bool) -> Person:
    entry.check_may_sign_up(invitation is not None, with_openid)
    if invitation is None or not is_needed(invitation, with_openid):
        return create(None)
    with transaction.atomic():
        person = create(invitation.handle)
        invitations.join_with_new_account(person, invitation)
    return person


def forget_invitation(session: SessionBase) -> None:
    """Forget the invitation that the browser's session keeps, after its use."""
    session.pop(INVITED, None)

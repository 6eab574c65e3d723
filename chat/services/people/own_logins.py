"""
The browsers in which a person is signed in: the person sees a list of them, and can end the login of each.

This module writes Login and login sessions, and closes the connections of the logins that it ends.
"""

from collections.abc import Sequence

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from chat import broadcast
from chat.models import Login, Person
from chat.protocol import CLOSE_NOT_SIGNED_IN, ChatError
from chat.services import limits
from chat.services.after_commit import close_after_commit


def remember_login(request: HttpRequest, person: Person) -> None:
    """Store the browser in which a person has just signed in."""
    if request.session.session_key is None:
        request.session.save()
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[: Login.MAX_AGENT]
    Login.objects.create(
        person=person, session_key=request.session.session_key, agent=agent, address=limits.get_address(request)[:45]
    )


def move_login(old_key: str | None, new_key: str | None) -> None:
    """Store the new key of a login session in its Login."""
    Login.objects.filter(session_key=old_key).update(session_key=new_key)


def list_logins(person: Person) -> list[Login]:
    """Return the logins of a person whose sessions are valid, the newest first."""
    logins = list(person.logins.order_by("-id"))
    keys = [login.session_key for login in logins]
    valid = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    valid_keys = set(valid.values_list("session_key", flat=True))
    return [login for login in logins if login.session_key in valid_keys]


def end_login(person: Person, login_id: int) -> None:
    """End one login of a person, and close its connections. Raise `not_found`."""
    login = person.logins.filter(id=login_id).first()
    if login is None:
        raise ChatError("not_found", "You are not signed in there.")
    _end([login.session_key])


def end_other_logins(person: Person, own_key: str | None = None) -> int:
    """End all logins of a person except the one with the session key `own_key`. Return how many were ended."""
    keys = list(person.logins.exclude(session_key=own_key).values_list("session_key", flat=True))
    _end(keys)
    return len(keys)


def _end(keys):
    with transaction.atomic():
        Session.objects.filter(session_key__in=keys).delete()
        Login.objects.filter(session_key__in=keys).delete()
    for key in keys:
        close_after_commit(broadcast.credential_group(session_key=key), CLOSE_NOT_SIGNED_IN)


def forget_logins(keys: Sequence[str]) -> None:
    """Delete the logins whose sessions were deleted."""
    Login.objects.filter(session_key__in=keys).delete()

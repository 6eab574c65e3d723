"""
Accounts and guests: their handles, their passwords, and how a handle becomes free.

This module writes Person. It closes no connections.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from chat import protocol
from chat.models import Person, make_handle_key
from chat.protocol import ChatError

MAX_PASSWORD = 1000  # characters; to hash a megabyte would keep other requests waiting
MAX_GUESTS_PER_SWEEP = 1000
SEEN_INTERVAL = timedelta(hours=1)  # the last visit is at most this much later than `seen_at`


def sign_up(handle: Any, password: Any, visitor: Person | AnonymousUser | None = None) -> Person:
    """
    Create an account and return its person. `visitor` is the guest who signs up, and who may keep the handle.

    Raise `taken`, or the error of a field.
    """
    person = _new_person(handle)
    person.set_password(check_password(password, person))
    return _save_new(person, visitor)


def sign_up_guest(handle: Any) -> Person:
    """Create a guest with this handle and return the person. Raise `taken`, or the error of the field."""
    person = _new_person(handle, is_guest=True)
    person.set_unusable_password()
    return _save_new(person)


def check_password(password: Any, person: Person | None = None) -> str:
    """Return a new password that is strong enough. Raise `invalid_field` or `too_long`."""
    if len(protocol.check_string(password, "password")) > MAX_PASSWORD:
        raise ChatError("too_long", f"A password may have at most {MAX_PASSWORD} characters.", field="password")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise ChatError("invalid_field", " ".join(error.messages), field="password") from None
    return password


def _new_person(handle, **fields):
    handle = protocol.check_handle(handle)
    return Person(handle=handle, handle_key=make_handle_key(handle), **fields)


def _save_new(person, visitor=None):
    try:
        with transaction.atomic():
            _free_handle(person.handle_key, visitor)
            person.save()
    except IntegrityError:
        raise ChatError("taken", "This handle is taken. Choose another one.", field="handle") from None
    return person


def _free_handle(key, visitor):
    """Take a handle from its guest, if the guest is the visitor or all login sessions of the guest have expired."""
    is_free = Q(seen_at__lt=_oldest_login()) | Q(id=visitor.id if visitor is not None else None)
    Person.objects.filter(is_free, handle_key=key, is_guest=True).update(handle_key=None, is_active=False)


def _oldest_login() -> datetime:
    """Return a time. Login sessions that were last extended before this time have expired."""
    return timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)


def get_person(whom: Person | Any) -> Person:
    """
    Return the active person with the handle `whom`, ignoring case. Return `whom` itself if it is a Person.

    Raise `not_found` or `invalid_field`.
    """
    if isinstance(whom, Person):
        return whom
    key = make_handle_key(protocol.check_string(whom, "handle"))
    person = Person.objects.filter(handle_key=key, is_active=True).first()
    if person is None:
        raise ChatError("not_found", "There is nobody with this handle.")
    return person


def find_person(handle: Any, password: Any) -> Person | None:
    """Return the person with this handle and password, or None."""
    if not isinstance(handle, str) or not isinstance(password, str) or len(password) > MAX_PASSWORD:
        return None
    if "\0" in handle or len(handle) > protocol.MAX_HANDLE:
        return None
    return auth.authenticate(None, username=handle, password=password)


def touch_seen(person: Person, always: bool = False) -> None:
    """Store the present time as `seen_at`, if the stored time is older than an hour or if `always` is set."""
    now = timezone.now()
    if always or now - person.seen_at > SEEN_INTERVAL:
        Person.objects.filter(id=person.id).update(seen_at=now)


def sweep_guests() -> int:
    """Deactivate guests whose login sessions have expired, and free their handles. Return how many guests."""
    expired = Person.objects.filter(is_guest=True, is_active=True, seen_at__lt=_oldest_login())
    ids = expired.values("id")[:MAX_GUESTS_PER_SWEEP]
    return expired.filter(id__in=ids).update(handle_key=None, is_active=False)

"""
Accounts and guests: how people sign up, and how the site finds a person by the handle.

This module writes Person. It closes no connections.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from chat import protocol
from chat.models import Person, make_handle_keys
from chat.protocol import ChatError
from chat.services import entry, reserved_handles

from .handles import store_person

MAX_PASSWORD = 1000  # characters; to hash a megabyte would keep other requests waiting
SEEN_INTERVAL = timedelta(hours=1)  # the last visit is at most this much later than `seen_at`


def sign_up(
    handle: Any,
    password: Any,
    visitor: Person | AnonymousUser | None = None,
    browser: str | None = None,
    given: str | None = None,
) -> Person:
    """
    Create an account and return its person. `sign_ups.sign_up` checks whether the person may have an account.

    `visitor` is the guest who signs up, and who may keep the handle. `browser` is the digest of the browser's id.
    `given` is the reserved handle that an operator gives to the person. Raise `taken`, or the error of a field.
    """
    person = make_person(handle, given, browser=browser)
    person.set_password(check_password(password, person))
    return store_person(person, visitor)


def sign_up_guest(handle: Any, browser: str | None = None) -> Person:
    """
    Create a guest with this handle and return the person. If a guest of the same browser had the handle and left,
    activate and return that guest.

    `browser` is the digest of the browser's id. Raise `forbidden` if the site is closed to guests, `taken`, or the
    error of the field.
    """
    entry.check_guests()
    person = make_person(handle, is_guest=True, browser=browser)
    person.set_unusable_password()
    return store_person(person)


def check_password(password: Any, person: Person | None = None) -> str:
    """Return the new password if it is strong enough. Otherwise raise `invalid_field` or `too_long`."""
    if len(protocol.check_string(password, "password")) > MAX_PASSWORD:
        raise ChatError(
            "too_long", "A password may have at most %(most)s characters.", field="password", most=MAX_PASSWORD
        )
    try:
        validate_password(password, person)
    except ValidationError as error:
        # Django writes these sentences in the language of the request.
        sentences = " ".join(error.messages)
        raise ChatError("invalid_field", sentences, field="password") from None
    return password


def make_person(handle: Any, given: str | None = None, **fields: Any) -> Person:
    """
    Return a new person with this handle, who is not stored yet.

    `given` is the reserved handle that an operator gives to the person. Raise `taken` for another reserved handle, or
    the error of the field.
    """
    handle = protocol.check_handle(handle)
    reserved_handles.check_not_reserved(handle, given)
    return Person(handle=handle, **make_handle_keys(handle), **fields)


def get_person(whom: Person | Any) -> Person:
    """
    Return the active person with the handle `whom`, ignoring case and repeated spaces. Return `whom` itself if it is a
    Person, active or not.

    Raise `not_found` or `invalid_field`.
    """
    if isinstance(whom, Person):
        return whom
    person = Person.objects.find_by_handle(protocol.check_string(whom, "handle"))
    if person is None or not person.is_active:
        raise ChatError("not_found", "There is nobody with this handle.")
    return person


def find_person(handle: Any, password: Any) -> Person | None:
    """Return the person with this handle and password, or None."""
    if not protocol.is_possible_handle(handle) or not isinstance(password, str) or len(password) > MAX_PASSWORD:
        return None
    return auth.authenticate(None, username=handle, password=password)


def touch_seen(person: Person, always: bool = False) -> None:
    """Store the present time as `seen_at`, if the stored time is older than an hour or if `always` is set."""
    now = timezone.now()
    if always or now - person.seen_at > SEEN_INTERVAL:
        Person.objects.filter(id=person.id).update(seen_at=now)


@contextmanager
def changing(person: Person) -> Iterator[None]:
    """
    Run a block that changes what belongs to a person, in a transaction. Such blocks of one person run one after the
    other, so that no change is lost.

    Raise `not_signed_in` if the account was deleted or deactivated meanwhile.
    """
    with transaction.atomic():
        Person.objects.lock(person.id)
        if not Person.objects.filter(id=person.id, is_active=True).exists():
            raise ChatError("not_signed_in", "This account is no longer active.")
        yield

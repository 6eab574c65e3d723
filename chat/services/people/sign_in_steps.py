"""
The steps of a sign-in: after the right password, an account with a second factor also has to give a code.

Between the steps, the browser has no login session. Its session only says for which account the password was given, for
PENDING_SECONDS. A change of the password ends this state. This module writes sessions.
"""

import time
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from chat.models import Person
from chat.protocol import ChatError

from .logins import sign_in
from .second_factor import check_code, find_second_factor

PENDING_KEY = "second_factor_pending"  # in the browser's session
PENDING_SECONDS = 5 * 60


def begin_sign_in(request: HttpRequest, person: Person, code: Any = None) -> bool:
    """
    Sign in a person who has given the right password, or another proof. Return whether the sign-in is complete.

    If the person has a second factor, check `code`. Without a code, the browser stays signed out, and `finish_sign_in`
    completes the sign-in. Raise as `check_code` does.
    """
    if find_second_factor(person) is not None:
        if code is None:
            _remember(request, person)
            return False
        check_code(request, person, code)
    request.session.pop(PENDING_KEY, None)
    sign_in(request, person)
    return True


def finish_sign_in(request: HttpRequest, code: Any) -> Person:
    """
    Sign in the person who has given the password in this browser, with a code of the second factor.

    Return the person. Raise `not_signed_in` if nobody has given the password, or too long ago; otherwise raise as
    `check_code` does.
    """
    person = find_pending(request)
    if person is None:
        raise ChatError("not_signed_in", "The time to enter the code is over. Sign in again.")
    check_code(request, person, code)
    request.session.pop(PENDING_KEY, None)
    sign_in(request, person)
    return person


def find_pending(request: HttpRequest) -> Person | None:
    """Return the person who has given the password in this browser and has to give a code now, or None."""
    pending = request.session.get(PENDING_KEY)
    if pending is None or pending["until"] < time.time():
        return None
    person = Person.objects.find_by_id(pending["person"])
    if person is None or not person.is_active or find_second_factor(person) is None:
        return None
    has_same_password = constant_time_compare(pending["hash"], person.get_session_auth_hash())
    return person if has_same_password else None


def _remember(request: HttpRequest, person: Person) -> None:
    until = time.time() + PENDING_SECONDS
    request.session[PENDING_KEY] = {"person": person.id, "hash": person.get_session_auth_hash(), "until": until}

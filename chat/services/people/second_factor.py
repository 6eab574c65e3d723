"""
The second factor of a sign-in: one-time codes of an app (TOTP, RFC 6238), and recovery codes.

This module checks codes, and says for whom a second factor is on or required. `second_factor_changes` switches it on
and off. This module writes RecoveryCode, AccountEntry, and `SecondFactor.last_step`.
"""

import logging
import re
import time
from typing import Any

import pyotp
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from chat import protocol
from chat.models import AccountEntry, Person, SecondFactor
from chat.protocol import ChatError
from chat.services import numbers, rights
from chat.services.secret_box import UnreadableSecret, decrypt

from .account_log import record_change
from .recovery_codes import use_code
from .sign_ins import start_code

logger = logging.getLogger(__name__)

STEP_SECONDS = 30
WINDOW = 1  # steps before and after the present one, because clocks of phones differ
OPTIONAL, OPERATORS, EVERYONE = "optional", "operators", "everyone"  # values of CHAT_SECOND_FACTOR
MAX_CODE = 100  # characters


def find_second_factor(person: Person | AnonymousUser) -> SecondFactor | None:
    """
    Return the second factor of a person, or None if it is off. Guests, and people who are not signed in, have none.
    """
    if not person.is_authenticated or person.is_guest:
        return None
    return SecondFactor.objects.filter(person=person.id).first()


def must_set_up(person: Person | AnonymousUser) -> bool:
    """
    Return whether CHAT_SECOND_FACTOR requires a second factor that this person does not have.

    Such a person may sign in and out, set the second factor up, and read what everybody may read.
    """
    if settings.CHAT_SECOND_FACTOR == OPTIONAL or not person.is_authenticated or person.is_guest:
        return False
    return is_required(person) and find_second_factor(person) is None


def is_required(person: Person) -> bool:
    """
    Return whether CHAT_SECOND_FACTOR requires a second factor of this account.

    For an account without a password, the provider of OpenID Connect is responsible.
    """
    if not person.has_usable_password():
        return False
    return settings.CHAT_SECOND_FACTOR == EVERYONE or (
        settings.CHAT_SECOND_FACTOR == OPERATORS and rights.is_operator(person)
    )


def check_code(request: HttpRequest, person: Person, code: Any) -> None:
    """
    Check a code of the person's app, or a recovery code, and use it up.

    Raise `second_factor_required` for a wrong code, or for one that was used before. Raise `rate_limited` after too
    many wrong codes.
    """
    text = protocol.check_string(code, "code")
    with numbers.counting_refusals():
        attempt = start_code(request, person)
    if not is_code_accepted(request, person, text):
        numbers.count_sign_in_failure("wrong_code")
        raise ChatError("second_factor_required", "This code is wrong, or it was used before.", field="code")
    attempt.succeed()


def is_code_accepted(request: HttpRequest, person: Person, text: str) -> bool:
    """Return whether a text is a valid code of the person, and use the code up. The caller limits the attempts."""
    factor = find_second_factor(person)
    if factor is None or len(text) > MAX_CODE:
        return False
    if looks_like_app_code(text):
        return _use_app_code(factor, text)
    with transaction.atomic():
        is_used = use_code(person, text)
        if is_used:
            record_change(AccountEntry.CODE_USED, person, person, request)
    return is_used


def looks_like_app_code(text: str) -> bool:
    """Return whether a text has the form of an app's code: six digits."""
    return re.fullmatch("[0-9]{6}", _remove_spaces(text)) is not None


def find_step(secret: str, text: str) -> int | None:
    """Return the time step at which an app with this secret shows a code, or None if the code is not valid now."""
    app, now = pyotp.TOTP(secret), int(time.time()) // STEP_SECONDS
    code = _remove_spaces(text)
    steps = range(now - WINDOW, now + WINDOW + 1)
    # Each code is compared, so that the time of the response does not depend on the code.
    matching = [step for step in steps if constant_time_compare(app.generate_otp(step), code)]
    return max(matching, default=None)


def _use_app_code(factor: SecondFactor, text: str) -> bool:
    try:
        secret = decrypt(factor.secret, make_owner(factor.person_id))
    except UnreadableSecret:
        logger.error("The second factor of person %s cannot be read: SECRET_KEY has changed", factor.person_id)
        return False
    step = find_step(secret, text)
    if step is None:
        return False
    # One UPDATE uses the code and all earlier codes. So of two requests at the same time, only one succeeds.
    unused = SecondFactor.objects.filter(person=factor.person_id, secret=factor.secret, last_step__lt=step)
    return unused.update(last_step=step) == 1


def make_owner(person_id: int) -> str:
    """Return the owner under which the secret of a person's second factor is encrypted."""
    return f"second factor of person {person_id}"


def _remove_spaces(text: str) -> str:
    return "".join(text.split())

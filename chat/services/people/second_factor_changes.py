"""
Changes of a second factor: set it up, make new recovery codes, and switch it off.

Each change by the person asks for the password or a code. Each change ends the other logins of the person, and is in
the log of accounts.
The secret of an app that is not confirmed yet is in the login session, encrypted. This module writes SecondFactor,
RecoveryCode, AccountEntry, and login sessions.
"""

import time
from typing import Any, NamedTuple

import pyotp
from django.db import transaction
from django.http import HttpRequest

from chat import protocol
from chat.models import AccountEntry, Person, RecoveryCode, SecondFactor
from chat.protocol import ChatError
from chat.services import mails, rights
from chat.services.secret_box import UnreadableSecret, decrypt, encrypt

from .account_log import record_change
from .accounts import changing, get_person
from .own_logins import end_other_logins
from .recovery_codes import replace_codes
from .second_factor import (
    find_second_factor,
    find_step,
    is_code_accepted,
    is_required,
    looks_like_app_code,
    make_owner,
)
from .sign_ins import check_own_password, start_code, start_own_attempt

SETUP_KEY = "second_factor_setup"  # in the login session
SETUP_SECONDS = 15 * 60


class Setup(NamedTuple):
    """An app that is being set up: its secret, and the address that a QR code contains."""

    secret: str
    address: str


def check_identity(request: HttpRequest, proof: Any, field: str = "proof") -> None:
    """
    Check that the signed-in person knows the password, or has a valid code of the second factor.

    `proof` is one of them, and `field` is its field in the request. A code is used up. A person who has neither must
    have signed in just now, as `check_own_password` says. Raise `forbidden`, `invalid_field` if `proof` is no text, or
    `rate_limited` after too many failures.
    """
    person, text = request.user, protocol.check_string(proof, field)
    if not has_proof(person):
        check_own_password(request, text, field)
        return
    if looks_like_app_code(text):
        attempt = start_code(request, person)
        is_right = is_code_accepted(request, person, text)
    else:
        attempt = start_own_attempt(request)
        is_right = person.check_password(text) or is_code_accepted(request, person, text)
    if not is_right:
        raise ChatError("forbidden", "This is neither your password nor a valid code.", field=field)
    attempt.succeed()


def has_proof(person: Person) -> bool:
    """Return whether a person has a password or a second factor, and so can prove who they are."""
    return person.has_usable_password() or find_second_factor(person) is not None


def start_setup(request: HttpRequest, proof: Any) -> None:
    """
    Make the secret of a new app for the signed-in person, and keep it in the login session for SETUP_SECONDS.

    The app of an earlier setup stays valid until `confirm_setup`. Raise as `check_identity` does, and `forbidden` for a
    guest.
    """
    person = request.user
    if person.is_guest:
        raise ChatError("forbidden", "Guests have no password. Sign up for an account.")
    check_identity(request, proof)
    secret = encrypt(pyotp.random_base32(), make_owner(person.id))
    request.session[SETUP_KEY] = {"secret": secret, "until": time.time() + SETUP_SECONDS}


def find_setup(request: HttpRequest, issuer: str) -> Setup | None:
    """Return the app that this login is setting up, or None. `issuer` is the name of the site in the app."""
    kept = request.session.get(SETUP_KEY)
    if kept is None or kept["until"] < time.time():
        return None
    try:
        secret = decrypt(kept["secret"], make_owner(request.user.id))
    except UnreadableSecret:
        return None  # the session belonged to another person, or SECRET_KEY has changed
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=request.user.handle, issuer_name=issuer))


def cancel_setup(request: HttpRequest) -> None:
    """Forget the app that this login is setting up."""
    request.session.pop(SETUP_KEY, None)


def confirm_setup(request: HttpRequest, code: Any) -> list[str]:
    """
    Switch the second factor on, with the app that this login is setting up, and return new recovery codes.

    Raise `invalid_field` for a wrong code. Raise `forbidden` if there is no app, if too much time has passed, or if an
    equal request has just switched the second factor on.
    """
    setup = find_setup(request, issuer="")
    if setup is None:
        raise ChatError("forbidden", "The time to confirm the app is over. Begin again.")
    step = find_step(setup.secret, protocol.check_string(code, "code"))
    if step is None:
        raise ChatError(
            "invalid_field",
            "This code is wrong. Check that the clock of your phone is right, and enter the present code.",
            field="code",
        )
    person = request.user
    fields = {"secret": encrypt(setup.secret, make_owner(person.id)), "last_step": step}
    with changing(person):
        _check_is_new(person, setup.secret)
        SecondFactor.objects.filter(person=person).delete()
        SecondFactor.objects.create(person=person, **fields)
        codes = replace_codes(person)
        record_change(AccountEntry.FACTOR_ON, person, person, request)
        end_other_logins(person, request.session.session_key)
    cancel_setup(request)
    return codes


def _check_is_new(person: Person, secret: str) -> None:
    """
    Raise `forbidden` if the app with this secret is set up already.

    After a double click, the browser shows the second response. So the second request must not replace the recovery
    codes of the first one without saying so.
    """
    factor = find_second_factor(person)
    try:
        is_same = factor is not None and decrypt(factor.secret, make_owner(person.id)) == secret
    except UnreadableSecret:
        is_same = False
    if is_same:
        raise ChatError(
            "forbidden", "This app is set up already. Make new recovery codes if you could not keep the first ones."
        )


def make_recovery_codes(request: HttpRequest, proof: Any) -> list[str]:
    """
    Replace the recovery codes of the signed-in person, and return the new ones.

    Raise `forbidden` if the second factor is off, or as `check_identity` does.
    """
    person = request.user
    if find_second_factor(person) is None:
        raise ChatError("forbidden", "Two-factor sign-in is off.")
    check_identity(request, proof)
    with changing(person):
        codes = replace_codes(person)
        record_change(AccountEntry.NEW_CODES, person, person, request)
        end_other_logins(person, request.session.session_key)
    return codes


def switch_off(request: HttpRequest, proof: Any) -> None:
    """
    Switch the second factor of the signed-in person off, and tell the person by mail.

    Raise `forbidden` if the site requires it of this person, or as `check_identity` does.
    """
    person = request.user
    if is_required(person):
        raise ChatError("forbidden", "This site requires two-factor sign-in for your account.")
    check_identity(request, proof)
    with changing(person):
        if _delete(person):
            record_change(AccountEntry.FACTOR_OFF, person, person, request)
            end_other_logins(person, request.session.session_key)
            mails.post_mail("second_factor_off", person, site=mails.get_site_address(request))


def switch_off_for(whom: Person | str, actor: Person | None = None) -> Person:
    """
    Switch off the second factor of a person who has lost the app and the recovery codes. Return the person.

    `whom` is the person or the handle; `actor` is the operator, or None for a command. All logins of the person end,
    and the person gets a mail. Raise `not_found` if there is no such person or no second factor; `forbidden` if an
    operator who is no superuser does this to another operator. Also raise `forbidden` if operators do this to
    themselves. Otherwise a stranger at their browser could do it without the password or a code.
    """
    person = get_person(whom)
    if actor is not None and actor.id == person.id:
        raise ChatError("forbidden", "Switch your own two-factor sign-in off in your settings.")
    if actor is not None and rights.is_operator(person) and not actor.is_superuser:
        raise ChatError("forbidden", "Only superusers may do that to operators.")
    with transaction.atomic():
        Person.objects.lock(person.id)
        if not _delete(person):
            raise ChatError("not_found", "Two-factor sign-in is off for this person.")
        record_change(AccountEntry.FACTOR_OFF, person, actor)
        end_other_logins(person)
        mails.post_mail("second_factor_off", person)
    return person


def _delete(person: Person) -> bool:
    RecoveryCode.objects.filter(person=person).delete()
    return SecondFactor.objects.filter(person=person).delete()[0] > 0

"""
A new password by e-mail, for people who have forgotten theirs.

A request for a link stores a mail, and never reads the account. So the response and its time are the same whether the
account exists or not. A link is valid once, for LINK_SECONDS. It ends when the person signs in, or changes the password
or the address. It does not replace the second factor. This module writes passwords, AccountEntry, KnownPlace and login
sessions.
"""

import time
from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int
from django.utils.translation import get_language, gettext

from chat import protocol
from chat.models import AccountEntry, EmailAddress, Mail, Person
from chat.protocol import ChatError
from chat.services import limits, mails
from chat.services.digests import digest_secret

from .account_log import record_change
from .accounts import check_password
from .emails import get_email
from .logins import close_connections, find_token_groups, sign_out
from .own_logins import end_other_logins
from .tokens import end_tokens

LINK_SECONDS = 3600
MAX_ACCOUNTS = 5  # of one e-mail address in one mail


class _Tokens(PasswordResetTokenGenerator):
    """Django's tokens with a time in seconds: Django 2.2 counts whole days."""

    key_salt = "chat.password_reset"

    def make_token(self, user: Person) -> str:
        """Return the token of the person's link."""
        return self._make_token_with_timestamp(user, int(time.time()))

    def check_token(self, user: Person, token: str) -> bool:
        """Return whether a token is the person's and not too old."""
        try:
            made_at = base36_to_int(token.partition("-")[0])
        except ValueError:
            return False
        is_right = constant_time_compare(self._make_token_with_timestamp(user, made_at), token)
        return is_right and 0 <= time.time() - made_at <= LINK_SECONDS

    def _make_hash_value(self, user, timestamp):
        # Each of these values changes the token, so an older link ends.
        return f"{user.id} {user.password} {user.last_login} {get_email(user).address} {timestamp}"


_tokens = _Tokens()


def request_reset(request: HttpRequest, whom: Any) -> None:
    """
    Send a link for a new password to the verified address of an account, if there is one.

    `whom` is a handle or an e-mail address. Raise `not_found` without a mail server, `empty` or `invalid_field` for
    `whom`, or `rate_limited`. No error depends on the account.
    """
    if not mails.is_mail_on():
        raise ChatError("not_found", "This site sends no e-mail.")
    text = protocol.check_string(whom, "whom").strip()[: EmailAddress.MAX_ADDRESS]
    if not text:
        raise ChatError("empty", "'%(name)s' must not be empty.", name="whom", field="whom")
    limits.check_password_reset(limits.get_address(request), digest_secret(text.casefold()))
    mails.post_mail("password_reset", None, get_language(), site=mails.get_site_address(request), whom=text)


@mails.mail_kind("password_reset")
def write_reset(mail: Mail, params: dict[str, Any]) -> mails.Letter | None:
    """Write the letter with the links of the accounts that a request named, or return None if there are none."""
    emails = [email for email in _find_emails(params["whom"]) if _has_mails_left(email.person)]
    if not emails:
        return None
    links = [
        f"{email.person.handle}: "
        + mails.make_link(params, f"/password/reset/{email.person_id}/{_tokens.make_token(email.person)}/")
        for email in emails
    ]
    return mails.write_letter(
        emails[0].address,
        params,
        gettext("Choose a new password"),
        gettext("Somebody asked for a new password for your account on %(site)s.") % {"site": mails.name_site(params)},
        gettext("If it was you, open this link within an hour, and choose a new password:"),
        *links,
        gettext("If it was not you, ignore this message. Your password stays as it is."),
    )


def _find_emails(whom: str) -> list[EmailAddress]:
    """
    Return the verified addresses of the accounts that a handle or an address names. The addresses differ at most in
    case.
    """
    active = EmailAddress.objects.select_related("person").filter(person__is_active=True, person__is_guest=False)
    emails = list(active.filter(key=whom.lower()).exclude(key="").order_by("person")[:MAX_ACCOUNTS])
    # The address comes first: another person may have chosen this address as a handle.
    if not emails and protocol.is_possible_handle(whom):
        emails = list(active.filter(person=Person.objects.find_by_handle(whom)).exclude(key=""))
    # An account without a password signs in at the provider, and must not get a password here by accident.
    return [email for email in emails if email.person.has_usable_password()]


def _has_mails_left(person: Person) -> bool:
    try:
        limits.check_mail(person.id)
    except ChatError:
        return False
    return True


def get_reset_person(person_id: int, token: str) -> Person:
    """Return the person to whom a link belongs. Raise `not_found` if the link is not valid."""
    person = Person.objects.find_by_id(person_id)
    if person is None or not person.is_active or person.is_guest or not _tokens.check_token(person, token):
        raise ChatError("not_found", "This link is not valid. It may be too old, or used already. Ask for a new one.")
    return person


def reset_password(request: HttpRequest, person_id: int, token: str, new: Any) -> None:
    """
    Store a new password for the person to whom a link belongs. End all logins of the person, and the tokens that do not
    survive a change of the password.

    Close the person's connections, except those of the tokens that stay. Sign nobody in, and tell the person by mail.
    Raise `not_found` if the link is not valid, `rate_limited`, or the error of the field.
    """
    limits.check_address("sign_ins", limits.get_address(request))
    person = get_reset_person(person_id, token)
    new = check_password(new, person)
    with transaction.atomic():
        # A second request with the same link waits here, and then finds that the password has changed.
        Person.objects.lock(person_id)
        person = get_reset_person(person_id, token)
        person.set_password(new)
        person.save(update_fields=["password"])
        person.known_places.all().delete()
        record_change(AccountEntry.RESET, person, None, request)
        mails.post_mail("password_changed", person, site=mails.get_site_address(request))
        if request.user.is_authenticated and request.user.id == person.id:
            sign_out(request)
        end_other_logins(person)
        end_tokens(person, spare_surviving=True)
        close_connections(person, but=find_token_groups(person))

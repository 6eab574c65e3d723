"""
The e-mail address of an account: it gets the links for a new password, and notices about the account.

Nobody else sees an address. An address counts only after the person has opened the link in the mail to it, and has
confirmed the address there. This module writes EmailAddress and AccountEntry.
"""

import re
import secrets
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from chat import protocol
from chat.models import AccountEntry, EmailAddress, Mail, Person
from chat.protocol import ChatError
from chat.services import limits, mails
from chat.services.digests import digest_secret

from .account_log import record_change
from .accounts import changing
from .second_factor_changes import check_identity

LINK_LIFETIME = timedelta(days=1)
# An address contains only visible ASCII characters, so it cannot add a header to a mail or hide a part of itself.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]"
    r"[A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)


def check_email(value: Any, name: str = "email") -> str:
    """Return an e-mail address, or "" for an empty text. Raise `invalid_field`."""
    text = protocol.check_string(value, name).strip()
    if text and (len(text) > EmailAddress.MAX_ADDRESS or not _ADDRESS.fullmatch(text)):
        raise ChatError("invalid_field", "This is not an e-mail address.", field=name)
    return text


def get_email(person: Person) -> EmailAddress:
    """Return the e-mail address of a person; an empty one, which is not stored, if the person has none."""
    return EmailAddress.objects.filter(person=person).first() or EmailAddress(person=person)


def change_email(request: HttpRequest, address: Any, proof: Any) -> EmailAddress:
    """
    Send a link to a new e-mail address of the signed-in person, or remove the address if the new one is "".

    The present address stays until the person confirms the new one. `proof` is the password or a code: see
    `check_identity`. Raise `invalid_field` for the address, or as `check_identity` and `request_verification` do.
    """
    checked = check_email(address)
    _check_account(request.user)
    check_identity(request, proof)
    if checked:
        return request_verification(request, request.user, checked)
    return _store(request, request.user, get_email(request.user).address, {"address": "", "key": "", "pending": ""})


def request_verification(request: HttpRequest, person: Person, address: str) -> EmailAddress:
    """
    Store an address that is not verified, and send a link to it.

    Somebody may enter the address of a person who does not know the site, so the number of mails is limited. Raise
    `rate_limited`; `not_found` without a mail server; `forbidden` for a guest.
    """
    _check_account(person)
    limits.check_new_address(person.id, limits.get_address(request), digest_secret(address.lower()))
    with changing(person):
        email = get_email(person)
        email.pending, email.digest = address, ""
        email.save()
        mails.post_mail("verify_address", person, site=mails.get_site_address(request), to=address)
    return email


def _check_account(person):
    if not mails.is_mail_on():
        raise ChatError("not_found", "This site sends no e-mail.")
    if person.is_guest:
        raise ChatError("forbidden", "Guests have no profile. Sign up for an account.")


@mails.mail_kind("verify_address")
def write_verification(mail: Mail, params: dict[str, Any]) -> mails.Letter | None:
    """Write the letter with the link that verifies an address, and store the digest of the secret in the link."""
    secret = secrets.token_urlsafe(32)
    waiting = EmailAddress.objects.filter(person=mail.person_id, pending=params["to"])
    if not waiting.update(digest=digest_secret(secret), sent_at=timezone.now()):
        return None  # the person has entered another address meanwhile
    site = {"site": mails.name_site(params)}
    # The handle is not in this letter: a stranger could put an advertisement into it.
    return mails.write_letter(
        params["to"],
        params,
        gettext("Confirm your e-mail address"),
        gettext("Somebody entered this e-mail address for an account on %(site)s.") % site,
        gettext("If it was you, open this link within a day, and confirm the address:"),
        mails.make_link(params, f"/email/{secret}/"),
        gettext("If it was not you, ignore this message."),
    )


def find_unverified(person: Person, secret: str) -> EmailAddress | None:
    """Return the address that the secret of a link verifies for a person, or None if the link is not valid."""
    valid = EmailAddress.objects.filter(person=person.id, sent_at__gt=timezone.now() - LINK_LIFETIME)
    return valid.filter(digest=digest_secret(secret)).exclude(pending="").first()


def verify_email(request: HttpRequest, secret: str) -> EmailAddress:
    """
    Make the address that a link verifies the address of the signed-in person, who must have entered this address.

    A mail tells the former address. Raise `not_found` if the link is not valid.
    """
    email = find_unverified(request.user, secret)
    if email is None:
        raise ChatError("not_found", "This link is not valid. It may be too old, or belong to another account.")
    fields = {"address": email.pending, "key": email.pending.lower(), "pending": ""}
    return _store(request, request.user, email.address, fields)


def _store(request, person, former, fields):
    """Store a new address and tell the former one. Return the EmailAddress."""
    with changing(person):
        EmailAddress.objects.update_or_create(person=person, defaults={**fields, "digest": "", "sent_at": None})
        record_change(AccountEntry.EMAIL, person, person, request)
        if former and former != fields["address"]:
            mails.post_mail("address_changed", person, site=mails.get_site_address(request), to=former)
    return get_email(person)

"""
External logins: the accounts at the provider with which people sign in, and how people connect and disconnect them.

This module writes ExternalLogin, AccountEntry, and Person for a new account. It must not talk to the provider.
"""

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest

from chat import protocol
from chat.models import AccountEntry, ExternalLogin, Person, make_handle_keys
from chat.protocol import MAX_HANDLE, ChatError
from chat.services import reserved_handles, rights

from ..account_log import record_change
from ..accounts import make_person
from ..handles import store_person
from ..logins import close_connections
from ..own_logins import end_other_logins
from ..sign_ins import check_own_password
from ..tokens import end_tokens
from .flow import Identity

MAX_NUMBER = 10  # a suggested handle gets a number below this if others have the handle already


def is_enabled() -> bool:
    """Return whether people may sign in with OpenID Connect."""
    return bool(settings.OIDC_ISSUER)


def find_person(identity: Identity) -> Person | None:
    """
    Return the person who signs in with an account at the provider, or None.

    Raise `forbidden` if the person is deactivated.
    """
    login = ExternalLogin.objects.select_related("person").filter(issuer=identity.issuer, subject=identity.subject)
    found = login.first()
    if found is None:
        return None
    if not found.person.is_active:
        raise ChatError("forbidden", "This account is no longer active. Ask an operator of this site.")
    return found.person


def find_external_login(person: Person) -> ExternalLogin | None:
    """Return the person's login at the provider of the settings, or None."""
    return person.external_logins.filter(issuer=settings.OIDC_ISSUER).first() if is_enabled() else None


def write_external_account(
    identity: Identity,
    handle: object,
    visitor: Person | AnonymousUser | None = None,
    browser: str | None = None,
    given: str | None = None,
) -> Person:
    """
    Create an account that has no password, and that signs in with an account at the provider. Return its person.

    The other arguments are those of `people.sign_up`. Raise `taken`, or the error of the field.
    """
    person = make_person(handle, given, browser=browser)
    person.set_unusable_password()
    with transaction.atomic():
        person = store_person(person, visitor)
        _store(identity, person)
    return person


def connect(request: HttpRequest, identity: Identity, password: object) -> None:
    """
    Connect an account at the provider to the account of the signed-in person.

    The password proves that the person wants this, because somebody else may use the browser. Raise as
    `check_own_password` does, or `taken`.
    """
    check_own_password(request, password, field="password")
    with transaction.atomic():
        _store(identity, request.user)
        record_change(AccountEntry.CONNECTED, request.user, request.user, request)


def _store(identity, person):
    try:
        with transaction.atomic():
            ExternalLogin.objects.create(issuer=identity.issuer, subject=identity.subject, person=person)
    except IntegrityError:
        raise ChatError(
            "taken",
            "One of the two accounts is connected already: each account here has one account at %(name)s.",
            name=settings.OIDC_NAME,
        ) from None


def can_disconnect(person: Person) -> bool:
    """Return whether a person can sign in without the provider, so that they may disconnect their account there."""
    return person.has_usable_password() and (not settings.OIDC_ONLY or rights.is_operator(person))


def disconnect(request: HttpRequest) -> None:
    """Disconnect the signed-in person's account at the provider. Raise `forbidden` if they could not sign in again."""
    if not can_disconnect(request.user):
        if request.user.has_usable_password():
            raise ChatError(
                "forbidden",
                "Accounts with a password are switched off. Sign in with %(name)s.",
                name=settings.OIDC_NAME,
            )
        raise ChatError("forbidden", "Set a password first. Without one, you could not sign in again.")
    with transaction.atomic():
        if request.user.external_logins.filter(issuer=settings.OIDC_ISSUER).delete()[0]:
            record_change(AccountEntry.DISCONNECTED, request.user, request.user, request)


def remove_external_login(login: ExternalLogin, actor: Person) -> None:
    """
    Disconnect a person's account at the provider, for the operator `actor`, because a stranger may control that
    account.

    End the person's logins and all their tokens, and close their connections. The stranger may have made the tokens.
    A person without a password cannot sign in after that. Raise `forbidden` if an operator who is no superuser does
    this to another operator.
    """
    if rights.is_operator(login.person) and not actor.is_superuser and actor.id != login.person_id:
        raise ChatError("forbidden", "Only superusers may do that to operators.")
    with transaction.atomic():
        login.delete()
        record_change(AccountEntry.DISCONNECTED, login.person, actor)
        end_other_logins(login.person)
        end_tokens(login.person)
        close_connections(login.person)


def suggest_handle(names: Sequence[str]) -> str:
    """Return a handle that is free and like one of the names, or "" if there is none."""
    for name in names:
        # The name may be an e-mail address. The person may not want to show the address.
        start = name.partition("@")[0].strip()[: MAX_HANDLE - 3].strip()
        for candidate in (start, *(f"{start} {number}" for number in range(2, MAX_NUMBER))):
            if _is_free(candidate):
                return candidate
    return ""


def _is_free(handle):
    try:
        checked = protocol.check_handle(handle)
    except ChatError:
        return False
    keys = make_handle_keys(checked)
    is_same = Q(handle_key=keys["handle_key"]) | Q(handle_skeleton=keys["handle_skeleton"])
    return not reserved_handles.is_reserved(checked) and not Person.objects.filter(is_same).exists()

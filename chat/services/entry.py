"""
Entry: who may create an account, and whether people without an account may enter. The settings decide.

This module writes nothing.
"""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from chat.models import Person
from chat.protocol import ChatError

OPEN, INVITATION, CLOSED = "open", "invitation", "closed"


def get_sign_up_mode(with_openid: bool = False) -> str:
    """Return who may create an account: `open`, `invitation` or `closed`; with a password, or with OpenID Connect."""
    if with_openid:
        return settings.OIDC_SIGN_UP
    return CLOSED if settings.OIDC_ONLY else settings.CHAT_SIGN_UP


def may_accounts_be_made() -> bool:
    """Return whether there is a way to create an account, with or without an invitation."""
    return get_sign_up_mode() != CLOSED or (bool(settings.OIDC_ISSUER) and get_sign_up_mode(with_openid=True) != CLOSED)


def check_may_sign_up(is_invited: bool, with_openid: bool = False) -> None:
    """Raise `forbidden` if a person may not create an account. `is_invited` says whether they have an invitation."""
    mode = get_sign_up_mode(with_openid)
    if mode == OPEN or (mode == INVITATION and is_invited):
        return
    if mode == INVITATION:
        raise ChatError(
            "forbidden", "You need an invitation to create an account. Ask somebody on this site for a link."
        )
    if settings.OIDC_ONLY and not with_openid:
        raise ChatError(
            "forbidden", "Accounts with a password are switched off. Sign in with %(name)s.", name=settings.OIDC_NAME
        )
    raise ChatError("forbidden", "Nobody can create an account here now. Ask an operator of this site.")


def check_guests() -> None:
    """Raise `forbidden` if people need an account to enter."""
    if not settings.CHAT_GUESTS:
        raise ChatError("forbidden", "This site is closed to guests. Sign in with an account.")


def is_admitted(person: Person | AnonymousUser) -> bool:
    """Return whether the site admits a person: every account, and everybody else while CHAT_GUESTS is on."""
    return settings.CHAT_GUESTS or (person.is_authenticated and not person.is_guest)

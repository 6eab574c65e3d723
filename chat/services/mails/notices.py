"""
The notices about an account: the password was changed, two-factor sign-in was switched off, the address was changed.

These functions write the letters. They send nothing.
"""

from typing import Any

from django.utils.translation import gettext

from chat.models import Mail

from .letters import find_address, name_site
from .registry import Letter, mail_kind


def write_letter(to: str, params: dict[str, Any], subject: str, *paragraphs: str) -> Letter:
    """Return a letter with the name of the site in its subject."""
    return Letter(to, f"{subject} - {name_site(params)}", "\n\n".join(paragraphs) + "\n")


def _write_notice(mail: Mail, params: dict[str, Any], subject: str, sentence: str, to: str | None = None):
    to = to or find_address(mail.person)
    if to is None:
        return None
    values = {"handle": mail.person.handle, "site": name_site(params)}
    hello = gettext("This message is about your account %(handle)s on %(site)s.") % values
    advice = gettext("If you did not do this, change your password at once, or ask the operators of the site for help.")
    return write_letter(to, params, subject, hello, sentence, advice)


@mail_kind("password_changed")
def write_password_changed(mail: Mail, params: dict[str, Any]) -> Letter | None:
    """Write the letter that tells a person that the password was changed."""
    sentence = gettext("Your password was changed. All other browsers are signed out.")
    return _write_notice(mail, params, gettext("Your password was changed"), sentence)


@mail_kind("second_factor_off")
def write_second_factor_off(mail: Mail, params: dict[str, Any]) -> Letter | None:
    """Write the letter that tells a person that two-factor sign-in was switched off."""
    sentence = gettext("Two-factor sign-in was switched off. Only your password protects your account now.")
    return _write_notice(mail, params, gettext("Two-factor sign-in was switched off"), sentence)


@mail_kind("address_changed")
def write_address_changed(mail: Mail, params: dict[str, Any]) -> Letter | None:
    """Write the letter to the former address of an account that has another address now, or none."""
    sentence = gettext("The e-mail address of your account was changed or removed. This address gets no more messages.")
    return _write_notice(mail, params, gettext("Your e-mail address was changed"), sentence, to=params["to"])

"""What all letters share: whether the site sends mails, the language, the links, and the name of the site."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from chat.models import EmailAddress, Person, Preferences

# {language of a preference: Django's name of this language}, if the two names differ.
_DJANGO_NAMES = {"zh": "zh-hans"}


def is_mail_on() -> bool:
    """Return whether the site has a mail server. Without one, the site shows nothing about e-mail."""
    return settings.EMAIL_URL is not None


def get_site_address(request: HttpRequest) -> str:
    """
    Return the address of the site for the links in a mail: PUBLIC_URL.

    Without this setting, return the address of the request, whose host Django has checked against ALLOWED_HOSTS.
    """
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def make_link(params: dict[str, Any], path: str) -> str:
    """Return a link to a path of the site, for a mail with these parameters."""
    return f"{params['site']}{path}"


def name_site(params: dict[str, Any]) -> str:
    """Return the name of the site in its mails: the host of its address, or "Chat" if the address is not known."""
    return urlsplit(params.get("site") or settings.PUBLIC_URL or "").netloc or "Chat"


def find_address(person: Person) -> str | None:
    """Return the verified address of an active account, or None."""
    if not person.is_active or person.is_guest:
        return None
    return EmailAddress.objects.filter(person=person).values_list("address", flat=True).first() or None


def choose_language(person: Person | None) -> str:
    """
    Return the language of a mail: the one that the person chose, or else the active one (in a request, its language).
    """
    chosen = Preferences.objects.filter(person=person).values_list("language", flat=True).first() if person else None
    if chosen:
        return _DJANGO_NAMES.get(chosen, chosen)
    return translation.get_language() or settings.LANGUAGE_CODE

"""The check of the settings: what `manage.py check --deploy` warns of is a problem of a public site."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from channels_transport import Finding
from chatproj.checks import THIS_MACHINE

# The part `settings`, a check of the transport, reports these: DEBUG, and a * among the hosts.
_REPORTED = ("security.W018", "chatproj.W004")
# Django's warnings about cookies, redirects and HSTS follow from an address without TLS: chatproj.W003 is about it.
_ABOUT_TLS = ("security.W004", "security.W008", "security.W012", "security.W016")
# Django's own texts name settings of Django, which nobody sets here.
_TEXTS = {
    "security.W004": "HSTS_SECONDS is 0, so browsers may open the site without TLS: unset it if the site keeps TLS.",
    "security.W009": (
        "SECRET_KEY is short or simple, so it can be guessed: set it to the output of `openssl rand -hex 32`, for every"
        " process."
    ),
}


def check_deployment() -> list[Finding]:
    """Report the warnings of the system checks; for a site with a public address, also those about a deployment."""
    texts = list(_find_texts())
    if texts:
        return [Finding.problem("deployment", text if text.endswith(".") else f"{text}.") for text in texts]
    return [Finding.ok("deployment", "`manage.py check` finds nothing.")]


def _find_texts() -> Iterator[str]:
    address = urlsplit(settings.PUBLIC_URL or "")
    has_tls = address.scheme == "https"
    is_public = bool(address.hostname) and address.hostname not in THIS_MACHINE
    for message in checks.run_checks(include_deployment_checks=is_public):
        if message.is_silenced() or message.id in _REPORTED or (message.id in _ABOUT_TLS and not has_tls):
            continue
        yield _TEXTS.get(message.id) or " ".join(f"{message.msg} {message.hint or ''}".split())

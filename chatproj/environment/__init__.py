"""
Every setting that the environment gives. Each module of this package has the settings of one theme.

Each setting is defined once: its name, its effect, its kind, its default, and the function that parses its value.
An empty value counts as not set. A wrong value raises ImproperlyConfigured with one sentence: the name of the variable,
what is expected, and the value, unless the value may contain a password or a key. docs/operations.md has the table of
these settings, in the same order. This package connects to nothing. In the file system, it checks only `CHAT_VAR` and
the file `ssl_ca_certs` of EMAIL_URL.
"""

import os
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chatproj.environment import connecting, database, entry, keeping, mail, redis, site, uploading, watching
from chatproj.setting_kinds import Setting

_THEMES = (site, database, redis, entry, mail, keeping, uploading, connecting, watching)
SETTINGS: dict[str, Setting] = {setting.name: setting for theme in _THEMES for setting in theme.SETTINGS}

MISSING_SECRET_KEY = (
    "Set SECRET_KEY to a long random text (for example the output of `openssl rand -hex 32`), the same for"
    " every process. bin/serve makes one by itself, and DEBUG=1 needs none."
)
MISSING_PUBLIC_URL = (
    "Set PUBLIC_URL if EMAIL_URL is set and ALLOWED_HOSTS contains *: otherwise a client could choose the host of the"
    " links in mails."
)


def read(name: str, environment: Mapping[str, str] | None = None) -> Any:
    """Return the value of one of SETTINGS. Raise ImproperlyConfigured if it is wrong."""
    return SETTINGS[name].read(os.environ if environment is None else environment)


def check_all() -> None:
    """Raise ImproperlyConfigured for the first wrong setting, also for one that this process does not use."""
    for setting in SETTINGS.values():
        setting.read(os.environ)


def check_openid(issuer: str | None, client_id: str | None, is_only: bool) -> None:
    """Raise ImproperlyConfigured if one setting of OpenID Connect needs another one that is not set."""
    if bool(issuer) != bool(client_id):
        raise ImproperlyConfigured("Set both OIDC_ISSUER and OIDC_CLIENT_ID, or neither.")
    if is_only and not issuer:
        raise ImproperlyConfigured("OIDC_ONLY needs OIDC_ISSUER: without it, nobody could sign in.")

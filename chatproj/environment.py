"""
Every setting that the environment gives: its name, its type, its default, and the function that parses its value.

An empty value counts as not set. A wrong value raises ImproperlyConfigured with one sentence: the name of the variable,
what is expected, and the value, unless the value may contain a password or a key. docs/operations.md has the table of
these settings. This module connects to nothing. It checks only `CHAT_VAR` against the file system.
"""

import logging
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chatproj import setting_values as values

ON, OFF = ("1", "true", "yes", "on", "y", "t"), ("0", "false", "no", "off", "n", "f")
# These people may open direct conversations: everybody; accounts with accounts; people who share a room; nobody.
DIRECTS = ("everyone", "members", "shared", "nobody")
# Python's own names of levels, also in their short forms.
LEVELS = ("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTSET")
MISSING_SECRET_KEY = (
    "Set SECRET_KEY to a long random text (for example the output of `openssl rand -hex 32`), the same for"
    " every process. bin/serve makes one by itself, and DEBUG=1 needs none."
)


@dataclass(frozen=True)
class Setting:
    """
    One variable of the environment.

    `parse` returns the value of a text. It raises ValueError for a wrong text; the error's text, if any, says what is
    wrong. `expected` completes the sentence "NAME must be ...". No error text contains the value of a setting that
    `is_secret`. `kind`, `default_text`, `example` and `wrong` (a wrong value) are for the documentation.
    """

    name: str
    kind: str
    parse: Callable[[str], Any]
    expected: str
    default: Any
    default_text: str
    example: str
    wrong: str
    is_secret: bool = False

    def read(self, environment: Mapping[str, str]) -> Any:
        """Return the value, or the default if the variable is not set. Raise ImproperlyConfigured if it is wrong."""
        text = environment.get(self.name, "")
        if not text.strip():
            return self.default
        try:
            return self.parse(text)
        except ValueError as error:
            # A text with a user before the @ may also contain a password.
            shown = "; it contains @" if "@" in text else f", not {text!r}"
            reason = f"; {error}" if self.is_secret else shown
            raise ImproperlyConfigured(f"{self.name} must be {self.expected}{reason}.") from None


def read(name: str, environment: Mapping[str, str] | None = None) -> Any:
    """Return the value of one of SETTINGS. Raise ImproperlyConfigured if it is wrong."""
    return SETTINGS[name].read(os.environ if environment is None else environment)


def check_all() -> None:
    """Raise ImproperlyConfigured for the first wrong setting, also for one that this process does not use."""
    for setting in SETTINGS.values():
        setting.read(os.environ)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        digits = text.strip().removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and least <= int(digits) <= most):
            raise ValueError
        return int(digits)

    return parse


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        number = float(text) if text.isascii() else math.nan
        if not least <= number <= most:  # false for NaN too
            raise ValueError
        return number

    return parse


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in ON + OFF:
        raise ValueError
    return word in ON


def _level(text: str) -> str:
    level = text.strip().upper()
    if level not in LEVELS:
        raise ValueError
    return level


def _host(text: str) -> str:
    # `serve` finds out whether the address belongs to this machine.
    if not re.fullmatch(r"[^\s/@,?#'\"]+", text.strip()):
        raise ValueError
    return text.strip().removeprefix("[").removesuffix("]")


def _folder(text: str) -> str:
    path = Path(text.strip()).absolute()
    # A directory that this process may not look into counts as missing; `make_var` reports the error.
    if not all(os.path.isdir(part) or not os.path.lexists(part) for part in (path, *path.parents)):
        raise ValueError
    return text.strip()


def _choice(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.strip().lower() not in choices:
            raise ValueError
        return text.strip().lower()

    return parse


def _key(text: str) -> str:
    return text  # unchanged: signatures depend on each character


_HOSTS_EXPECTED = (
    "host names or addresses separated by commas, such as chat.example.com, .example.com (with all names below it),"
    " [::1] or *, without a scheme, a port and a path"
)
_SWITCH_EXPECTED = "1, true, yes or on, or else 0, false, no or off"


def _switch_setting(name: str, default: bool, example: str) -> Setting:
    return Setting(name, "switch", _switch, _SWITCH_EXPECTED, default, "on" if default else "off", example, "maybe")


def _count(name: str, least: int, most: int, default: int, example: str, wrong: str) -> Setting:
    expected = f"a number from {least} to {most}"
    return Setting(name, "whole number", _whole(least, most), expected, default, str(default), example, wrong)


_ALL = [
    Setting(
        *("SECRET_KEY", "text", _key, "a long random text", None),
        *("the key in `var/`; without one, the site does not start", "`openssl rand -hex 32` prints one", ""),
        is_secret=True,
    ),
    Setting(
        *("PUBLIC_URL", "URL", values.read_origin, "like https://chat.example.com, without a path", None),
        *("none: any allowed host is accepted", "https://chat.example.com", "chat.example.com"),
    ),
    Setting(
        *("ALLOWED_HOSTS", "list of hosts", values.read_hosts, _HOSTS_EXPECTED, []),
        *("the host of `PUBLIC_URL`, else this machine's names and addresses", "chat.example.com,.example.org"),
        "https://chat.example.com",
    ),
    Setting(
        *("DATABASE_URL", "URL", values.check_database_url, values.DATABASE_EXPECTED, None, "SQLite in `var/`"),
        *("postgres://chat:secret@db/chat", "postgres://chat:secret@db:port/chat"),
        is_secret=True,
    ),
    # The transport reads the parts of this URL, and names the wrong one.
    Setting(
        *("REDIS_URL", "URL", str.strip, "a URL", None),
        *("the Redis that `bin/serve` starts; none for a plain `runserver`", "redis://:secret@redis:6379/0"),
        "http://redis",
        is_secret=True,
    ),
    _count("TRUSTED_PROXIES", 0, 100, 0, "1", "yes"),
    Setting(
        *("HOST", "host", _host, "a host name or an address of this machine, such as 0.0.0.0", "127.0.0.1"),
        *("127.0.0.1; 0.0.0.0 with another Procfile runner", "0.0.0.0", "http://0.0.0.0"),
    ),
    _count("PORT", 1, 65535, 8000, "9000", "http"),
    _count("CHAT_WORKERS", 1, 64, 2, "4", "many"),
    Setting(
        *("CHAT_VAR", "path", _folder, "the path of a directory, which is made if it does not exist", None, "`var/`"),
        *("/srv/chat/var", "/dev/null"),
    ),
    _switch_setting("CHAT_LIMITS", True, "off"),
    _switch_setting("CHAT_ECHO", False, "1"),
    # A worker renews the lock each second, so a shorter lock would expire while its worker is alive.
    Setting(
        *("CHAT_TASK_LOCK_SECONDS", "number", _number(2, 86400), "a number of seconds from 2 to 86400", 30.0),
        *("30", "60", "1m"),
    ),
    Setting(
        *("CHAT_TASK_RESULT_SECONDS", "number", _number(1, 1e9), "a number of seconds from 1 to 1e9", 24 * 3600.0),
        *("86400 (a day)", "604800", "1 week"),
    ),
    Setting(
        *("CHAT_MAX_RESULTS_BYTES", "number", _number(0, math.inf), "a number of bytes, such as 5e9, or inf", 5e9),
        *("5e9", "2e10", "5 GB"),
    ),
    Setting(
        *("CHAT_DIRECTS", "choice", _choice(DIRECTS), "everyone, members, shared or nobody", "members"),
        *("members", "shared", "friends"),
    ),
    _count("CHAT_BOARD_DAYS", 1, 36500, 30, "90", "0"),
    Setting(
        *("SECURITY_CONTACT", "URL", values.read_contact, values.CONTACT_EXPECTED, None),
        *("none: `/.well-known/security.txt` answers 404", "mailto:security@example.com", "security.example.com"),
    ),
    _switch_setting("DEBUG", False, "1"),
    Setting(
        *("LOG_LEVEL", "level", _level, "DEBUG, INFO, WARNING, ERROR or CRITICAL", "INFO"),
        *("INFO", "WARNING", "verbose"),
    ),
]
SETTINGS = {setting.name: setting for setting in _ALL}
assert set(LEVELS) <= set(logging.getLevelNamesMapping()), "LOGGING accepts only these"

"""
The kinds of settings that environment variables give: switches, numbers, choices and others.

`chatproj.environment` lists the settings. Each function that reads a text raises ValueError for a wrong one.
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

ON, OFF = ("1", "true", "yes", "on", "y", "t"), ("0", "false", "no", "off", "n", "f")
# Python's own names of levels, also in their short forms.
LEVELS = ("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTSET")
assert set(LEVELS) <= set(logging.getLevelNamesMapping()), "each name in LEVELS must be a level of Python's logging"


# The processes that must start again after a change of most settings.
EVERY_PROCESS = "every process"


@dataclass(frozen=True)
class Setting:
    """
    One variable of the environment.

    `effect` is a sentence about what the setting does. `restart` names the processes that must start again after a
    change. `is_shared` says whether all processes must have the same value. `parse` returns the value of a text. It
    raises ValueError for a wrong text; the error's text, if any, says what is wrong. `expected` completes the sentence
    "NAME must be ...". No error text contains the value of a setting that `is_secret`. `kind`, `default_text`,
    `example` and `wrong` (a wrong value) are for the documentation.
    """

    name: str
    effect: str
    kind: str
    parse: Callable[[str], Any]
    expected: str
    default: Any
    default_text: str
    example: str
    wrong: str
    is_secret: bool = False
    restart: str = EVERY_PROCESS
    is_shared: bool = True

    def read(self, environment: Mapping[str, str]) -> Any:
        """Return the value, or the default if the variable is not set. Raise ImproperlyConfigured if it is wrong."""
        text = environment.get(self.name, "")
        if not text.strip():
            return self.default
        try:
            return self.parse(text)
        except ValueError as error:
            # A text with a user before the @ may also contain a password.
            shown = "; its value is not shown, because it contains @" if "@" in text else f", not {text!r}"
            reason = f"; {error}" if self.is_secret else shown
            raise ImproperlyConfigured(f"{self.name} must be {self.expected}{reason}.") from None


def read_whole(least: int, most: int) -> Callable[[str], int]:
    """Return a function that reads a whole number from `least` to `most`."""

    def parse(text: str) -> int:
        digits = text.strip().removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and least <= int(digits) <= most):
            raise ValueError
        return int(digits)

    return parse


def read_number(least: float, most: float) -> Callable[[str], float]:
    """Return a function that reads a number from `least` to `most`."""

    def parse(text: str) -> float:
        number = float(text) if text.isascii() else math.nan
        if not least <= number <= most:  # false for NaN too
            raise ValueError
        return number

    return parse


def read_switch(text: str) -> bool:
    """Return whether a switch is on."""
    word = text.strip().lower()
    if word not in ON + OFF:
        raise ValueError
    return word in ON


def read_level(text: str) -> str:
    """Return the name of a level of logging."""
    level = text.strip().upper()
    if level not in LEVELS:
        raise ValueError
    return level


def read_host(text: str) -> str:
    """Return a host name or an address, without brackets."""
    # `serve` finds out whether the address belongs to this machine.
    if not re.fullmatch(r"[^\s/@,?#'\"]+", text.strip()):
        raise ValueError
    return text.strip().removeprefix("[").removesuffix("]")


def read_folder(text: str) -> str:
    """Return the path of a directory that exists or can be made."""
    path = Path(text.strip()).absolute()
    # A directory that this process may not look into counts as missing; `make_var` reports the error.
    if not all(os.path.isdir(part) or not os.path.lexists(part) for part in (path, *path.parents)):
        raise ValueError
    return text.strip()


def read_file(text: str) -> str:
    """Return the absolute path of a file, which need not exist."""
    path = text.strip()
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError
    return path


def read_choice(choices: tuple[str, ...]) -> Callable[[str], str]:
    """Return a function that reads one of the choices, in upper or lower case, and returns it in lower case."""

    def parse(text: str) -> str:
        if text.strip().lower() not in choices:
            raise ValueError
        return text.strip().lower()

    return parse


def read_key(text: str) -> str:
    """Return a key, unchanged."""
    return text  # unchanged: signatures depend on each character


def read_word(text: str) -> str:
    """Return a word of visible ASCII characters."""
    if not re.fullmatch(r"[!-~]{1,255}", text.strip()):
        raise ValueError("it contains a space or another character that is not visible ASCII, or is too long")
    return text.strip()


def read_name(text: str) -> str:
    """Return a line of at most 40 characters."""
    if len(text.strip()) > 40 or not text.strip().isprintable():
        raise ValueError
    return text.strip()


_SWITCH_EXPECTED = "1, true, yes or on, or else 0, false, no or off"


def make_switch(name: str, effect: str, default: bool, example: str, **options: Any) -> Setting:
    """Return the setting of a switch. `options` are other fields of `Setting`."""
    parse, shown = read_switch, "on" if default else "off"
    return Setting(name, effect, "switch", parse, _SWITCH_EXPECTED, default, shown, example, wrong="maybe", **options)


def make_choice(
    name: str,
    effect: str,
    choices: tuple[str, ...],
    default: str | None,
    example: str,
    wrong: str,
    default_text: str | None = None,
    **options: Any,
) -> Setting:
    """Return a setting whose value is one of `choices`. `default_text` describes a default of None."""
    expected = f"{', '.join(choices[:-1])} or {choices[-1]}"
    parse, shown = read_choice(choices), default_text or str(default)
    return Setting(name, effect, "choice", parse, expected, default, shown, example, wrong=wrong, **options)


def make_count(
    name: str, effect: str, least: int, most: int, default: int, example: str, wrong: str, **options: Any
) -> Setting:
    """Return the setting of a whole number from `least` to `most`. `options` are other fields of `Setting`."""
    parse, expected = read_whole(least, most), f"a number from {least} to {most}"
    return Setting(
        name, effect, "whole number", parse, expected, default, str(default), example, wrong=wrong, **options
    )


def make_seconds(
    name: str, effect: str, default: float, example: str, zero: str = "no limit", **options: Any
) -> Setting:
    """Return the setting of a time in seconds, at most a day. `zero` says what 0 means."""
    expected = f"a number of seconds from 0 ({zero}) to 86400"
    parse, shown = read_number(0, 86400), str(default)
    return Setting(name, effect, "number", parse, expected, float(default), shown, example, wrong="1m", **options)

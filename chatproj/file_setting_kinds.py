"""
The kinds of settings in chatproj/settings.py: numbers, limits, paths and others.

`chatproj.file_settings` lists the settings. This module reads no setting.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

# CHAT_LIMITS must have these entries: the code reads them without a check.
NEEDED_LIMITS = ("events", "wrong_passwords_here", "wrong_passwords", "wrong_codes_here", "wrong_codes")
LONGEST_ANNOUNCEMENT = 366 * 24 * 3600  # seconds


class Kind(NamedTuple):
    """Which values a setting may have. `expected` completes the sentence "NAME must be ..."."""

    expected: str
    is_valid: Callable[[Any], bool]


def _is_number(value: Any, least: float, most: float = math.inf) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def _is_limits(value: Any) -> bool:
    if not isinstance(value, dict) or not set(NEEDED_LIMITS) <= set(value):
        return False
    return all(
        isinstance(pair, (tuple, list)) and len(pair) == 2 and all(_is_number(each, 0) and each > 0 for each in pair)
        for pair in value.values()
    )


COUNT = Kind("a whole number from 1", lambda value: isinstance(value, int) and _is_number(value, 1))
SECONDS = Kind("a number of seconds from 0", lambda value: _is_number(value, 0))
INTERVAL = Kind("a number of seconds above 0", lambda value: _is_number(value, 0) and value > 0)
DAYS = Kind("a number of days above 0", lambda value: _is_number(value, 0) and value > 0)
POLL = Kind("a number of seconds above 0 and below 30", lambda value: _is_number(value, 0, 29.9) and value > 0)
ANNOUNCEMENT = Kind(
    f"a whole number of seconds from 1 to {LONGEST_ANNOUNCEMENT}",
    lambda value: isinstance(value, int) and _is_number(value, 1, LONGEST_ANNOUNCEMENT),
)
LIMITS = Kind(
    f"a dictionary of pairs of numbers above 0, with the entries {', '.join(NEEDED_LIMITS)}",
    _is_limits,
)
PATH = Kind("a path that begins with /", lambda value: isinstance(value, str) and value.startswith("/"))
NAMES = Kind(
    "a list of the dotted names of functions",
    lambda value: isinstance(value, (list, tuple)) and all(isinstance(name, str) and "." in name for name in value),
)

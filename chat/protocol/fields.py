"""
Fields: checks of single values from outside. Each check returns the value in its clean form, or raises ChatError.

The argument `name` is the name of the field for the error text. This module must not know events, nor parse JSON.
"""

import re
import unicodedata
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeGuard
from uuid import UUID

import emoji as emoji_names

from .errors import (
    LEVELS,
    MAX_ANNOUNCEMENT,
    MAX_BODY,
    MAX_INTEGER,
    MAX_PAGE,
    MAX_REASON,
    MAX_SECONDS,
    ChatError,
)
from .zones import get_zone, localize

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_REF = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_POSITIONS = 20  # options that one vote names
_COMMAND = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EMOJI_NAME = re.compile(r"[a-z0-9_-]{2,40}")
_DIGITS = re.compile(r"[0-9]{1,16}")
# Invisible characters that Unicode calls letters, marks, symbols or unassigned: fillers, joiners, variation selectors.
HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U00013441\U00013442\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)
VARIATIONS = re.compile("[\ufe00-\ufe0f]")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z)?")
UNPRINTABLE = ("Cc", "Cf", "Zl", "Zp")


def check_string(value: Any, name: str) -> str:
    """Return `value` if it is text that every part of the system can store. Raise `invalid_field`."""
    if not isinstance(value, str):
        raise ChatError("invalid_field", "'%(name)s' must be a string.", name=name)
    if not is_storable(value):
        raise ChatError("invalid_field", "'%(name)s' contains a character that cannot be stored.", name=name)
    return value


def is_storable(value: Any) -> bool:
    """Return whether a value is text that every part of the system can store."""
    # PostgreSQL cannot store NUL, and UTF-8 cannot encode lone surrogates. JSON escapes can contain both.
    return isinstance(value, str) and "\0" not in value and _is_encodable(value)


def _is_encodable(text):
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def check_text(value: Any, name: str, most: int, least: int = 1) -> str:
    """
    Return `value` without white space at its ends. Raise `invalid_field`, `empty` or `too_long`.

    The text must have `least` to `most` characters. A text that is not empty must have a visible character.
    """
    text = check_string(value, name).strip()
    if len(text) > most:
        raise ChatError(
            "too_long",
            "'%(name)s' has %(length)s characters; at most %(most)s are allowed.",
            name=name,
            length=len(text),
            most=most,
        )
    if len(text) < least or (text and is_blank(text)):
        raise ChatError("empty", "'%(name)s' must not be empty.", name=name)
    return text


def is_blank(text: str) -> bool:
    """Return whether `text` has no visible character, only spaces, control, format and hidden characters."""
    # Not all of the category C is blank: Python's tables list newer emoji as "unassigned", a part of C.
    return all(unicodedata.category(character) in ("Zs", *UNPRINTABLE) for character in HIDDEN.sub("", text))


def check_body(value: Any, name: str = "body") -> str:
    """Return the body of a message: 1 to MAX_BODY characters. Raise as `check_text` does."""
    return check_text(value, name, MAX_BODY)


def check_caption(value: Any, name: str = "body") -> str:
    """Return the body of a message that may consist of files: up to MAX_BODY characters. Raise as `check_text` does."""
    return check_text(value, name, MAX_BODY, least=0)


def check_announcement(value: Any, name: str = "text") -> str:
    """Return an announcement: 1 to MAX_ANNOUNCEMENT characters. Raise as `check_text` does."""
    return check_text(value, name, MAX_ANNOUNCEMENT)


def check_level(value: Any, name: str = "level") -> str:
    """Return the level of an announcement, one of LEVELS. Raise `invalid_field`."""
    return check_choice(value, name, LEVELS)


def check_command(value: Any, name: str = "name") -> str:
    """Return the name of a command, without its slash. Raise `invalid_field`."""
    if not isinstance(value, str) or _COMMAND.fullmatch(value) is None:
        raise ChatError(
            "invalid_field",
            "'%(name)s' must be 1 to 32 of the characters a-z 0-9 _ -, and must not begin with _ or -.",
            name=name,
        )
    return value


def check_command_text(value: Any, name: str = "text") -> str:
    """Return the text after the name of a command: at most MAX_BODY characters. Raise as `check_text` does."""
    return check_text(value, name, MAX_BODY, least=0)


def check_ref(value: Any, name: str = "ref") -> str:
    """Return the client's id of a change. Raise `invalid_field`."""
    if not is_ref(value):
        raise ChatError("invalid_field", "'%(name)s' must be 1 to 64 of the characters A-Z a-z 0-9 _ -.", name=name)
    return value


def is_ref(value: Any) -> TypeGuard[str]:
    """Return whether `value` is a well-formed ref."""
    return isinstance(value, str) and _REF.fullmatch(value) is not None


def check_slug(value: Any, name: str = "slug") -> str:
    """Return the slug of a room. Raise `invalid_field`."""
    if not is_slug(value):
        raise ChatError(
            "invalid_field",
            "'%(name)s' must be 1 to 50 of the characters a-z 0-9 -, and must not begin with -.",
            name=name,
        )
    return value


def is_slug(value: Any) -> TypeGuard[str]:
    """Return whether `value` is a well-formed slug."""
    return isinstance(value, str) and _SLUG.fullmatch(value) is not None


def check_integer(value: Any, name: str, least: int = 0, most: int = MAX_INTEGER) -> int:
    """Return an integer from `least` to `most`. Raise `invalid_field`."""
    # In Python a bool is an int. On the wire, true and false are not integers.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ChatError(
            "invalid_field",
            "'%(name)s' must be an integer from %(least)s to %(most)s.",
            name=name,
            least=least,
            most=most,
        )
    return value


def check_positions(value: Any, name: str) -> list[int]:
    """Return a list of at most MAX_POSITIONS integers, sorted and without duplicates. Raise `invalid_field`."""
    if not isinstance(value, list) or len(value) > MAX_POSITIONS:
        raise ChatError(
            "invalid_field", "'%(name)s' must be a list of at most %(most)s integers.", name=name, most=MAX_POSITIONS
        )
    return sorted({check_integer(position, name) for position in value})


def check_limit(value: Any, name: str = "limit") -> int:
    """Return the size of a page: 1 to MAX_PAGE. Raise `invalid_field`."""
    return check_integer(value, name, least=1, most=MAX_PAGE)


def check_boolean(value: Any, name: str) -> bool:
    """Return True or False. Raise `invalid_field`."""
    if not isinstance(value, bool):
        raise ChatError("invalid_field", "'%(name)s' must be true or false.", name=name)
    return value


def check_choice(value: Any, name: str, choices: Collection[str]) -> str:
    """Return one of the strings `choices`. Raise `invalid_field`."""
    if check_string(value, name) not in choices:
        raise ChatError(
            "invalid_field", "'%(name)s' must be one of: %(choices)s.", name=name, choices=", ".join(choices)
        )
    return value


def check_reason(value: Any, name: str = "reason") -> str:
    """Return the reason of a report: 1 to MAX_REASON characters. Raise as `check_text` does."""
    return check_text(value, name, MAX_REASON)


def check_seconds(value: Any, name: str = "seconds") -> int:
    """Return a duration in seconds: 1 to MAX_SECONDS, which is 366 days. Raise `invalid_field`."""
    return check_integer(value, name, least=1, most=MAX_SECONDS)


def check_emoji(value: Any, name: str = "emoji") -> str:
    """Return one emoji in its canonical form, so that all its forms are one reaction. Raise `invalid_field`."""
    if len(check_string(value, name)) > 16 or not emoji_names.is_emoji(canonical_emoji(value)):
        raise ChatError("invalid_field", "'%(name)s' must be one emoji.", name=name)
    return canonical_emoji(value)


def check_reaction(value: Any, name: str = "emoji") -> str:
    """Return one emoji as `check_emoji` does, or `:name:` of an emoji of the site. Raise `invalid_field`."""
    return value if is_emoji_mark(value) else check_emoji(value, name)


def is_emoji_name(value: Any) -> bool:
    """Return whether `value` is a well-formed name of an emoji of the site."""
    return isinstance(value, str) and _EMOJI_NAME.fullmatch(value) is not None


def is_emoji_mark(value: Any) -> bool:
    """Return whether `value` is a well-formed name of an emoji between two colons, as bodies and reactions have it."""
    return isinstance(value, str) and value[:1] == value[-1:] == ":" and is_emoji_name(value[1:-1])


def canonical_emoji(text: str) -> str:
    """
    Return the fully qualified form of an emoji, or `text` if it is not an emoji.

    Keyboards leave out some or all variation selectors of an emoji, or add the selector of its form without colours.
    """
    return canonical_forms().get(VARIATIONS.sub("", text), text)


@cache
def canonical_forms() -> dict[str, str]:
    """Return {emoji without variation selectors: its fully qualified form} of all emoji."""
    statuses = {emoji_names.STATUS["fully_qualified"], emoji_names.STATUS["component"]}
    forms = [form for form, facts in emoji_names.EMOJI_DATA.items() if facts["status"] in statuses]
    return {VARIATIONS.sub("", form): form for form in forms}


def check_object(value: Any, name: str) -> dict:
    """Return a JSON object. Raise `invalid_field`."""
    if not isinstance(value, dict):
        raise ChatError("invalid_field", "'%(name)s' must be an object.", name=name)
    return value


def check_moment(value: Any, name: str, zone: str | None = None) -> str:
    """Return the text of a day or a time that `parse_moment` can read. Raise `invalid_field`."""
    if parse_moment(check_string(value, name), zone) is None or parse_moment(value, zone, is_end=True) is None:
        raise ChatError(
            "invalid_field",
            "'%(name)s' must be a date like 2026-11-20, or a time like 2026-11-20T09:30:00Z.",
            name=name,
        )
    return value


def parse_moment(text: str, zone: str | None = None, is_end: bool = False) -> datetime | None:
    """
    Return the aware datetime of a time in UTC, or of a day in the time zone `zone`. If `text` is neither, return None.

    Without `zone`, a day is a day in UTC.

    For a day, return the time at which the day begins. If the day is the end of a period (`is_end`), return the time at
    which the next day begins, so that the day belongs to the period.
    """
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.rstrip("Z"))
        if "T" in text:
            return moment.replace(tzinfo=UTC)
        return localize(moment + timedelta(days=1) if is_end else moment, get_zone(zone))
    except (ValueError, OverflowError):
        return None


def check_time(value: Any, name: str) -> datetime:
    """Return a time in UTC as an aware datetime. Raise `invalid_field`."""
    moment = parse_moment(value) if isinstance(value, str) and "T" in value else None
    if moment is None:
        raise ChatError("invalid_field", "'%(name)s' must be a time like 2030-01-31T12:00:00Z.", name=name)
    return moment


def parse_integer(text: Any) -> int | None:
    """Return the integer in a parameter of a URL, or None if it is not an integer from 0 to MAX_INTEGER."""
    if not isinstance(text, str) or not _DIGITS.fullmatch(text) or int(text) > MAX_INTEGER:
        return None
    return int(text)


def parse_uuid(text: Any) -> UUID | None:
    """Return the UUID in `text`, in the usual form with hyphens, or None if it is not a UUID."""
    return UUID(text) if isinstance(text, str) and _UUID.fullmatch(text) else None

"""
Fields. Each check takes a value from outside and returns it in its clean form, or raises ChatError.

It knows neither events nor JSON.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from uuid import UUID

import emoji as emoji_names

from .errors import (
    LEVELS,
    MAX_ANNOUNCEMENT,
    MAX_BODY,
    MAX_HANDLE,
    MAX_INTEGER,
    MAX_PAGE,
    MAX_REASON,
    MAX_ROOM_NAME,
    MAX_SECONDS,
    MAX_TOPIC,
    ChatError,
)

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_REF = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,16}")
# What shows nothing though Unicode calls it a letter, a mark or a symbol: fillers, joiners, variation selectors.
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z)?")
_UNPRINTABLE = ("Cc", "Cf", "Zl", "Zp")


def check_string(value, name):
    """Returns `value` if it is text that every part of the system can store. Raises `invalid_field`."""
    if not isinstance(value, str):
        raise ChatError("invalid_field", f"'{name}' must be a string.")
    # PostgreSQL stores no NUL, and UTF-8 has no lone surrogates: both come in through JSON escapes.
    if "\0" in value or not _is_encodable(value):
        raise ChatError("invalid_field", f"'{name}' holds a character that cannot be stored.")
    return value


def _is_encodable(text):
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def check_text(value, name, most, least=1):
    """Returns `value` without white space at its ends: `least` to `most` characters, or `empty`, `too_long`."""
    text = check_string(value, name).strip()
    if len(text) > most:
        raise ChatError("too_long", f"'{name}' has {len(text)} characters; {most} are allowed.")
    if len(text) < least or (text and is_blank(text)):
        raise ChatError("empty", f"'{name}' must not be empty.")
    return text


def is_blank(text):
    """True where nothing of `text` can be seen: spaces, control, format and hidden characters only."""
    # Not all of category C: emoji that are younger than our Python's tables are "unassigned" there.
    return all(unicodedata.category(character) in ("Zs", *_UNPRINTABLE) for character in _HIDDEN.sub("", text))


def check_body(value, name="body"):
    return check_text(value, name, MAX_BODY)


def check_room_name(value, name="name"):
    return _check_line(check_text(value, name, MAX_ROOM_NAME), name)


def check_topic(value, name="topic"):
    return _check_line(check_text(value, name, MAX_TOPIC, least=0), name)


def check_announcement(value, name="text"):
    return check_text(value, name, MAX_ANNOUNCEMENT)


def check_level(value, name="level"):
    if value not in LEVELS:
        raise ChatError("invalid_field", f"'{name}' must be one of {', '.join(LEVELS)}.")
    return value


def check_handle(value, name="handle"):
    """Returns the handle in NFC: 1 to 32 characters, none of them control, format or hidden."""
    # A variation selector only chooses between two pictures of a character; two handles must not differ by it.
    handle = unicodedata.normalize("NFC", _VARIATIONS.sub("", check_string(value, name))).strip()
    handle = _check_line(check_text(handle, name, MAX_HANDLE), name)
    if _HIDDEN.search(handle):
        raise ChatError("invalid_field", f"'{name}' holds a character that cannot be seen.")
    return handle


def _check_line(text, name):
    for character in text:
        if unicodedata.category(character) in _UNPRINTABLE:
            raise ChatError("invalid_field", f"'{name}' holds a control or format character.")
    return text


def check_ref(value, name="ref"):
    if not is_ref(value):
        raise ChatError("invalid_field", f"'{name}' must be 1 to 64 of A-Z a-z 0-9 _ -.")
    return value


def is_ref(value):
    return isinstance(value, str) and _REF.fullmatch(value) is not None


def check_slug(value, name="slug"):
    if not is_slug(value):
        raise ChatError("invalid_field", f"'{name}' must be 1 to 50 of a-z 0-9 -, and not begin with -.")
    return value


def is_slug(value):
    return isinstance(value, str) and _SLUG.fullmatch(value) is not None


def check_integer(value, name, least=0, most=MAX_INTEGER):
    # bool is an int in Python; on the wire it is not.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ChatError("invalid_field", f"'{name}' must be an integer from {least} to {most}.")
    return value


def check_limit(value, name="limit"):
    return check_integer(value, name, least=1, most=MAX_PAGE)


def check_switch(value, name):
    if not isinstance(value, bool):
        raise ChatError("invalid_field", f"'{name}' must be true or false.")
    return value


def check_choice(value, name, choices):
    """Returns `value` if it is one of `choices`, which are strings. Raises `invalid_field`."""
    if check_string(value, name) not in choices:
        raise ChatError("invalid_field", f"'{name}' must be one of: {', '.join(choices)}.")
    return value


def check_reason(value, name="reason"):
    return check_text(value, name, MAX_REASON)


def check_seconds(value, name="seconds"):
    """Returns for how long something holds: from a second to a year."""
    return check_integer(value, name, least=1, most=MAX_SECONDS)


def check_emoji(value, name="emoji"):
    if len(check_string(value, name)) > 16 or not emoji_names.is_emoji(value):
        raise ChatError("invalid_field", f"'{name}' must be one emoji.")
    return value


def check_object(value, name):
    if not isinstance(value, dict):
        raise ChatError("invalid_field", f"'{name}' must be an object.")
    return value


def check_moment(value, name):
    """Returns `value` if it is a day or a time as `parse_moment` reads it. Raises `invalid_field`."""
    if parse_moment(check_string(value, name)) is None or parse_moment(value, is_end=True) is None:
        raise ChatError(
            "invalid_field", f"'{name}' must be a date like 2026-11-20, or a time like 2026-11-20T09:30:00Z."
        )
    return value


def parse_moment(text, is_end=False):
    """
    Returns the aware datetime that a day or a time in UTC spells, or None where it spells none.

    A day is its beginning; as the end of a period (`is_end`), the beginning of the next: it belongs to the period.
    """
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=UTC)
        return moment + timedelta(days=1) if is_end and "T" not in text else moment
    except (ValueError, OverflowError):
        return None


def check_time(value, name):
    """Returns the moment that a time in UTC spells, as an aware datetime. Raises `invalid_field`."""
    moment = parse_moment(value) if isinstance(value, str) and "T" in value else None
    if moment is None:
        raise ChatError("invalid_field", f"'{name}' must be a time like 2030-01-31T12:00:00Z.")
    return moment


def parse_integer(text):
    """Returns the integer that a URL's parameter spells, or None where it spells none from 0 to 2^53-1."""
    if not isinstance(text, str) or not _DIGITS.fullmatch(text) or int(text) > MAX_INTEGER:
        return None
    return int(text)


def parse_uuid(text):
    """Return the UUID that a URL's path spells in its usual form with hyphens, or None where it spells none."""
    return UUID(text) if isinstance(text, str) and _UUID.fullmatch(text) else None

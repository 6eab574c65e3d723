"""
Parsing: read events from the text of frames, and check their fields.

This module does not know what the server does with an event.
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from .errors import ChatError
from .events import EVENTS, Event, Post, Schedule
from .fields import (
    check_body,
    check_boolean,
    check_caption,
    check_choice,
    check_command,
    check_command_text,
    check_integer,
    check_limit,
    check_object,
    check_positions,
    check_reaction,
    check_ref,
    check_slug,
    check_string,
    check_time,
    is_ref,
)
from .names import check_handle
from .uploads import check_files
from .workspace import NOTIFICATION_LEVELS
from .zones import check_zone

_CHECKS: dict[str, Callable[..., Any]] = {
    "ref": check_ref,
    "body": check_body,
    "files": check_files,
    "reply_to": check_integer,
    "id": check_integer,
    "emoji": check_reaction,
    "on": check_boolean,
    "offset": check_integer,
    "cursor": check_integer,
    "limit": check_limit,
    "before": check_integer,
    "around": check_integer,
    "task": check_string,
    "params": check_object,
    "at": check_time,
    "handle": check_handle,
    "visitor": check_string,
    "room": check_slug,
    "level": lambda value, name: check_choice(value, name, NOTIFICATION_LEVELS),
    "position": check_integer,
    "posts": check_integer,
    "active": check_boolean,
    "thread": check_integer,
    "name": check_command,
    "text": check_command_text,
    "zone": check_zone,
    "options": check_positions,
}
# Absent and null mean the same.
_OPTIONAL = {"reply_to", "files", "before", "around", "position", "posts", "active", "thread", "text", "zone"}
# The text of these events may be empty: the event itself checks that it has a text or files.
_CHECKS_OF = {(event_class, "body"): check_caption for event_class in (Post, Schedule)}


def parse(text: str | bytes, events: Mapping[str, type[Event]] = EVENTS) -> Any:
    """
    Check the fields of one text frame, and return its event: an instance of one of `events` ({type: class}).

    Raise ChatError with `invalid_json`, `not_an_object`, `missing_type`, `unknown_type`, `missing_field`,
    `invalid_field`, `too_long` or `empty`, and with the frame's `ref` if that could be read.
    """
    return read_event(parse_object(text), events=events)


def read_event(fields: dict, event_class: type[Event] | None = None, events: Mapping[str, type[Event]] = EVENTS) -> Any:
    """
    Return the event in an object from outside. Raise as `parse` does.

    The event is an instance of `event_class`; if this is None, of the class in `events` for the object's `type`.
    """
    ref = fields.get("ref")
    try:
        return _build_event(event_class or _find_event_class(fields, events), fields)
    except ChatError as error:
        error.ref = ref if is_ref(ref) else None
        raise


def parse_object(text: str | bytes) -> dict:
    """Return the JSON object in `text` (str or UTF-8 bytes). Raise `invalid_json` or `not_an_object`."""
    try:
        value = _DECODER.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        raise _make_invalid_json_error() from None
    if not isinstance(value, dict):
        raise ChatError("not_an_object", "This must be one JSON object.")
    return value


def split_frames(text: str | bytes) -> list[str]:
    """
    Return the texts of the frames in `text` (str or UTF-8 bytes): one JSON value, or a list of JSON values.

    The text of each frame is unchanged, for `parse`. Raise `invalid_json`.
    """
    try:
        text = (text.decode("utf-8") if isinstance(text, bytes) else text).strip(_SPACES)
        return _split_list(text) if text.startswith("[") else [text]
    except (ValueError, IndexError, RecursionError):
        raise _make_invalid_json_error() from None


def _make_invalid_json_error():
    return ChatError("invalid_json", "This is not valid JSON, or it is nested too deeply.")


def _split_list(text):
    found: list[str] = []
    position = _skip_spaces(text, 1)
    while text[position] != "]":
        if found:
            if text[position] != ",":
                raise ValueError("a comma is missing")
            position = _skip_spaces(text, position + 1)
        _, end = _DECODER.raw_decode(text, position)
        found.append(text[position:end])
        position = _skip_spaces(text, end)
    if position != len(text) - 1:
        raise ValueError("there is text after the list")
    return found


def _skip_spaces(text, position):
    while text[position] in _SPACES:
        position += 1
    return position


def check_fields(fields: dict, **checks: Callable[..., Any]) -> dict[str, Any]:
    """
    Check the named fields of an object from outside, and return the checked values by name.

    Raise `missing_field`, or the error of a check.
    """
    return {name: check(_required(fields, name), name) for name, check in checks.items()}


def _required(fields, name):
    if name not in fields:
        raise ChatError("missing_field", "'%(name)s' is missing.", name=name)
    return fields[name]


def _find_event_class(fields, events):
    if "type" not in fields:
        raise ChatError("missing_type", "'type' is missing.")
    kind = fields["type"]
    if not isinstance(kind, str) or kind not in events:
        check_string(kind, "type")
        raise ChatError("unknown_type", "This type is unknown. Known types: %(types)s.", types=", ".join(events))
    return events[kind]


def _build_event(event_class, fields):
    values = {}
    for name, check in _get_checks(event_class):
        if fields.get(name) is None and name in _OPTIONAL:
            continue
        values[name] = check(_required(fields, name), name)
    return event_class(**values)


@functools.cache
def _get_checks(event_class):
    names = [field.name for field in dataclasses.fields(event_class)]
    return [(name, _CHECKS_OF.get((event_class, name), _CHECKS[name])) for name in names]


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def _unique_pairs(pairs):
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key occurs twice")
    return fields


def _parse_digits(digits):
    # Python cannot read integers of more than 4,300 digits, and no field allows more than 16 digits. A long integer
    # becomes a float, and the check of its field refuses the float.
    return int(digits) if len(digits) <= 20 else float(digits)


_SPACES = " \t\r\n"
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_parse_digits, object_pairs_hook=_unique_pairs)

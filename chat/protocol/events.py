"""
Events: what a client may say on a room's socket, and how they and others are read out of frames.

Nothing here knows what an event does.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from .errors import ChatError
from .facts import format_time
from .fields import (
    check_body,
    check_emoji,
    check_handle,
    check_integer,
    check_limit,
    check_object,
    check_ref,
    check_string,
    check_switch,
    check_time,
    is_ref,
)


@dataclass(frozen=True)
class Post:
    type = "post"
    ref: str
    body: str
    reply_to: int = None


@dataclass(frozen=True)
class Edit:
    type = "edit"
    ref: str
    id: int
    body: str


@dataclass(frozen=True)
class Remove:
    type = "remove"
    ref: str
    id: int


@dataclass(frozen=True)
class React:
    type = "react"
    ref: str
    id: int
    emoji: str
    on: bool


@dataclass(frozen=True)
class Typing:
    type = "typing"
    on: bool


@dataclass(frozen=True)
class Read:
    type = "read"
    offset: int


@dataclass(frozen=True)
class Sync:
    type = "sync"
    cursor: int


@dataclass(frozen=True)
class Fetch:
    type = "fetch"
    ref: str
    limit: int
    before: int = None


@dataclass(frozen=True)
class Start:
    type = "start"
    ref: str
    task: str
    params: dict


@dataclass(frozen=True)
class Schedule:
    type = "schedule"
    ref: str
    body: str
    at: datetime
    reply_to: int = None


_CHECKS = {
    "ref": check_ref,
    "body": check_body,
    "reply_to": check_integer,
    "id": check_integer,
    "emoji": check_emoji,
    "on": check_switch,
    "offset": check_integer,
    "cursor": check_integer,
    "limit": check_limit,
    "before": check_integer,
    "task": check_string,
    "params": check_object,
    "at": check_time,
    "handle": check_handle,
    "visitor": check_string,
}
_OPTIONAL = {"reply_to", "before"}  # absent and null mean the same
EVENTS = {event.type: event for event in (Post, Edit, Remove, React, Typing, Read, Sync, Fetch, Start, Schedule)}


def parse(text, events=EVENTS):
    """
    Returns the event that one text frame holds, every field checked: one of `events`, {type: class}.

    Raises ChatError with `invalid_json`, `not_an_object`, `missing_type`, `unknown_type`, `missing_field`,
    `invalid_field`, `too_long` or `empty`, and with the frame's `ref` where one could be read.
    """
    fields = parse_object(text)
    return read_event(fields, events=events)


def read_event(fields, event_class=None, events=EVENTS):
    """Returns the event in an object from outside: of `event_class`, or of its own `type`. Raises as `parse` does."""
    ref = fields.get("ref")
    try:
        return _build_event(event_class or _find_event_class(fields, events), fields)
    except ChatError as refusal:
        refusal.ref = ref if is_ref(ref) else None
        raise


def parse_object(text):
    """Returns the JSON object in `text` (str or UTF-8 bytes). Raises `invalid_json` or `not_an_object`."""
    try:
        value = _DECODER.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        raise ChatError("invalid_json", "This is not valid JSON, or it is nested too deep.") from None
    if not isinstance(value, dict):
        raise ChatError("not_an_object", "This must be one JSON object.")
    return value


def split_frames(text):
    """
    Returns the texts of the frames in `text` (str or UTF-8 bytes): one JSON value, or a list of them. Each is as it
    came, for `parse`. Raises `invalid_json`.
    """
    try:
        text = (text.decode("utf-8") if isinstance(text, bytes) else text).strip(_SPACES)
        return _split_list(text) if text.startswith("[") else [text]
    except (ValueError, IndexError, RecursionError):
        raise ChatError("invalid_json", "This is not valid JSON, or it is nested too deep.") from None


def _split_list(text):
    found, position = [], _skip_spaces(text, 1)
    while text[position] != "]":
        if found:
            if text[position] != ",":
                raise ValueError("a comma is missing")
            position = _skip_spaces(text, position + 1)
        _, end = _DECODER.raw_decode(text, position)
        found.append(text[position:end])
        position = _skip_spaces(text, end)
    if position != len(text) - 1:
        raise ValueError("something stands behind the list")
    return found


def _skip_spaces(text, position):
    while text[position] in _SPACES:
        position += 1
    return position


def check_fields(fields, **checks):
    """Returns the named fields of an object from outside, each through its check; `missing_field` if absent."""
    return {name: check(_required(fields, name), name) for name, check in checks.items()}


def _required(fields, name):
    if name not in fields:
        raise ChatError("missing_field", f"'{name}' is missing.")
    return fields[name]


def _find_event_class(fields, events):
    if "type" not in fields:
        raise ChatError("missing_type", "'type' is missing.")
    kind = check_string(fields["type"], "type")
    if kind not in events:
        raise ChatError("unknown_type", f"There is no such type. Known are: {', '.join(events)}.")
    return events[kind]


def _build_event(event_class, fields):
    values = {}
    for name in event_class.__dataclass_fields__:
        if name in _OPTIONAL and fields.get(name) is None:
            continue
        values[name] = _CHECKS[name](_required(fields, name), name)
    return event_class(**values)


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def _unique_pairs(pairs):
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is there twice")
    return fields


def _parse_digits(digits):
    # Python refuses to read integers of more than 4,300 digits; none of ours has more than 16. As a float the
    # value stays well-formed JSON and is refused by the field's own check.
    return int(digits) if len(digits) <= 20 else float(digits)


_SPACES = " \t\r\n"
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_parse_digits, object_pairs_hook=_unique_pairs)


def digest(event, slug):
    """Returns the fingerprint (64 hex digits) of an event's type, room and content: what a ref stands for."""
    content = {name: value for name, value in vars(event).items() if name != "ref"}
    canonical = json.dumps([event.type, slug, content], sort_keys=True, default=format_time)
    return hashlib.sha256(canonical.encode()).hexdigest()

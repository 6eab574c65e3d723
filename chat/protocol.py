"""
The wire: what clients may say, what the server answers, and nothing else.

Turns raw text frames into checked events (`parse`), and facts into text (`encode`). Pure Python: it knows no
database, no channel and no request, and imports nothing of ours. docs/protocol.md is its description in words.
"""
import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC

import emoji as emoji_names

MAX_INTEGER = 2**53 - 1  # the largest integer that JavaScript holds exactly
MAX_BODY = 4000  # characters
MAX_HANDLE = 32  # characters
MAX_ROOM_NAME = 80  # characters
MAX_TOPIC = 500  # characters
MAX_BACKLOG = 200  # changes
MAX_PAGE = 100  # messages
NEWEST = 50  # messages that a client without a cursor gets
MAX_PRESENT = 100  # people named in `joined`, and the crowd above which `presence` gives counts only

# Close codes that a client can read. A table in docs/protocol.md says who comes back after which.
CLOSE_OVERLOAD = 1013
CLOSE_NOT_SIGNED_IN = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_NOT_FOUND = 4404
CLOSE_CONNECTION_LOST = 4408
CLOSE_FLOODING = 4429

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_REF = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,16}")
# What shows nothing though Unicode calls it a letter, a mark or a symbol: fillers, joiners, variation selectors.
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")
_UNPRINTABLE = ("Cc", "Cf", "Zl", "Zp")


class Refused(Exception):
    """
    Something was asked for that is not done. Nothing has changed.

    `code` is one of the wire's codes, `detail` a sentence for people, `ref` the client's id of the change (None
    where none could be read) and `retry_after` the seconds after which the same may succeed.
    """

    def __init__(self, code, detail, ref=None, retry_after=None):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.ref = ref
        self.retry_after = retry_after


class Dismissed(Exception):
    """A connection has lost its right to be there, and is closed with `code`."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


# Fields. Each check takes a value from outside and returns it in its clean form, or raises Refused.


def check_string(value, name):
    """Returns `value` if it is text that every part of the system can store. Raises `invalid_field`."""
    if not isinstance(value, str):
        raise Refused("invalid_field", f"'{name}' must be a string.")
    # PostgreSQL stores no NUL, and UTF-8 has no lone surrogates: both come in through JSON escapes.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused("invalid_field", f"'{name}' holds a character that cannot be stored.")
    return value


def check_text(value, name, most, least=1):
    """Returns `value` without white space at its ends: `least` to `most` characters, or `empty`, `too_long`."""
    text = check_string(value, name).strip()
    if len(text) > most:
        raise Refused("too_long", f"'{name}' has {len(text)} characters; {most} are allowed.")
    if len(text) < least or (text and is_blank(text)):
        raise Refused("empty", f"'{name}' must not be empty.")
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


def check_handle(value, name="handle"):
    """Returns the handle in NFC: 1 to 32 characters, none of them control, format or hidden."""
    # A variation selector only chooses between two pictures of a character; two handles must not differ by it.
    handle = unicodedata.normalize("NFC", _VARIATIONS.sub("", check_string(value, name))).strip()
    handle = _check_line(check_text(handle, name, MAX_HANDLE), name)
    if _HIDDEN.search(handle):
        raise Refused("invalid_field", f"'{name}' holds a character that cannot be seen.")
    return handle


def _check_line(text, name):
    for character in text:
        if unicodedata.category(character) in _UNPRINTABLE:
            raise Refused("invalid_field", f"'{name}' holds a control or format character.")
    return text


def check_ref(value, name="ref"):
    if not isinstance(value, str) or not _REF.fullmatch(value):
        raise Refused("invalid_field", f"'{name}' must be 1 to 64 of A-Z a-z 0-9 _ -.")
    return value


def check_slug(value, name="slug"):
    if not is_slug(value):
        raise Refused("invalid_field", f"'{name}' must be 1 to 50 of a-z 0-9 -, and not begin with -.")
    return value


def is_slug(value):
    return isinstance(value, str) and _SLUG.fullmatch(value) is not None


def check_integer(value, name, least=0, most=MAX_INTEGER):
    # bool is an int in Python; on the wire it is not.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Refused("invalid_field", f"'{name}' must be an integer from {least} to {most}.")
    return value


def check_limit(value, name="limit"):
    return check_integer(value, name, least=1, most=MAX_PAGE)


def check_switch(value, name):
    if not isinstance(value, bool):
        raise Refused("invalid_field", f"'{name}' must be true or false.")
    return value


def check_emoji(value, name="emoji"):
    if len(check_string(value, name)) > 16 or not emoji_names.is_emoji(value):
        raise Refused("invalid_field", f"'{name}' must be one emoji.")
    return value


def parse_integer(text):
    """Returns the integer that a URL's parameter spells, or None where it spells none from 0 to 2^53-1."""
    if not isinstance(text, str) or not _DIGITS.fullmatch(text) or int(text) > MAX_INTEGER:
        return None
    return int(text)


# Events: what a client may say on a room's socket.


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
}
_OPTIONAL = {"reply_to", "before"}  # absent and null mean the same
EVENTS = {event.type: event for event in (Post, Edit, Remove, React, Typing, Read, Sync, Fetch)}


def parse(text):
    """
    Returns the event that one text frame holds, every field checked.

    Raises Refused with `invalid_json`, `not_an_object`, `missing_type`, `unknown_type`, `missing_field`,
    `invalid_field`, `too_long` or `empty`, and with the frame's `ref` where one could be read.
    """
    fields = parse_object(text)
    return read_event(fields)


def read_event(fields, event_class=None):
    """Returns the event in an object from outside: of `event_class`, or of its own `type`. Raises as `parse` does."""
    ref = fields.get("ref")
    try:
        return _build_event(event_class or _find_event_class(fields), fields)
    except Refused as refusal:
        refusal.ref = ref if isinstance(ref, str) and _REF.fullmatch(ref) else None
        raise


def parse_object(text):
    """Returns the JSON object in `text` (str or UTF-8 bytes). Raises `invalid_json` or `not_an_object`."""
    try:
        value = _DECODER.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        raise Refused("invalid_json", "This is not valid JSON, or it is nested too deep.") from None
    if not isinstance(value, dict):
        raise Refused("not_an_object", "This must be one JSON object.")
    return value


def check_fields(fields, **checks):
    """Returns the named fields of an object from outside, each through its check; `missing_field` if absent."""
    return {name: check(_required(fields, name), name) for name, check in checks.items()}


def _required(fields, name):
    if name not in fields:
        raise Refused("missing_field", f"'{name}' is missing.")
    return fields[name]


def _find_event_class(fields):
    if "type" not in fields:
        raise Refused("missing_type", "'type' is missing.")
    kind = check_string(fields["type"], "type")
    if kind not in EVENTS:
        raise Refused("unknown_type", f"There is no such type. Known are: {', '.join(EVENTS)}.")
    return EVENTS[kind]


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


_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_int=_parse_digits, object_pairs_hook=_unique_pairs
)


def digest(event, slug):
    """Returns the fingerprint (64 hex digits) of an event's type, room and content: what a ref stands for."""
    content = {name: value for name, value in asdict(event).items() if name != "ref"}
    canonical = json.dumps([event.type, slug, content], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


# Facts: what the server says. Each function returns an event that `encode` turns into a frame.


def encode(event):
    """Returns an event as the text of one frame."""
    return _ENCODER.encode(event)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def format_time(moment):
    """Returns an aware datetime as ISO 8601 in UTC with a `Z`, or None for None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def joined(room, you, offset, present, count, version, reset=False):
    event = {
        "type": "joined", "room": room, "you": you, "offset": offset,
        "present": present, "count": count, "version": version,
    }  # fmt: skip
    return {**event, "reset": True} if reset else event


def message(id, offset, ref, author, body, html, at, edited_at, removed, reactions, reply_to):
    """`author` is a handle, `at` and `edited_at` aware datetimes, `reactions` {emoji: [handle]}."""
    return {
        "type": "message", "id": id, "offset": offset, "ref": ref, "author": {"handle": author},
        "body": body, "html": html, "at": format_time(at), "edited_at": format_time(edited_at),
        "removed": removed, "reactions": reactions, "reply_to": reply_to,
    }  # fmt: skip


def ack(ref, id, offset):
    return {"type": "ack", "ref": ref, "id": id, "offset": offset}


def rejected(refusal):
    """The answer to a change that was refused; `refusal` is a Refused."""
    event = {"type": "rejected", "ref": refusal.ref, "code": refusal.code, "detail": refusal.detail}
    return event if refusal.retry_after is None else {**event, "retry_after": refusal.retry_after}


def synced(offset, more, reset=False):
    event = {"type": "synced", "offset": offset, "more": more}
    return {**event, "reset": True} if reset else event


def page(ref, messages, more):
    return {"type": "page", "ref": ref, "messages": messages, "more": more}


def presence(came, went, count):
    """In a crowd the names would be a flood of their own, so above MAX_PRESENT only the count is told."""
    event = {"type": "presence", "came": came, "went": went, "count": count}
    return event if count <= MAX_PRESENT else {**event, "came": [], "went": []}


def typing(handle, on):
    return {"type": "typing", "handle": handle, "on": on}


def read(offset):
    return {"type": "read", "offset": offset}


def updated():
    return {"type": "updated"}

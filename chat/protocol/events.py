"""
Events that a client may send on a room's socket.

This module does not know what the server does with an event.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from .errors import ChatError
from .facts import format_time


@dataclass(frozen=True)
class Event:
    """An event from a client. Each subclass has one `type`. parsing.py checks each field by its name."""

    # `type` has no annotation, so it is not a field of the dataclass.
    type = ""


@dataclass(frozen=True)
class Post(Event):
    """Store a new message. With `thread`, the new message is a reply in the thread of the message `thread`."""

    type = "post"
    ref: str
    body: str
    reply_to: int | None = None
    files: tuple[str, ...] = ()
    thread: int | None = None

    def __post_init__(self) -> None:
        """Raise `empty` for a message without a text and without files."""
        _check_content(self)


@dataclass(frozen=True)
class Edit(Event):
    """Give a message a new body."""

    type = "edit"
    ref: str
    id: int
    body: str


@dataclass(frozen=True)
class Remove(Event):
    """Remove a message, which deletes its body. (`RemoveVisitor` removes a visitor.)"""

    type = "remove"
    ref: str
    id: int


@dataclass(frozen=True)
class React(Event):
    """Add an emoji to a message, or remove an emoji from it."""

    type = "react"
    ref: str
    id: int
    emoji: str
    on: bool


@dataclass(frozen=True)
class Pin(Event):
    """Pin a message for everybody in the room, or remove the pin."""

    type = "pin"
    ref: str
    id: int
    on: bool


@dataclass(frozen=True)
class Typing(Event):
    """Tell the others that this person starts or stops typing, in the room or in the thread of the message `thread`."""

    type = "typing"
    on: bool
    thread: int | None = None


@dataclass(frozen=True)
class Read(Event):
    """Move this person's read marker in the room, or in the thread of the message `thread`."""

    type = "read"
    offset: int
    thread: int | None = None


@dataclass(frozen=True)
class Sync(Event):
    """Ask for the messages that changed after a cursor. Clients also send this event as the heartbeat."""

    type = "sync"
    cursor: int


@dataclass(frozen=True)
class Fetch(Event):
    """Ask for a page of history: the newest messages, the messages before an id, or the messages around an id."""

    type = "fetch"
    ref: str
    limit: int
    before: int | None = None
    around: int | None = None

    def __post_init__(self) -> None:
        """Raise `invalid_field` if both ids are given."""
        if self.before is not None and self.around is not None:
            raise ChatError("invalid_field", "Give 'before' or 'around', not both.")


@dataclass(frozen=True)
class Start(Event):
    """Start a task."""

    type = "start"
    ref: str
    task: str
    params: dict


@dataclass(frozen=True)
class Schedule(Event):
    """Post a message at a later time. With `thread`, it is a reply in the thread of the message `thread`."""

    type = "schedule"
    ref: str
    body: str
    at: datetime
    reply_to: int | None = None
    files: tuple[str, ...] = ()
    thread: int | None = None

    def __post_init__(self) -> None:
        """Raise `empty` for a message without a text and without files."""
        _check_content(self)


@dataclass(frozen=True)
class Dismiss(Event):
    """Hide an announcement in all tabs and on all devices of this person."""

    type = "dismiss"
    id: int


@dataclass(frozen=True)
class Command(Event):
    """
    Run a command, such as `/topic News`.

    - `zone`: the time zone of the times in `text`; None for the person's own time zone.
    - `thread`: a message that the command posts is a reply in the thread of the message `thread`.
    """

    type = "command"
    ref: str
    name: str
    text: str = ""
    zone: str | None = None
    thread: int | None = None


@dataclass(frozen=True)
class PostByCommand(Post):
    """
    A message that a command posts. No client sends this event.

    It has the fields of the command, so that `digest` tells two commands with the same `ref` apart.
    """

    type = "command"
    command: str = ""
    text: str = ""
    zone: str | None = None


@dataclass(frozen=True)
class Vote(Event):
    """Choose options of a poll, by their positions. They replace an earlier choice of the person."""

    type = "vote"
    ref: str
    id: int
    options: list[int]


@dataclass(frozen=True)
class ClosePoll(Event):
    """End a poll, so that nobody can vote any longer."""

    type = "close_poll"
    ref: str
    id: int


@dataclass(frozen=True)
class Remind(Event):
    """Remind this person of a message at a later time."""

    type = "remind"
    ref: str
    id: int
    at: datetime


EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (Post, Edit, Remove, React, Pin, Typing, Read, Sync, Fetch, Start, Schedule, Dismiss)
    + (Command, Vote, ClosePoll, Remind)
}


def _check_content(event: Post | Schedule) -> None:
    if not event.body and not event.files:
        raise ChatError("empty", "'%(name)s' must not be empty.", name="body")


def digest(event: Event, slug: str) -> str:
    """
    Return the fingerprint (64 hex digits) of an event's type, room and content, without its ref.

    Fields with their default value are left out, so an optional field that a later version adds does not change the
    fingerprint. This matters for a client that sends an event before an update of the server and resends it afterwards.
    """
    event_class: Any = type(event)
    defaults = _get_defaults(event_class)
    content = {name: value for name, default in defaults if (value := getattr(event, name)) != default}
    canonical = _CANONICAL.encode([event.type, slug, content])
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def _get_defaults(event_class):
    return [(field.name, field.default) for field in fields(event_class) if field.name != "ref"]


_CANONICAL = json.JSONEncoder(sort_keys=True, default=format_time)

"""
A person's own stream, the socket `/me/`: the events that clients send there, and the server's events to them.

This module does not know who receives which event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .events import Dismiss, Event
from .facts import format_time

NOTIFICATION_LEVELS = ("all", "mentions", "none")
CALLERS = ("everyone", "moderators", "owners", "nobody")  # who may call everybody in a room
USUAL_CALLERS = "moderators"
MAX_MENTION_TEXT = 200  # characters of a message that a `mention` contains


@dataclass(frozen=True)
class SyncWorkspace(Event):
    """
    Clients send this event as the heartbeat.

    `posts` is the sum of the `posts` of all rooms that the client shows. If the client has missed something, the server
    sends `workspace` again. `active` says whether the person uses the page now: then pushes can wait.
    """

    type = "sync"
    posts: int | None = None
    active: bool = False


@dataclass(frozen=True)
class SetLevel(Event):
    """Choose for which messages of a room this person is notified."""

    type = "level"
    ref: str
    room: str
    level: str


@dataclass(frozen=True)
class ReadRoom(Event):
    """Move this person's read marker in a room."""

    type = "read"
    room: str
    offset: int


@dataclass(frozen=True)
class ReadAll(Event):
    """Mark all rooms of this person as read."""

    type = "read_all"
    ref: str


@dataclass(frozen=True)
class SetFavourite(Event):
    """Add a room to this person's favourites at a position (None: the last), or remove it from the favourites."""

    type = "favourite"
    ref: str
    room: str
    on: bool
    position: int | None = None


WORKSPACE_EVENTS: dict[str, type[Event]] = {
    event.type: event for event in (SyncWorkspace, SetLevel, ReadRoom, ReadAll, SetFavourite, Dismiss)
}


def workspace(rooms: list[dict], you: dict, version: str, announced: int) -> dict:
    """
    Return the first event of a person's stream. The server sends it again if the client has missed something.

    - `rooms`: what `workspace_room` returns for each room of the person.
    - `you`: what `person` returns for this person.
    - `version`: the version of the client's code that the server delivers now.
    - `announced`: the id of the newest announcement so far.
    """
    return {"type": "workspace", "rooms": rooms, "you": you, "version": version, "announced": announced}


def workspace_room(
    slug: str,
    name: str,
    topic: str,
    kind: str,
    role: str,
    offset: int,
    posts: int,
    read: int,
    unread: int,
    mentions: int,
    level: str,
    last_at: datetime | None,
    favourite: int | None = None,
    people: Sequence[str] | None = None,
    board: str | None = None,
    archived: bool = False,
    callers: str = USUAL_CALLERS,
    threads: int = 0,
) -> dict:
    """
    Return a room as one of its members sees it.

    - `posts`: a number that grows by one with each message, except replies in threads. Only differences have a meaning.
    - `unread`: the number of unread messages at the time of `posts`.
    - `favourite`: the position among the person's favourites; None for other rooms.
    - `people`: the handles of the people in a direct conversation; None for other rooms.
    - `board`: the UUID of the room's board.
    - `archived`: nobody can write in the room.
    - `callers`: who may call everybody, one of CALLERS.
    - `threads`: the number of threads with unread replies that the person follows. Without any, the field is absent.
    """
    fields: dict[str, Any] = {
        "slug": slug,
        "name": name,
        "topic": topic,
        "kind": kind,
        "role": role,
        "offset": offset,
        "posts": posts,
        "read": read,
        "unread": unread,
        "mentions": mentions,
        "level": level,
        "last_at": format_time(last_at),
        "favourite": favourite,
    }
    if people is not None:
        fields["people"] = list(people)
    fields.update(room_state(archived, callers))
    if threads:
        fields["threads"] = threads
    return fields if board is None else {**fields, "board": board}


def room_state(archived: bool, callers: str) -> dict:
    """Return the fields that only some rooms have: archived rooms, and rooms with other CALLERS than USUAL_CALLERS."""
    return {**({"archived": True} if archived else {}), **({"callers": callers} if callers != USUAL_CALLERS else {})}


def room(slug: str, **changed: Any) -> dict:
    """Return the event for a room that has changed; `changed` are the changed fields of `workspace_room`."""
    return {"type": "room", "slug": slug, **changed}


def room_gone(slug: str) -> dict:
    """Return the event for a room that is no longer a room of this person."""
    return room(slug, gone=True)


def mention(room_slug: str, id: int, author: dict, text: str, at: datetime, **more: Any) -> dict:
    """
    Return the event for a message that mentions a person, or that is a direct message.

    `author` is what `person` returns, `text` is the beginning of the body, and `more` are further fields.
    """
    return {"type": "mention", **mention_fields(room_slug, id, author, text, at), **more}


def mention_fields(room_slug: str, id: int, author: dict, text: str, at: datetime) -> dict:
    """Return the fields of a mention, as in the event and in the list of mentions."""
    short = " ".join(text.split())
    if len(short) > MAX_MENTION_TEXT:
        short = short[: MAX_MENTION_TEXT - 1] + "\u2026"
    return {"room": room_slug, "id": id, "author": author, "text": short, "at": format_time(at)}


def workspace_synced() -> dict:
    """Return the answer to the heartbeat of a person's stream."""
    return {"type": "synced"}

"""
The items that the readers of exports yield: people, rooms, messages and emoji, in one form for all systems.

All ids are those of the other system. This module reads and writes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, NamedTuple, Protocol


class ImportFailure(Exception):
    """The import cannot begin or continue. The text is a sentence for the operator."""


class ExportError(ImportFailure):
    """A file of the export is not as its format says. `where` names the file and the line."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class ImportedPerson:
    """
    A person, bot or guest of the other system.

    - `handle`: the handle in the other system. If it is taken or not allowed here, the person gets another one.
    - `aliases`: further names by which the operator's mapping file may name the person, beside `id` and `email`.
    - `picture`: a function that opens the picture of the person, or None.
    - `is_active`: whether the person may get access to the account. People who left and bots may not.
    """

    id: str
    handle: str
    name: str = ""
    email: str = ""
    aliases: tuple[str, ...] = ()
    is_active: bool = True
    is_guest: bool = False
    picture: Callable[[], IO[bytes]] | None = None


@dataclass(frozen=True)
class ImportedRoom:
    """
    A channel or conversation of the other system.

    - `kind`: PUBLIC, PRIVATE or DIRECT.
    - `members`, `owners`: ids of people. A direct conversation has no owners.
    - `offset`: the counter of a room of another site like this one, whose messages keep their numbers; else None.
    """

    PUBLIC, PRIVATE, DIRECT = "public", "private", "direct"

    id: str
    slug: str
    name: str
    topic: str = ""
    kind: str = PUBLIC
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    is_archived: bool = False
    created_at: datetime | None = None
    offset: int | None = None


class RawMessage(NamedTuple):
    """
    A message as the export has it. `id` is unique in the room.

    `content` is its JSON object, which only the reader understands.
    """

    room: str
    id: str
    at: datetime
    author: str
    content: dict[str, Any]


class Reaction(NamedTuple):
    """One emoji, as its character or as `:name:`, and the ids of the people who put it on a message."""

    emoji: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class ImportedEmoji:
    """A custom emoji of the other system: its name without colons, and a function that opens its picture."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True)
class ImportedFile:
    """
    A file of a message.

    - `open`: a function that opens the file, and returns None if that fails; None if the import does not have the file.
    - `line`: a line with the name of the file or a link. The message shows it if the file itself is missing.
    """

    name: str
    line: str
    open: Callable[[], IO[bytes] | None] | None = None


@dataclass
class ImportedMessage:
    """
    A message in this site's form. Its author and time are in the RawMessage.

    - `text`: Markdown of any length; empty for a message that is left out.
    - `reply_to`: the id of the message that this one answers in the timeline of the room, or None.
    - `thread`: the id of the first message of the thread in which this one is a reply, or None.
    - `place`: (number, offset) of a message that keeps them, or None.
    """

    text: str
    edited_at: datetime | None = None
    removed_at: datetime | None = None
    reply_to: str | None = None
    thread: str | None = None
    is_pinned: bool = False
    reactions: list[Reaction] = field(default_factory=list)
    files: list[ImportedFile] = field(default_factory=list)
    place: tuple[int, int] | None = None


class Names(Protocol):
    """The names that people and rooms of the other system have here."""

    def find_handle(self, id: str) -> str | None:
        """Return the handle of a person, or None."""

    def find_slug(self, id: str) -> str | None:
        """Return the slug of a room, or None."""


class Reader(Protocol):
    """Reads the exports of one system. `source` is known after `read`; `skipped` counts what `read` leaves out."""

    source: str
    skipped: Counter[str]

    def read(self) -> Iterator[ImportedEmoji | ImportedPerson | ImportedRoom | RawMessage]:
        """Yield the items of the export."""

    def convert(self, message: RawMessage, names: Names) -> ImportedMessage:
        """Return a message in this site's form."""

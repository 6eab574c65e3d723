"""
One import from the beginning to the end: read and check the whole export, plan, and store.

Nothing is stored before the whole export is read and checked. A dry run calls `check` and `try_out`, which write
nothing.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import NamedTuple

from django.db import IntegrityError

from chat.models import ImportedItem, Person
from chat.services import custom_emoji, rooms

from .items import ImportedEmoji, ImportedPerson, ImportedRoom, ImportFailure, RawMessage, Reader
from .people import People
from .rooms import Rooms
from .spool import Spool
from .writing import BATCH, Writer, find_stored, key_of

MAX_EMOJI_BYTES = 2_000_000
PAUSE_SECONDS = 0.01  # between two batches, so that other processes can write


@dataclass
class Options:
    """
    The options of the operator.

    - `mapping`: {name of a person in the export: Person}.
    - `same_handles`: whether a person of the export and an account with the same handle here are the same person.
    - `source`: the name of the other system; None for the name in the export.
    - `file_bytes`: how many bytes a file may have. Of a larger file, only the name or a link is kept.
    """

    mapping: dict[str, Person] = field(default_factory=dict)
    same_handles: bool = False
    source: str | None = None
    file_bytes: float = inf


class Progress(NamedTuple):
    """The number of messages of the export that are stored, and the number of all its messages."""

    done: int
    total: int


class Import:
    """An import. Call `check`, and then `run`. Use it as a context manager, which deletes the spool."""

    def __init__(self, reader: Reader, options: Options) -> None:
        self.reader, self.options = reader, options
        self.spool = Spool()
        self.total = 0
        self.created = 0

    def __enter__(self) -> "Import":
        return self

    def __exit__(self, *exception: object) -> None:
        self.spool.__exit__(*exception)

    @property
    def left_out(self) -> Counter[str]:
        """Return how much was left out, by the reason."""
        return self.reader.skipped + self.writer.left_out

    @property
    def fresh(self) -> int:
        """Return how many messages of the export are not stored yet, as of `check`."""
        return sum(planned.fresh for planned in self.rooms.by_id.values())

    def check(self) -> None:
        """
        Read the whole export, and choose the accounts and rooms for its people and rooms. Write nothing.

        Raise ExportError for the first mistake in the export. Raise ImportFailure if the name of the source is too
        long, or if a message that is not stored yet is older than the newest message of its open room here.
        """
        people, found_rooms, self.emoji = self._read()
        self.source = self._name_source()
        self.people = People(self.source, self.options.mapping, self.options.same_handles)
        self.people.plan(people)
        self.rooms = Rooms(self.source)
        self.rooms.plan(found_rooms)
        emoji = {emoji.name for emoji in self.emoji}
        self.writer = Writer(self.source, self.reader, self.people, self.rooms, emoji, self.options.file_bytes)
        self._check_order(self._count_fresh())

    def _read(self) -> tuple[list[ImportedPerson], list[ImportedRoom], list[ImportedEmoji]]:
        people: list[ImportedPerson] = []
        found_rooms: list[ImportedRoom] = []
        emoji: list[ImportedEmoji] = []
        for item in self.reader.read():
            if isinstance(item, RawMessage):
                self.spool.add(item)
            elif isinstance(item, ImportedPerson):
                people.append(item)
            elif isinstance(item, ImportedEmoji):
                emoji.append(item)
            else:
                found_rooms.append(item)
        self.spool.finish()
        self.total = self.spool.count()
        return people, found_rooms, emoji

    def _name_source(self) -> str:
        source = self.options.source or self.reader.source
        if len(source) > ImportedItem.MAX_SOURCE:
            raise ImportFailure(f"The name of the source may have at most {ImportedItem.MAX_SOURCE} characters.")
        return source

    def _count_fresh(self) -> dict[str, datetime]:
        """Count the messages that are not stored yet. Return {id of a room: the time of its first such message}."""
        first: dict[str, datetime] = {}
        for batch in self.spool.read(BATCH):
            stored = find_stored(self.source, [key_of(message) for message in batch])
            for message in batch:
                if key_of(message) not in stored:
                    self.rooms.by_id[message.room].fresh += 1
                    first.setdefault(message.room, message.at)
        return first

    def _check_order(self, first: dict[str, datetime]) -> None:
        late = []
        for id, at in first.items():
            planned = self.rooms.by_id[id]
            newest = rooms.find_newest_time(planned.room.id) if planned.room and planned.is_open else None
            if newest is not None and at < newest:
                late.append(planned.slug)
        if late:
            raise ImportFailure(
                f"The export has messages that are older than the newest messages here, in: {', '.join(sorted(late))}."
                " Messages cannot be put between others. Delete these rooms here to import them again, or import"
                " everything under another name with --source."
            )

    def try_out(self) -> None:
        """Convert all messages that are not stored yet, to count what would be left out. Write nothing."""
        for batch in self.spool.read(BATCH):
            self.writer.try_out(batch)

    def run(self) -> Iterator[Progress]:
        """
        Store everything that is not stored yet, and yield the Progress after each batch. Call `check` first.

        After a run that was killed, a new Import of the same export continues. Raise ImportFailure if another process
        stores the same things, or if the disk is full.
        """
        try:
            self.created = self.people.store()
            self.writer.emoji = {emoji.name for emoji in self.emoji if _store_emoji(emoji)}
            self.rooms.begin()
            self.writer.begin()
            done = 0
            for batch in self.spool.read(BATCH):
                if self.writer.store(batch):
                    time.sleep(PAUSE_SECONDS)
                done += len(batch)
                yield Progress(done, self.total)
            self.rooms.finish(self.people)
        except IntegrityError as error:
            raise ImportFailure(
                "Another process has stored the same thing at the same time. Make sure that no other import runs, and"
                f" run the command again: it continues. The database says: {error}"
            ) from None


def _store_emoji(emoji: ImportedEmoji) -> bool:
    """Add an emoji to the site. Return whether the site has an emoji with this name now."""
    with emoji.open() as content:
        return custom_emoji.add_imported_emoji(emoji.name, content.read(MAX_EMOJI_BYTES))

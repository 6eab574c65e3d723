"""
Store the messages of an export, in batches.

One transaction stores a batch: its messages, and an ImportedItem for each message. So after a crash, the next run
stores the batches that are missing, and stores none twice. This module writes ImportedItem, and messages, files and
threads through their services.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from chat.models import AdditionBit, ImportedItem, Person, Upload
from chat.protocol import MAX_FILES
from chat.services import custom_emoji, files, rooms, threads, uploads
from chat.services.rooms import NewMessage

from .bodies import split_text
from .exports import DAMAGED
from .items import ExportError, ImportedFile, ImportedMessage, ImportFailure, RawMessage, Reaction, Reader
from .keys import make_key
from .people import People
from .rooms import Rooms

# On SQLite, storing a batch blocks other writers for about 50 ms. Older versions of SQLite allow 999 parameters.
BATCH = 250
# The target of a message that is left out: no message has this number.
LEFT_OUT = 0


@dataclass
class Names:
    """The names that people and rooms of the export have here; see `items.Names`."""

    people: People
    rooms: Rooms

    def find_handle(self, id: str) -> str | None:
        """Return the handle of a person, or None."""
        return self.people.find_handle(id)

    def find_slug(self, id: str) -> str | None:
        """Return the slug of a room, or None."""
        return self.rooms.find_slug(id)


def find_stored(source: str, keys: Sequence[str]) -> dict[str, int]:
    """Return {key: number} of the messages that are stored already."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        items = ImportedItem.objects.filter(source=source, kind=ImportedItem.MESSAGE, key__in=part)
        found.update(items.values_list("key", "target"))
    return found


def key_of(message: RawMessage) -> str:
    """Return the key of a message of the export."""
    return make_key(message.room, message.id)


class Writer:
    """
    Stores batches of messages. `left_out` counts what is not stored, by the reason.

    `emoji` are the names of the emoji of the export that the site has or gets. A file may have at most `file_bytes`.
    """

    def __init__(
        self, source: str, reader: Reader, people: People, planned: Rooms, emoji: set[str], file_bytes: float
    ) -> None:
        self.source, self.reader, self.people, self.rooms = source, reader, people, planned
        self.names = Names(people, planned)
        self.emoji, self.file_bytes = emoji, file_bytes
        self.left_out: Counter[str] = Counter()
        self._next: dict[int, int] = {}
        # The messages of the present batch with files, and the rows of these files. The bytes are stored already.
        self._kept: list[tuple[NewMessage, list[Upload]]] = []

    def begin(self) -> None:
        """Find the next message numbers of the new rooms. Call this after `Rooms.begin`."""
        waiting = [planned.room.id for planned in self.rooms.by_id.values() if planned.room and not planned.is_open]
        self._next = rooms.find_next_numbers(waiting)

    def _convert(self, messages: Sequence[RawMessage]) -> list[ImportedMessage]:
        return [self.reader.convert(message, self.names) for message in messages]

    def try_out(self, batch: Sequence[RawMessage]) -> None:
        """Count what `store` would leave out of a batch. Write nothing."""
        stored = find_stored(self.source, [key_of(message) for message in batch])
        for content in self._convert([message for message in batch if key_of(message) not in stored]):
            missing = [found for found in content.files if found.open is None]
            self._make_bodies(content, missing, len(content.files) - len(missing), content.place is not None)
            self._find_reacting(content.reactions)

    def store(self, batch: Sequence[RawMessage]) -> int:
        """
        Store the messages of a batch that are not stored yet. Return the number of these messages.

        Raise ImportFailure if the disk is full, and `forbidden` as `rooms.store_imported_messages` does.
        """
        stored = find_stored(self.source, [key_of(message) for message in batch])
        fresh = [message for message in batch if key_of(message) not in stored]
        self._kept = []
        if not fresh:
            return 0
        try:
            made = self._make_all(fresh)
            stored_messages = [part for parts in made.values() for part in parts]
            with transaction.atomic():
                rooms.store_imported_messages(stored_messages)
                self._store_threads(stored_messages)
                self._attach_files()
                self._record(fresh, made)
        except BaseException:
            uploads.discard_imported_files(upload for _, kept in self._kept for upload in kept)
            raise
        return len(fresh)

    def _make_all(self, fresh: Sequence[RawMessage]) -> dict[str, list[NewMessage]]:
        """Return {key of a message of the export: the messages to store for it}."""
        converted = self._convert(fresh)
        earlier = self._find_earlier(fresh, converted)
        made: dict[str, list[NewMessage]] = {}
        for message, content in zip(fresh, converted, strict=True):
            # An id of the room leads to a message of this batch, or to the number of an earlier one.
            found = {
                id: parts[0] if (parts := made.get(key)) else earlier.get(key)
                for id in (content.reply_to, content.thread)
                if id is not None and (key := make_key(message.room, id))
            }
            made[key_of(message)] = self._make(message, content, found)
        return made

    def _attach_files(self) -> None:
        for message, kept in self._kept:
            assert message.number is not None
            uploads.attach_imported_files(message.room.id, message.number, message.author.id, kept)

    def _find_earlier(self, fresh, converted):
        """Return {key: number} of the stored messages to which messages of a batch refer."""
        keys = {
            make_key(message.room, id)
            for message, content in zip(fresh, converted, strict=True)
            for id in (content.reply_to, content.thread)
            if id is not None
        }
        found = find_stored(self.source, sorted(keys))
        return {key: number for key, number in found.items() if number != LEFT_OUT}

    def _store_threads(self, messages: Sequence[NewMessage]) -> None:
        """Store the threads of rooms that are open. Those of other rooms are stored when the rooms open."""
        open_ids = {planned.get_room().id for planned in self.rooms.by_id.values() if planned.is_open}
        roots: dict[int, set[int]] = {}
        for message in messages:
            root = message.find_root()
            if root is not None and message.room.id in open_ids:
                roots.setdefault(message.room.id, set()).add(root)
        for room_id, numbers in roots.items():
            threads.store_imported_threads(room_id, numbers)

    def _make(
        self, message: RawMessage, content: ImportedMessage, found: dict[str, NewMessage | int | None]
    ) -> list[NewMessage]:
        """Return the messages to store for a message of the export: more than one if its text is too long."""
        planned = self.rooms.by_id[message.room]
        place = None if planned.is_open else content.place
        kept, missing = self._keep_files(content.files)
        bodies = self._make_bodies(content, missing, len(kept), place is not None)
        parts: list[NewMessage] = []
        for index, body in enumerate(bodies):
            part = NewMessage(
                room=planned.get_room(),
                author=self.people.get_person(message.author),
                body=body,
                created_at=message.at,
                reply_to=found.get(content.reply_to or ""),
                thread_root=(root := found.get(content.thread or "")),
                additions=AdditionBit.THREAD if root is not None else 0,
                edited_at=content.edited_at,
                removed_at=content.removed_at,
                is_pinned=content.is_pinned and index == 0,
                reactions=self._find_reacting(content.reactions) if index == 0 else [],
            )
            if place is not None:
                part.number, part.offset = place
            elif not planned.is_open:
                part.number = part.offset = self._take_number(part.room.id)
            parts.append(part)
        if kept and parts:
            parts[0].additions |= AdditionBit.FILES
            self._kept.append((parts[0], kept))
        return parts

    def _keep_files(self, found: Sequence[ImportedFile]) -> tuple[list[Upload], list[ImportedFile]]:
        """Store the bytes of files. Return (the rows of the stored files, the files that are missing)."""
        kept: list[Upload] = []
        missing: list[ImportedFile] = []
        for file in found:
            upload = self._keep_file(file) if len(kept) < MAX_FILES else None
            if upload is None:
                missing.append(file)
            else:
                kept.append(upload)
        return kept, missing

    def _keep_file(self, file: ImportedFile) -> Upload | None:
        """Store the bytes of a file. Return its row, or None if the file is missing, damaged or too large."""
        if file.open is None or not uploads.accepts_imported_files():
            return None
        try:
            content = file.open()
            if content is None:
                return None
            with content:
                return uploads.keep_imported_file(file.name, content, self.file_bytes)
        except files.FileTooLarge:
            self.left_out["files that are larger than --file-bytes"] += 1
            return None
        except files.NoSpace:
            raise ImportFailure("The disk has no space for the files. Make space, and run the command again.") from None
        except (ExportError, *DAMAGED):
            return None

    def _make_bodies(
        self, content: ImportedMessage, missing: Sequence[ImportedFile], kept: int, is_placed: bool
    ) -> list[str]:
        """Return the bodies of the messages. `kept` is the number of files that the first of them has."""
        if content.removed_at is not None:
            return [""]
        text = "\n".join(filter(None, (content.text, *(file.line for file in missing))))
        self.left_out["files of which only the name or a link is kept"] += len(missing)
        bodies = [text] if is_placed else split_text(text)
        if not bodies and kept:
            return [""]
        if not bodies:
            self.left_out["messages without text"] += 1
        if len(bodies) > 1:
            self.left_out["long messages that became several messages"] += 1
        return bodies

    def _take_number(self, room_id: int) -> int:
        number = self._next[room_id]
        self._next[room_id] = number + 1
        return number

    def _find_reacting(self, reactions: Sequence[Reaction]) -> list[tuple[str, Person]]:
        found: dict[tuple[str, int], tuple[str, Person]] = {}
        for emoji, ids in reactions:
            if emoji.startswith(":") and not self._has_emoji(emoji):
                self.left_out[f"reactions {emoji}, an emoji that this site does not have"] += len(ids)
                continue
            for id in ids:
                if self.people.find_handle(id) is None:
                    self.left_out["reactions of people whom the export does not describe"] += 1
                elif person := self.people.find_person(id):
                    found[emoji, person.id] = emoji, person
        return list(found.values())

    def _has_emoji(self, mark: str) -> bool:
        return mark.strip(":") in self.emoji or bool(custom_emoji.find_pictures([mark]))

    def _record(self, fresh: Sequence[RawMessage], made: dict[str, list[NewMessage]]) -> None:
        ImportedItem.objects.bulk_create(
            ImportedItem(
                source=self.source,
                kind=ImportedItem.MESSAGE,
                key=key,
                target=parts[0].number if parts else LEFT_OUT,
                room=self.rooms.by_id[message.room].get_room(),
            )
            for message, (key, parts) in zip(fresh, made.items(), strict=True)
        )

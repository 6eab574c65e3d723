"""
Store the messages of an export, in batches.

A batch is one transaction: its messages, and an ImportedItem for each. So a batch that was killed is stored by the next
run, and a batch that was stored is not stored again. This module writes ImportedItem, and messages through
`chat.services.rooms`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from chat.models import ImportedItem, Person
from chat.services import rooms
from chat.services.rooms import NewMessage

from .bodies import split_text
from .items import ImportedMessage, RawMessage, Reaction, Reader
from .keys import make_key
from .people import People
from .rooms import Rooms

# A batch of SQLite holds the lock of all writers for about 50 ms. SQLite allows 999 parameters.
BATCH = 250
# The target of a message that is left out: no message has this number.
LEFT_OUT = 0


@dataclass
class Names:
    """The names of people and rooms for a reader."""

    people: People
    rooms: Rooms

    def find_handle(self, id: str) -> str | None:
        """Return the handle of a person, or None."""
        return self.people.find_handle(id)

    def find_slug(self, id: str) -> str | None:
        """Return the slug of a room, or None."""
        return self.rooms.find_slug(id)


def find_stored(source: str, keys: Sequence[str]) -> dict[str, int]:
    """Return {key: number} of the messages that are stored already. At most BATCH keys."""
    items = ImportedItem.objects.filter(source=source, kind=ImportedItem.MESSAGE, key__in=keys)
    return dict(items.values_list("key", "target"))


def key_of(message: RawMessage) -> str:
    """Return the key of a message."""
    return make_key(message.room, message.id)


class Writer:
    """Stores batches of messages. `left_out` counts what is not stored, by the reason."""

    def __init__(self, source: str, reader: Reader, people: People, planned: Rooms) -> None:
        self.source, self.reader, self.people, self.rooms = source, reader, people, planned
        self.names = Names(people, planned)
        self.left_out: Counter[str] = Counter()
        self._next: dict[int, int] = {}

    def begin(self) -> None:
        """Find the next numbers of the rooms. Call it after the rooms have begun."""
        waiting = [planned.room.id for planned in self.rooms.by_id.values() if planned.room and not planned.is_open]
        self._next = rooms.find_next_numbers(waiting)

    def _convert(self, messages: Sequence[RawMessage]) -> list[ImportedMessage]:
        return [self.reader.convert(message, self.names) for message in messages]

    def try_out(self, batch: Sequence[RawMessage]) -> None:
        """Count what `store` would leave out of a batch. Write nothing."""
        stored = find_stored(self.source, [key_of(message) for message in batch])
        for content in self._convert([message for message in batch if key_of(message) not in stored]):
            self._make_bodies(content, content.place is not None)
            self._find_reacting(content.reactions)

    def store(self, batch: Sequence[RawMessage]) -> int:
        """Store the messages of a batch that are not stored yet. Return how many messages of the export these were."""
        stored = find_stored(self.source, [key_of(message) for message in batch])
        fresh = [message for message in batch if key_of(message) not in stored]
        if not fresh:
            return 0
        converted = self._convert(fresh)
        roots = self._find_roots(fresh, converted)
        made: dict[str, list[NewMessage]] = {}
        for message, content in zip(fresh, converted, strict=True):
            root = key_of(message._replace(id=content.reply_to)) if content.reply_to else None
            first = made.get(root or "")
            made[key_of(message)] = self._make(message, content, first[0] if first else roots.get(root or ""))
        with transaction.atomic():
            rooms.store_imported_messages([part for parts in made.values() for part in parts])
            self._record(fresh, made)
        return len(fresh)

    def _find_roots(self, fresh, converted):
        """Return {key: number} of the stored messages that messages of a batch answer."""
        keys = {
            key_of(message._replace(id=content.reply_to))
            for message, content in zip(fresh, converted, strict=True)
            if content.reply_to
        }
        found = find_stored(self.source, sorted(keys)) if keys else {}
        return {key: number for key, number in found.items() if number != LEFT_OUT}

    def _make(self, message: RawMessage, content: ImportedMessage, root: NewMessage | int | None) -> list[NewMessage]:
        """Return the messages that stand for a message of the export: more than one if it is too long."""
        planned = self.rooms.by_id[message.room]
        place = None if planned.is_open else content.place
        bodies = self._make_bodies(content, place is not None)
        parts = []
        for index, body in enumerate(bodies):
            part = NewMessage(
                room=planned.get_room(),
                author=self.people.get_person(message.author),
                body=body,
                created_at=message.at,
                reply_to=root,
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
        return parts

    def _make_bodies(self, content: ImportedMessage, is_placed: bool) -> list[str]:
        if content.removed_at is not None:
            return [""]
        bodies = [content.text] if is_placed else split_text(content.text)
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
            if emoji.startswith(":"):
                self.left_out[f"reactions {emoji}, an emoji that this site does not have"] += len(ids)
                continue
            for id in ids:
                if self.people.find_handle(id) is None:
                    self.left_out["reactions of people whom the export does not describe"] += 1
                elif person := self.people.find_person(id):
                    found[emoji, person.id] = emoji, person
        return list(found.values())

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

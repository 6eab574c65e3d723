"""
Find or create the rooms of this site for the rooms of an export.

If an earlier import from the same source created a room for a room of the export, the import continues in it. Every
other room is new: an import never adds messages to a room of another origin. If the slug is taken, a new public room
gets a number after its slug. Other new rooms get slugs that nobody can guess.

`plan` writes nothing. `begin` and `finish` write ImportedItem, and rooms and threads through their services.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import count

from django.db import transaction

from chat import protocol
from chat.models import ImportedItem, Person, Room
from chat.protocol import MAX_ROOM_NAME, MAX_TOPIC, ChatError
from chat.services import directs, feeds, rooms, threads

from .items import ImportedRoom
from .keys import make_key
from .people import People

MAX_SLUG = rooms.MAX_SLUG


@dataclass
class PlannedRoom:
    """
    A room of the export, and its room here.

    - `room`: the Room; None until `begin` has created it.
    - `is_open`: whether people see the room already, because an earlier import of it has ended.
    - `fresh`: how many messages of the export are not stored yet.
    """

    imported: ImportedRoom
    slug: str
    room: Room | None = None
    is_open: bool = False
    fresh: int = 0

    def get_room(self) -> Room:
        """Return the Room. Call it after `begin`."""
        assert self.room is not None
        return self.room


class Rooms:
    """The rooms of one export, by their ids."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.by_id: dict[str, PlannedRoom] = {}
        self._taken: set[str] = set()

    def plan(self, found: list[ImportedRoom]) -> None:
        """Choose an earlier room, or the slug of a new room, for each room."""
        before = self._find_earlier()
        for imported in found:
            if imported.id not in self.by_id:
                earlier = before.get(make_key(imported.id))
                self.by_id[imported.id] = earlier or PlannedRoom(imported, self._choose_slug(imported))
                self.by_id[imported.id].imported = imported

    def _find_earlier(self) -> dict[str, PlannedRoom]:
        items = ImportedItem.objects.filter(source=self.source, kind__in=(ImportedItem.ROOM, ImportedItem.COMPLETE))
        found: dict[str, PlannedRoom] = {}
        for item in items.select_related("room").order_by("id"):
            planned = found.setdefault(item.key, PlannedRoom(ImportedRoom("", "", ""), item.room.slug, item.room))
            planned.is_open = planned.is_open or item.kind == ImportedItem.COMPLETE
        return found

    def find_slug(self, id: str) -> str | None:
        """Return the slug that a room has here, or None."""
        planned = self.by_id.get(id)
        return planned.slug if planned and planned.imported.kind != ImportedRoom.DIRECT else None

    def begin(self) -> None:
        """Create the rooms that are missing. Nobody sees them until `finish`."""
        for id, planned in self.by_id.items():
            if planned.room is None:
                with transaction.atomic():
                    planned.room = rooms.begin_imported_room(
                        planned.slug,
                        _clean_line(planned.imported.name, MAX_ROOM_NAME, protocol.check_room_name) or planned.slug,
                        _clean_line(planned.imported.topic, MAX_TOPIC, protocol.check_topic),
                        planned.imported.created_at,
                    )
                    self._record(ImportedItem.ROOM, id, planned.room)

    def finish(self, people: People) -> None:
        """Open the rooms that are not open. Make clients in rooms that were open load the new messages."""
        for id, planned in self.by_id.items():
            if planned.room is not None and not planned.is_open:
                _store_threads(planned.room)
                with transaction.atomic():
                    rooms.open_imported_room(planned.room, _make_opening(planned, people))
                    self._record(ImportedItem.COMPLETE, id, planned.room)
                planned.is_open = True
            elif planned.room is not None and planned.fresh:
                rooms.refresh_imported_room(planned.room.id)
        rooms.notify_lobby()

    def _record(self, kind: str, id: str, room: Room) -> None:
        ImportedItem.objects.create(source=self.source, kind=kind, key=make_key(id), target=room.id, room=room)

    def _choose_slug(self, imported: ImportedRoom) -> str:
        wish = make_slug(imported.slug) or make_slug(f"room-{imported.id}") or "room"
        if imported.kind != ImportedRoom.PUBLIC:
            # Nobody must be able to guess the slug of a hidden room.
            return rooms.make_hidden_slug("direct" if imported.kind == ImportedRoom.DIRECT else wish)
        for number in count(1):
            ending = f"-{number}" if number > 1 else ""
            slug = wish[: MAX_SLUG - len(ending)] + ending
            if slug not in self._taken and rooms.find_room(slug) is None:
                self._taken.add(slug)
                return slug
        raise AssertionError("there is always a further number")


def _store_threads(room: Room) -> None:
    """Store the threads of a room that nobody sees yet. After an interruption, a second call stores the same."""
    roots = threads.find_imported_roots(room.id, 0)
    while roots:
        with transaction.atomic():
            threads.store_imported_threads(room.id, roots)
        roots = threads.find_imported_roots(room.id, roots[-1])


def make_slug(name: str) -> str:
    """Return the slug that is nearest to a name, or "" if the name has no Latin letters and digits."""
    plain = unicodedata.normalize("NFKD", name).lower()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].rstrip("-")


def _clean_line(text, most, check):
    """Return a text as one line of at most `most` characters that `check` accepts, or "" if there is none."""
    line = " ".join(text.split())[:most].strip()
    try:
        return check(line)
    except ChatError:
        printable = "".join(character for character in line if character.isprintable()).strip()
    try:
        return check(printable)
    except ChatError:
        return ""


def _make_opening(planned: PlannedRoom, people: People) -> rooms.Opening:
    imported = planned.imported
    members, owners = _find_people(people, imported.members), _find_people(people, imported.owners)
    if imported.kind != ImportedRoom.DIRECT:
        return rooms.Opening(
            imported.kind, _keep_active(members), _keep_active(owners), imported.is_archived, offset=imported.offset
        )
    key = directs.make_free_key(members)
    room = planned.get_room()
    room.name = feeds.name_people(members) or room.name
    if key is not None:
        return rooms.Opening(Room.DIRECT, members, [], imported.is_archived, key)
    # The conversation has only one person or too many people, or these people already have a conversation here.
    return rooms.Opening(Room.PRIVATE, members, _keep_active(members), imported.is_archived)


def _find_people(people: People, ids: tuple[str, ...]) -> list[Person]:
    """Return the people with these ids, each once."""
    found = [people.find_person(id) for id in ids]
    return list({person.id: person for person in found if person is not None}.values())


def _keep_active(found: list[Person]) -> list[Person]:
    return [person for person in found if person.is_active]

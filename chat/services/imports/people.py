"""
Find or create the accounts of this site for the people of an export.

The first of these that exists is the account of a person of the export:

1. the account that an earlier import found or created for this person;
2. the account that the operator's file names;
3. if the person is active, the account with the same verified e-mail address;
4. with `same_handles`, the account with the same handle;
5. a new account. If its handle is taken, it gets a number after the handle.

`plan` writes nothing, so a dry run can show its result. `store` writes ImportedItem and the new accounts.
"""

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from django.db import transaction

from chat.models import ImportedItem, Person, make_handle_keys
from chat.protocol import MAX_HANDLE, ChatError
from chat.services.people import imported, set_picture

from .items import ImportedPerson, ImportFailure
from .keys import make_key

MAX_PICTURE_BYTES = 10_000_000
BEFORE, NAMED, EMAIL, HANDLE, NEW = "imported before", "named in the file", "same e-mail", "same handle", "new"


@dataclass
class Planned:
    """
    A person of the export, and the account here.

    - `handle`: the handle of the account. `reason`: why this account was chosen, such as EMAIL or NEW.
    - `found`: the Person; None until `store` has created the account.
    """

    person: ImportedPerson
    handle: str
    reason: str
    found: Person | None = None

    @property
    def has_other_handle(self) -> bool:
        """Return whether a new account has another handle than the person in the export."""
        return self.reason == NEW and self.handle != self.person.handle


def read_mapping(path: str | Path) -> dict[str, Person]:
    """
    Return {id, username or e-mail address in the other system: Person} from a CSV file with two columns.

    Raise ImportFailure for a file that cannot be read, for a line without two columns, and for a handle that nobody
    has.
    """
    found = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if not any(row):
                    continue
                if len(row) != 2:
                    raise ImportFailure(
                        f"{path}, line {number}: write two columns: the person in the export, the handle here."
                    )
                person = Person.objects.find_by_handle(row[1].strip())
                if person is None:
                    raise ImportFailure(f"{path}, line {number}: nobody here has the handle {row[1].strip()!r}.")
                found[row[0].strip()] = person
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportFailure(f"Cannot read {path}: {error}") from None
    return found


class People:
    """The people of one export, by their ids."""

    def __init__(self, source: str, mapping: dict[str, Person], same_handles: bool = False) -> None:
        self.source, self.same_handles = source, same_handles
        self._mapping = {name.casefold(): person for name, person in mapping.items()}
        self.by_id: dict[str, Planned] = {}
        self._taken: set[str | None] = set()
        self._unused = {name.casefold(): name for name in mapping}

    def plan(self, found: list[ImportedPerson]) -> None:
        """Choose an account for each person. Active people get their handles first, then the others."""
        before = self._find_earlier()
        for person in sorted(found, key=lambda person: not person.is_active):
            if person.id not in self.by_id:
                self.by_id[person.id] = self._plan_one(person, before.get(make_key(person.id)))

    def find_unused(self) -> list[str]:
        """Return the names in the operator's file that no person of the export has, as they are in the file."""
        return sorted(self._unused.values())

    def find_handle(self, id: str) -> str | None:
        """Return the handle that a person of the export has here, or None."""
        planned = self.by_id.get(id)
        return planned.handle if planned else None

    def get_person(self, id: str) -> Person:
        """Return the Person of an author. Call it after `store`."""
        found = self.by_id[id].found
        assert found is not None
        return found

    def find_person(self, id: str) -> Person | None:
        """Return the Person, or None. Call it after `store`."""
        planned = self.by_id.get(id)
        return planned.found if planned else None

    def store(self) -> int:
        """Create the accounts that are missing. Return how many were created."""
        created = 0
        for id, planned in self.by_id.items():
            if planned.reason == BEFORE:
                continue
            with transaction.atomic():
                if planned.found is None:
                    planned.found = _create(planned)
                    _set_picture(planned.found, planned.person)
                    created += 1
                key, target = make_key(id), planned.found.id
                ImportedItem.objects.create(source=self.source, kind=ImportedItem.PERSON, key=key, target=target)
        return created

    def _find_earlier(self) -> dict[str, Person]:
        items = ImportedItem.objects.filter(source=self.source, kind=ImportedItem.PERSON)
        targets = dict(items.values_list("key", "target"))
        known = Person.objects.filter(id__in=items.values("target")).in_bulk()
        return {key: known[target] for key, target in targets.items() if target in known}

    def _plan_one(self, person: ImportedPerson, earlier: Person | None) -> Planned:
        names = [name.casefold() for name in (person.id, person.email, *person.aliases) if name]
        for name in names:
            self._unused.pop(name, None)
        named = next((self._mapping[name] for name in names if name in self._mapping), None)
        same = imported.find_by_email(person.email) if person.is_active else None
        alike = self._find_same(person) if self.same_handles else None
        for found, reason in ((earlier, BEFORE), (named, NAMED), (same, EMAIL), (alike, HANDLE)):
            if found is not None:
                return Planned(person, found.handle, reason, found)
        return Planned(person, self._choose_handle(person), NEW)

    def _find_same(self, person: ImportedPerson) -> Person | None:
        handle = imported.make_import_handle(person.handle)
        found = Person.objects.find_by_handle(handle) if handle else None
        return found if found is not None and found.is_guest == person.is_guest else None

    def _choose_handle(self, person: ImportedPerson) -> str:
        for handle in _make_handles(person):
            keys = set(make_handle_keys(handle).values())
            if not keys & self._taken and imported.is_handle_free(handle):
                self._taken |= keys
                return handle
        raise AssertionError("there is always a further number")


def _make_handles(person: ImportedPerson) -> Iterator[str]:
    wishes = [imported.make_import_handle(wish) for wish in (person.handle, *person.aliases)]
    wish = next(filter(None, wishes), "person")
    yield wish
    for number in count(2):
        ending = f"-{number}"
        yield imported.make_import_handle(wish[: MAX_HANDLE - len(ending)] + ending) or f"person{ending}"


def _create(planned: Planned) -> Person:
    person = planned.person
    return imported.create_imported(planned.handle, person.name, person.email, person.is_active, person.is_guest)


def _set_picture(person: Person, given: ImportedPerson) -> None:
    """Give a new active account the picture in the export, unless the picture cannot be read."""
    if given.picture is None or not given.is_active:
        return
    with given.picture() as content, contextlib.suppress(ChatError):
        set_picture(person, content.read(MAX_PICTURE_BYTES))

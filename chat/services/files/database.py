"""
Files in the database, in parts: for sites whose processes share no directory, such as those on Heroku.

This module writes StoredFile and FilePart.
"""

from collections.abc import Generator, Iterator

from django.db.models.functions import Length
from django.utils import timezone

from chat.models import FilePart, StoredFile
from chat.services.free_rows import find_free_rows

from .errors import FileLost
from .names import check_kind, check_name
from .writing import Info, Parts, Writer

# SQLite has one writer at a time. Small deletions do not block other writers for long.
MAX_DELETED = 50  # parts in one statement
MAX_FOUND = 500  # files in one query


class DatabaseStore:
    """The files in the tables StoredFile and FilePart."""

    def create(self, name: str, most_bytes: float) -> Writer:
        """Begin a new file, and return its writer."""
        return _PartWriter(check_name(name), most_bytes)

    def read(self, name: str) -> Parts:
        """
        Return the parts of a complete file, one after the other. Each part is read with a query of its own.

        Raise FileLost if there is no such file. The parts raise FileLost if the file is deleted while it is read.
        """
        file_id, size = self._find_complete(name)
        return _read_parts(name, file_id, 0, 0, size)

    def read_range(self, name: str, first: int, length: int) -> Parts:
        """Return the parts of at most `length` bytes of a complete file, from the byte `first` on, as `read` does."""
        file_id, size = self._find_complete(name)
        number, start = _find_part(file_id, first) if first else (0, 0)
        return _read_parts(name, file_id, number, first - start, max(0, min(length, size - first)))

    def _find_complete(self, name: str) -> tuple[int, int]:
        files = StoredFile.objects.filter(name=check_name(name), is_complete=True)
        found = files.values_list("id", "size").first()
        if found is None:
            raise FileLost(name)
        return found

    def has(self, name: str) -> bool:
        """Return whether there is a complete file with this name."""
        return StoredFile.objects.filter(name=check_name(name), is_complete=True).exists()

    def delete(self, name: str) -> bool:
        """Delete a file, complete or not, in small statements. Return whether there was one."""
        files = StoredFile.objects.filter(name=check_name(name))
        file_id = files.values_list("id", flat=True).first()
        if file_id is None:
            return False
        parts = FilePart.objects.filter(file_id=file_id)
        while ids := list(parts.values_list("id", flat=True)[:MAX_DELETED]):
            FilePart.objects.filter(id__in=ids).delete()
        files.delete()
        return True

    def delete_free(self, name: str) -> bool:
        """Delete a file as `delete` does, if no other transaction has locked its row. Return whether it was deleted."""
        return bool(find_free_rows(StoredFile.objects.filter(name=check_name(name)), 1)) and self.delete(name)

    def find(self, kind: str, folders: int | None = None) -> Iterator[Info]:
        """Yield the files of a kind, complete or not. The database has no folders, so `folders` has no effect."""
        after = 0
        files = StoredFile.objects.filter(name__startswith=f"{check_kind(kind)}/").order_by("id")
        # PgBouncer allows no server-side cursor, so each batch is a query of its own.
        while batch := list(files.filter(id__gt=after)[:MAX_FOUND]):
            for file in batch:
                yield Info(file.name, file.size, file.changed_at, file.is_complete)
            after = batch[-1].id


def _find_part(file_id: int, position: int) -> tuple[int, int]:
    """Return (the number of the part with the byte at a position, the position of the first byte of this part)."""
    # The lengths of parts differ. The database knows each length without reading the part.
    sizes = FilePart.objects.filter(file_id=file_id).order_by("number").values_list("number", Length("data"))
    start = 0
    for number, size in sizes:
        if start + size > position:
            return number, start
        start += size
    return 0, 0  # the file ends before the position


def _read_parts(name: str, file_id: int, number: int, skipped: int, left: int) -> Generator[bytes, None, None]:
    """Yield `left` bytes, from the part `number` on. Leave out the first `skipped` bytes of this part."""
    while left > 0:
        data = FilePart.objects.filter(file_id=file_id, number=number).values_list("data", flat=True).first()
        if data is None:
            raise FileLost(name)
        part = bytes(memoryview(data)[skipped : skipped + left])
        yield part
        left, number, skipped = left - len(part), number + 1, 0


class _PartWriter(Writer):
    def __init__(self, name: str, most_bytes: float) -> None:
        super().__init__(name, most_bytes)
        self._file = StoredFile.objects.create(name=name)
        self._number = 0

    def _write(self, data):
        FilePart.objects.create(file_id=self._file.id, number=self._number, data=data)
        self._number += 1

    def finish(self) -> None:
        unfinished = StoredFile.objects.filter(id=self._file.id, is_complete=False)
        if not unfinished.update(is_complete=True, size=self.size, changed_at=timezone.now()):
            raise FileLost(self.name)

    def discard(self) -> None:
        DatabaseStore().delete(self.name)

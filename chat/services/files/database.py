"""
Files in the database, in parts: for sites whose processes share no directory, such as those on Heroku.

This module writes StoredFile and FilePart.
"""

from collections.abc import Generator, Iterator

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
        found = StoredFile.objects.filter(name=check_name(name), is_complete=True).values_list("id", "size").first()
        if found is None:
            raise FileLost(name)
        return _read_parts(name, *found)

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

    def find(self, kind: str) -> Iterator[Info]:
        """Yield the files of a kind, complete or not."""
        after = 0
        files = StoredFile.objects.filter(name__startswith=f"{check_kind(kind)}/").order_by("id")
        # PgBouncer allows no server-side cursor, so each batch is a query of its own.
        while batch := list(files.filter(id__gt=after)[:MAX_FOUND]):
            for file in batch:
                yield Info(file.name, file.size, file.changed_at, file.is_complete)
            after = batch[-1].id


def _read_parts(name: str, file_id: int, size: int) -> Generator[bytes, None, None]:
    read = number = 0
    while read < size:
        data = FilePart.objects.filter(file_id=file_id, number=number).values_list("data", flat=True).first()
        if data is None:
            raise FileLost(name)
        yield bytes(data)
        read, number = read + len(data), number + 1


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

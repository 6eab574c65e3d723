"""
Files in a directory that all processes share. Only the user of the processes can read the files. With CHAT_X_ACCEL, the
group of this user can read them too, and nginx belongs to this group.

A file is written under a temporary name. `finish` flushes the file to the disk, and then renames it. So a file with its
final name is complete, also after a power cut.
"""

import contextlib
import errno
import math
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from .errors import FileLost, NoSpace
from .names import check_kind, check_name, is_kind, is_name
from .writing import Info, Parts, Writer

UNFINISHED = ".new"  # the end of a temporary name
READ_BYTES = 100_000  # in one part
# Files leave this much of the disk to the database and the logs, which may be on the same disk.
RESERVED_BYTES = 64 * 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Raise FileLost for a missing file, and NoSpace for a full disk."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileLost(name) from error
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(f"no space for {name}") from error
        raise


class DirectoryStore:
    """The files below the directory `root`, which is made with the first file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, name: str, most_bytes: float) -> Writer:
        """Begin a new file, and return its writer. Raise NoSpace."""
        return _FileWriter(self, check_name(name), most_bytes)

    def read(self, name: str) -> Parts:
        """Return the parts of a complete file, one after the other. Raise FileLost if there is no such file."""
        with translated_errors(name):
            return _FileReader(self._open(name))

    def read_range(self, name: str, first: int, length: int) -> Parts:
        """Return the parts of at most `length` bytes of a complete file, from the byte `first` on. Raise FileLost."""
        with translated_errors(name):
            return _FileReader(self._open(name), first, length)

    def _open(self, name: str) -> int:
        return os.open(self.find_path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def has(self, name: str) -> bool:
        """Return whether there is a complete file with this name."""
        return self.find_path(name).is_file()

    def delete(self, name: str) -> bool:
        """Delete a file, complete or not. Return whether there was one."""
        path = self.find_path(name)
        return _unlink(path) + _unlink(path.with_name(path.name + UNFINISHED)) > 0

    def delete_free(self, name: str) -> bool:
        """Delete a file as `delete` does, because no process locks files in a directory."""
        return self.delete(name)

    def find(self, kind: str, folders: int | None = None) -> Iterator[Info]:
        """
        Yield the files of a kind, complete or not, in `folders` of the 256 folders; None: in all of them.

        The first folder is chosen at random: see `orphans`.
        """
        folder = self.root / check_kind(kind)
        first = random.randrange(256)
        for number in range(folders or 256):
            shard = f"{(first + number) % 256:02x}"
            with contextlib.suppress(FileNotFoundError), os.scandir(folder / shard) as entries:
                for entry in entries:
                    yield from _describe(f"{kind}/{shard}", entry)

    def find_kinds(self) -> list[str]:
        """Return the kinds of files that the directory has."""
        return sorted(path.name for path in self.root.glob("*/") if is_kind(path.name))

    def find_path(self, name: str) -> Path:
        """Return the path of a file. Raise ValueError for a name of another form than `make_name` returns."""
        return self.root / check_name(name)

    def check_space(self) -> None:
        """Raise NoSpace if the disk has less than RESERVED_BYTES left."""
        found = os.statvfs(self.root)
        if found.f_bavail * found.f_frsize < RESERVED_BYTES:
            raise NoSpace(f"{self.root} has less than {RESERVED_BYTES} bytes left")


def _describe(folder: str, entry: os.DirEntry) -> Iterator[Info]:
    name = f"{folder}/{entry.name.removesuffix(UNFINISHED)}"
    # The sweep deletes what this function yields, so other programs' files and links are left out.
    if is_name(name) and entry.is_file(follow_symlinks=False):
        with contextlib.suppress(FileNotFoundError):
            found = entry.stat(follow_symlinks=False)
            changed_at = datetime.fromtimestamp(found.st_mtime, UTC)
            yield Info(name, found.st_size, changed_at, not entry.name.endswith(UNFINISHED))


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


class _FileWriter(Writer):
    def __init__(self, store: DirectoryStore, name: str, most_bytes: float) -> None:
        super().__init__(name, most_bytes)
        self._store = store
        self._path = store.find_path(name)
        self._temporary = self._path.with_name(self._path.name + UNFINISHED)
        with translated_errors(name):
            _make_folders(store.root, self._path.parent)
            store.check_space()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = open(os.open(self._temporary, flags, 0o600), "wb", buffering=0)  # noqa: SIM115 (finish closes it)
            if settings.CHAT_X_ACCEL:
                os.fchmod(self._file.fileno(), 0o640)

    def _write(self, data):
        self._store.check_space()
        left = memoryview(data)
        with translated_errors(self.name):
            # A write may store only the beginning, for example when the disk becomes full.
            while left:
                left = left[self._file.write(left) :]

    def finish(self) -> None:
        with translated_errors(self.name), self._file:
            os.fsync(self._file.fileno())
            os.rename(self._temporary, self._path)
            _sync_folder(self._path.parent)

    def discard(self) -> None:
        self._file.close()
        self._store.delete(self.name)


def _make_folders(root: Path, folder: Path) -> None:
    """Make the folders of a file, for this user or its group, and flush their names to the disk."""
    if folder.is_dir():
        return
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(made.parent)
    for made in (root, folder.parent, folder) if settings.CHAT_X_ACCEL else ():
        # `mkdir` applies the umask, which usually removes the rights of the group.
        made.chmod(0o750)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _FileReader:
    """The parts of an open file, or of a range of it. The file stays readable if somebody deletes it meanwhile."""

    def __init__(self, descriptor: int, first: int = 0, length: float = math.inf) -> None:
        self._file = open(descriptor, "rb", buffering=0)  # noqa: SIM115 (the end of the file closes it)
        self._file.seek(first)
        self._left = length

    def __iter__(self) -> "_FileReader":
        return self

    def __next__(self) -> bytes:
        data = self._file.read(int(min(READ_BYTES, self._left)))
        if not data:
            self.close()
            raise StopIteration
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Close the file before its end."""
        self._file.close()

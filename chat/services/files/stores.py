"""
The store that the setting CHAT_FILES chooses, and the database, which may have files from before the setting changed.

New files go into the chosen store. Reads and deletions also look into the database. So a site can move from the
database to a directory or a bucket at any time. Files in a directory or bucket that CHAT_FILES no longer names are not
found.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings

from chat.services.after_commit import after_commit

from .database import DatabaseStore
from .directory import DirectoryStore
from .errors import FileLost
from .s3 import SCHEME, S3Store
from .writing import Parts, Writer

IN_DATABASE = "database:"
# The disk counts as nearly full if the free space is below this share of the disk, and also below this number of bytes.
LOW_SHARE, LOW_BYTES = 0.05, 1_000_000_000

Store = DirectoryStore | DatabaseStore | S3Store


def find_directory() -> Path | None:
    """Return the directory of the files, or None if new files go into the database or into a bucket."""
    is_path = settings.CHAT_FILES != IN_DATABASE and not settings.CHAT_FILES.startswith(SCHEME)
    return Path(settings.CHAT_FILES) if is_path else None


def find_bucket() -> S3Store | None:
    """Return the bucket of the files, or None if new files go somewhere else."""
    return S3Store(settings.CHAT_FILES) if settings.CHAT_FILES.startswith(SCHEME) else None


def find_stores() -> list[Store]:
    """Return the store for new files, and then the database, if it is another one."""
    root, bucket = find_directory(), find_bucket()
    if root is not None:
        return [DirectoryStore(root), DatabaseStore()]
    return [DatabaseStore()] if bucket is None else [bucket, DatabaseStore()]


def create(name: str, most_bytes: float = float("inf")) -> Writer:
    """Begin a new file with a name of `make_name`, and return its writer. Raise NoSpace."""
    return find_stores()[0].create(name, most_bytes)


def put(name: str, parts: Iterable[bytes]) -> None:
    """
    Store a complete file from a backup under its earlier name. Replace a file with this name.

    In a directory, this uses no table, because the database may have no tables yet. Raise NoSpace.
    """
    store = find_stores()[0]
    store.delete(name)
    _write_all(store.create(name, float("inf")), parts)


def write(name: str, parts: Iterable[bytes], most_bytes: float = float("inf")) -> int:
    """
    Store a new file, and return its size. If anything fails, no file remains.

    Raise FileTooLarge above `most_bytes`, and NoSpace.
    """
    writer = create(name, most_bytes)
    _write_all(writer, parts)
    return writer.size


def _write_all(writer: Writer, parts: Iterable[bytes]) -> None:
    try:
        for part in parts:
            writer.write(part)
        writer.finish()
    except BaseException:
        writer.discard()
        raise


def read(name: str) -> Parts:
    """
    Return the parts of a complete file, one after the other. No caller needs memory for the whole file.

    Raise FileLost if there is no such file. If somebody deletes a file in the database during the iteration, the
    iteration raises FileLost.
    """
    return _read_from_a_store(name, lambda store: store.read(name))


def read_range(name: str, first: int, length: int) -> Parts:
    """Return the parts of at most `length` bytes of a complete file, from the byte `first` on, as `read` does."""
    return _read_from_a_store(name, lambda store: store.read_range(name, first, length))


def _read_from_a_store(name: str, read_store: Callable[[Store], Parts]) -> Parts:
    for store in find_stores():
        try:
            return read_store(store)
        except FileLost:
            continue
    raise FileLost(name)


def has(name: str) -> bool:
    """Return whether there is a complete file with this name."""
    return any(store.has(name) for store in find_stores())


def is_in_directory(name: str) -> bool:
    """Return whether a complete file with this name is in the directory of the files."""
    root = find_directory()
    return root is not None and DirectoryStore(root).has(name)


def delete(name: str) -> bool:
    """Delete a file, complete or not. Return whether there was one."""
    return sum(store.delete(name) for store in find_stores()) > 0


def delete_after_commit(name: str) -> None:
    """Delete a file when the present transaction has committed. If this fails, the sweep deletes the file later."""
    after_commit(f"delete the file {name}", lambda: delete(name))


def find_paths() -> Iterator[tuple[str, Path]]:
    """
    Yield (name, path) of each complete file in the directory, for a backup. A backup of the database contains the files
    in it.
    """
    root = find_directory()
    if root is not None:
        store = DirectoryStore(root)
        for kind in store.find_kinds():
            yield from ((info.name, root / info.name) for info in store.find(kind) if info.is_complete)


def find_problem() -> str | None:
    """
    Return a sentence for operators about the place of the files, or None if it can be used.

    Problems of a directory are: it is not a directory, this process may not write in it, or its disk is nearly full. A
    missing directory is no problem if this process may make it.
    """
    bucket = find_bucket()
    if bucket is not None:
        return bucket.find_problem()
    root = find_directory()
    if root is None:
        return None
    # The first file makes the directory, so it may be missing now. This function makes nothing: its caller may be root.
    # `Path.exists` raises PermissionError below a folder of another user.
    folder = next((path for path in (root, *root.parents) if os.path.exists(path)), root)
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return (
            f"This process may not keep files in {root}: correct CHAT_FILES, or give {folder} to the user of the"
            " processes."
        )
    free, total = _measure_disk(folder)
    if free < min(LOW_BYTES, LOW_SHARE * total):
        return (
            f"The disk of {root} is nearly full: {free:,} bytes are free. Free some space, or lower"
            " CHAT_MAX_RESULTS_BYTES."
        )
    return None


def _measure_disk(root: Path) -> tuple[int, int]:
    """Return the bytes that are free for this user, and all bytes."""
    found = os.statvfs(root)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize

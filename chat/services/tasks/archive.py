"""
A zip file that is written as a stream. Nothing of it is read again, so it needs no temporary copy.

The memory grows with the number of entries, about 1 kB for each, and not with their bytes. This module reads no rows.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any

MAX_NAME_BYTES = 150  # of a file in the archive; most file systems allow 255
_SMALL = re.compile(
    r"(?!image/(svg|bmp)|audio/(x-)?wav)(image|video|audio)/"
    r"|application/(zip|gzip|x-7z|x-bzip2|x-xz|x-rar|vnd\.rar|zstd|java-archive|epub|vnd\.(openxmlformats|oasis))"
)
# Windows cannot unpack a file with such a name, whatever its ending is.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def is_compressed(content_type: str) -> bool:
    """Return whether files of a type are compressed already, as pictures and archives are."""
    return _SMALL.match(content_type) is not None


def shorten_name(name: str) -> str:
    """Return the name of a file as every system can unpack it. `name` has no folders: see `uploads.clean_name`."""
    if _DEVICE.match(name):
        name = f"_{name}"
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = f".{ending}" if dot and len(ending.encode()) <= 20 else ""
    start = (stem if ending else name).encode()[: MAX_NAME_BYTES - len(ending.encode())]
    # The cut may be in the middle of a character.
    return start.decode(errors="ignore").rstrip(". ") + ending


class Archive:
    """
    A zip file whose bytes go to the function `write`. Use it as a context manager.

    After an exception, nothing more is written: the file is not complete.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._target = _Target(write)
        self._zip = zipfile.ZipFile(self._target, "w")

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: Any) -> None:
        if kind is not None:
            # Without this, the garbage collector would end the file, and write into a result that was given up.
            self._target.close()
        self._zip.close()

    @contextmanager
    def add(self, name: str, at: datetime, size: int, is_stored: bool = False) -> Iterator[IO[bytes]]:
        """
        Yield an object that writes one entry. `size`: the bytes that the entry may have. `is_stored`: do not compress
        it.

        An entry whose writing raised an exception is not in the archive.
        """
        entry = zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
        entry.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
        # An entry that may be larger than 2 GiB begins in another way, which some old programs cannot read.
        entry.file_size = size
        try:
            with self._zip.open(entry, "w") as file:
                yield file
        except BaseException:
            self._leave_out(entry)
            raise

    def _leave_out(self, entry: zipfile.ZipInfo) -> None:
        # Programs find the entries of an archive in the list at its end.
        if entry in self._zip.filelist:
            self._zip.filelist.remove(entry)
            del self._zip.NameToInfo[entry.filename]


class _Target:
    """What ZipFile writes to. Without `tell` and `seek`, ZipFile writes an archive as a stream."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        self._write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Drop everything that is written from now on."""
        self._write = lambda data: None

"""
The files of an export: a zip file, a directory with the same files, or one file by itself.

Every error names the file, and the line if the file has one object per line. This module knows no format.
"""

import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .items import ExportError, ImportFailure

# A line, or a JSON file such as the file of one day, is read into memory. This is the limit of its bytes.
MAX_BYTES = 256_000_000
# What reading a damaged file raises.
DAMAGED = (OSError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error)
# What opening a damaged or unusual zip file raises, such as an encrypted one.
_UNREADABLE = (*DAMAGED, RuntimeError, NotImplementedError, ValueError)


def find_files(folder: str | Path) -> Iterator[Path]:
    """Yield the files in a directory and its folders, except links, which could lead anywhere on this machine."""
    return (path for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink())


class Export:
    """The files of an export, by their names within it. Use it as a context manager."""

    def __init__(self, path: str | Path) -> None:
        """Open the export. Raise ImportFailure if it cannot be read."""
        self.path = Path(path)
        self._zip: zipfile.ZipFile | None = None
        try:
            if self.path.is_dir():
                names = [str(found.relative_to(self.path)) for found in find_files(self.path)]
            elif zipfile.is_zipfile(self.path):
                self._zip = zipfile.ZipFile(self.path)
                names = [entry.filename for entry in self._zip.infolist() if not entry.is_dir()]
            else:
                self.path.stat()
                names = [self.path.name]
        except _UNREADABLE as error:
            raise ImportFailure(f"Cannot read {self.path}: {error}") from None
        self._files = _strip_folder({_shorten(name): name for name in names if "__MACOSX" not in name})

    def __enter__(self) -> "Export":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def list_names(self, folder: str = "", ending: str = "") -> list[str]:
        """Return the sorted names of the files in a folder, with this ending."""
        start = f"{folder}/" if folder else ""
        return sorted(name for name in self._files if name.startswith(start) and name.endswith(ending))

    def has(self, name: str) -> bool:
        """Return whether the export has this file."""
        return name in self._files

    def open(self, name: str) -> IO[bytes]:
        """Open a file of the export. Raise ExportError if there is none, or if it is damaged."""
        try:
            if self._zip is not None:
                return self._zip.open(self._files[name])
            return open(self.path / self._files[name] if self.path.is_dir() else self.path, "rb")
        except KeyError:
            raise ExportError(name, "the export has no such file") from None
        except _UNREADABLE as error:
            raise ExportError(name, f"cannot be read: {error}") from None

    def read_json(self, name: str) -> Any:
        """Return the JSON value in a file. Raise ExportError."""
        with self.open(name) as file:
            try:
                return parse_json(file.read(MAX_BYTES), name)
            except DAMAGED as error:
                raise ExportError(name, f"cannot be read: {error}") from None

    def read_list(self, name: str) -> list[dict[str, Any]]:
        """Return the JSON objects of a list in a file. Raise ExportError."""
        found = self.read_json(name)
        if not isinstance(found, list):
            raise ExportError(name, "must be a list of objects")
        for position, item in enumerate(found, 1):
            if not isinstance(item, dict):
                raise ExportError(f"{name}, item {position}", "must be an object")
        return found

    def read_lines(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield (file and number of the line, the line) for each line with text. Raise ExportError."""
        with self.open(name) as file:
            number = 0
            try:
                while line := file.readline(MAX_BYTES):
                    number += 1
                    if line.strip():
                        yield f"{name}, line {number}", line
            except DAMAGED as error:
                raise ExportError(f"{name}, line {number + 1}", f"cannot be read: {error}") from None


def _shorten(name):
    return name.replace("\\", "/").removeprefix("./")


def _strip_folder(files):
    """
    Return {name: original name} without the folder that contains all files.

    An export has such a folder if somebody has unpacked it and packed its folder again.
    """
    folders = {name.partition("/")[0] for name in files}
    if len(folders) != 1 or not all("/" in name for name in files):
        return files
    return {name.partition("/")[2]: original for name, original in files.items()}


def parse_json(text: bytes, where: str) -> Any:
    """Return the value of a JSON text. Raise ExportError."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ExportError(where, "this JSON is nested too deeply") from None
    except ValueError as error:
        line = f"{where}, line {error.lineno}" if isinstance(error, json.JSONDecodeError) and b"\n" in text else where
        raise ExportError(line, f"this is not JSON: {getattr(error, 'msg', error)}") from None


def _refuse_constant(name):
    raise ValueError(f"{name} is not a JSON value")


class Fields:
    """
    An object of an export. Its fields are checked when they are read.

    All methods except `flag` raise ExportError for a value of a wrong type. `text` and `number` also raise it for a
    missing or null field without a default. The error contains `where`, the place of the object.
    """

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise ExportError(where, "must be an object")
        self.values, self.where = values, where

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text without NUL and lone surrogates, or `default` if the field is missing or null."""
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise ExportError(self.where, f"'{name}' must be a text")
        return clean(value)

    def number(self, name: str, default: int | None = None) -> int:
        """Return an integer from 0 to 2^53, or `default` if the field is missing or null."""
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 2**53:
            raise ExportError(self.where, f"'{name}' must be a number that is not negative")
        return value

    def flag(self, name: str) -> bool:
        """Return whether a field is true."""
        return self.values.get(name) is True

    def objects(self, name: str) -> list["Fields"]:
        """Return the objects of a list; an empty list if the field is missing or null."""
        return [Fields(item, f"{self.where}, '{name}'") for item in self._list(name)]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a list; no texts if the field is missing or null."""
        found = self._list(name)
        if not all(isinstance(item, str) for item in found):
            raise ExportError(self.where, f"'{name}' must be a list of texts")
        return tuple(clean(item) for item in found)

    def object(self, name: str) -> "Fields":
        """Return an object; an empty one if the field is missing or null."""
        value = self.values.get(name)
        return Fields({} if value is None else value, f"{self.where}, '{name}'")

    def _list(self, name):
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise ExportError(self.where, f"'{name}' must be a list")
        return value


def clean(text: str) -> str:
    """Return a text that every database can store: without NUL, and with U+FFFD for each lone surrogate."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")

"""
The archive of a backup: a tar with the manifest first, then the copy of the database, and then the files outside of it.

Only the owner can read the files that this module writes. It never overwrites a file, and never writes outside the
folder that it is given: it numbers the files, and takes from the archive only the name of the database's copy, which is
one of DATABASES.
"""

import io
import os
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from .manifest import NAME, KeptFile, Manifest, digest

DATABASES = ("database.sqlite3", "database.dump")
FOLDER = "files"  # in the archive and beside the copy
MAX_MANIFEST_BYTES = 512 * 1024 * 1024  # about two million files


class BackupError(Exception):
    """A backup cannot be made, read or restored. The text is a sentence for the operator."""


def keep_files(found: Iterable[tuple[str, Path]], folder: Path) -> list[KeptFile]:
    """
    Keep the present content of files beside the copy in `folder`, and return them in their order in the archive.

    `found` has (name, path) of each file. A file that was deleted meanwhile is left out.
    """
    (folder / FOLDER).mkdir(mode=0o700)
    kept: list[KeptFile] = []
    for name, path in found:
        place = find_file(folder, len(kept))
        try:
            _link_or_copy(path, place)
        except FileNotFoundError:
            continue
        kept.append(KeptFile(name, place.stat().st_size, digest(place)))
    return kept


def find_file(folder: Path, number: int) -> Path:
    """Return the path of the file with this number, from 0, beside the copy in `folder`."""
    return folder / FOLDER / str(number)


def _link_or_copy(path, place):
    # A link needs no space, and stays if the site deletes the file meanwhile. Nobody changes the content of a file.
    try:
        os.link(path, place)
    except FileNotFoundError:
        raise
    except OSError:  # another file system
        shutil.copyfile(path, place)


def pack(manifest: Manifest, copy: Path, target: Path | BinaryIO) -> None:
    """
    Write the archive to a new file or to a stream. A file appears under its name only when it is complete. Raise
    BackupError if the file exists.

    `copy` is the copy of the database, and the kept files are beside it.
    """
    if not isinstance(target, Path):
        _write(manifest, copy, target)
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(manifest, copy, file)
            file.flush()
            os.fsync(file.fileno())
        # A link fails if the file exists.
        os.link(temporary, target)
    except FileExistsError:
        raise BackupError(f"{target} exists already. Choose another name: a backup overwrites nothing.") from None
    finally:
        temporary.unlink(missing_ok=True)


def _write(manifest, copy, file):
    with tarfile.open(fileobj=file, mode="w|") as archive:
        _add(archive, NAME, io.BytesIO(manifest.dump()), len(manifest.dump()))
        with open(copy, "rb") as content:
            _add(archive, manifest.file, content, manifest.size)
        for number, kept in enumerate(manifest.files):
            with open(find_file(copy.parent, number), "rb") as content:
                _add(archive, f"{FOLDER}/{kept.name}", content, kept.size)


def _add(archive, name, content, size):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    archive.addfile(entry, content)


def unpack(source: Path | BinaryIO, folder: Path) -> tuple[Manifest, Path]:
    """
    Write the copy of the database and the files into `folder`, and return (manifest, path of the copy).

    Raise BackupError if there is no such file, or if the archive is incomplete or not a backup.
    """
    try:
        if isinstance(source, Path):
            with open(source, "rb") as file:
                return _read(file, folder)
        return _read(source, folder)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BackupError(f"This is not a complete backup: {error}.") from None
    except FileNotFoundError:
        raise BackupError(f"There is no file {source}.") from None


def _read(file, folder):
    with tarfile.open(fileobj=file, mode="r|") as archive:
        first = archive.next()
        content = archive.extractfile(first) if first is not None and first.name == NAME else None
        if content is None:
            raise ValueError(f"it does not begin with {NAME}")
        manifest = Manifest.load(content.read(MAX_MANIFEST_BYTES))
        second = archive.next()
        if second is None or second.name != manifest.file or manifest.file not in DATABASES or not second.isreg():
            raise ValueError("it has no copy of a database")
        path = folder / manifest.file
        _extract(archive, second, path)
        (folder / FOLDER).mkdir(mode=0o700)
        for number, kept in enumerate(manifest.files):
            entry = archive.next()
            if entry is None or entry.name != f"{FOLDER}/{kept.name}" or not entry.isreg():
                raise ValueError(f"the file {kept.name} is missing")
            _extract(archive, entry, find_file(folder, number))
    return manifest, path


def _extract(archive, entry, path):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        shutil.copyfileobj(archive.extractfile(entry), copy)


def check_archive(manifest: Manifest, copy: Path) -> None:
    """Raise BackupError if the copy or a file beside it is not the one that the manifest describes."""
    expected = [(copy, manifest)]
    expected += [(find_file(copy.parent, number), kept) for number, kept in enumerate(manifest.files)]
    if any(path.stat().st_size != entry.size or digest(path) != entry.sha256 for path, entry in expected):
        raise BackupError("The backup is damaged: its checksum differs from the manifest. Use another backup.")

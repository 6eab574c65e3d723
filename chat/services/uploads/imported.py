"""
The files of imported messages.

An import stores the bytes of a file first, and the row together with its message. A process that is killed in between
leaves a file without a row, which the sweep deletes. A picture is decoded at once: a job would publish its message
again. The limits for the files of people do not apply: the operator may choose a limit for the import. This module
writes Upload.
"""

import secrets
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import IO

from django.conf import settings

from chat.models import Upload
from chat.protocol import ChatError
from chat.services import files

from .encoding import NoPicture, encode_picture
from .headers import opened
from .names import SNIFFED_BYTES, UNKNOWN, clean_name, find_picture_type, find_type
from .owner import find_used
from .processing import read_parts, store_parts
from .receiving import MAX_PICTURE_BYTES

_NAMES_PER_QUERY = 500  # older versions of SQLite allow 999 parameters


def accepts_imported_files() -> bool:
    """Return whether the site accepts files."""
    return bool(settings.CHAT_UPLOAD_BYTES)


def keep_imported_file(name: str, content: IO[bytes], most_bytes: float) -> Upload | None:
    """
    Store the bytes of a file. Return its row, which is not stored yet, or None for an empty file.

    Raise FileTooLarge if the file has more than `most_bytes`, NoSpace, and what reading the content raises.
    """
    stored, size = store_parts(read_parts(content), most_bytes)
    if not size:
        files.delete(stored)
        return None
    with closing(files.read(stored)) as parts:
        start = next(iter(parts), b"")[:SNIFFED_BYTES]
    name = clean_name(name)
    upload = Upload(key=secrets.token_urlsafe(16), name=name, type=find_type(name, start), size=size, stored=stored)
    if find_picture_type(start) is not None:
        _encode(upload)
    return upload


def _encode(upload: Upload) -> None:
    """Store a picture again without metadata, and make its thumbnail. A broken picture becomes an ordinary file."""
    try:
        if upload.size > MAX_PICTURE_BYTES:
            raise NoPicture("too large")
        with opened(upload.stored) as source, tempfile.TemporaryFile() as target:
            encoded = encode_picture(source, target)
            target.seek(0)
            original, (upload.stored, upload.size) = upload.stored, store_parts(read_parts(target))
            files.delete(original)
    except (NoPicture, ChatError):
        upload.state, upload.type = Upload.FAILED, UNKNOWN
        return
    upload.width, upload.height = encoded.width, encoded.height
    upload.thumbnail, upload.thumbnail_size = store_parts([encoded.thumbnail])


def attach_imported_files(room_id: int, number: int, person_id: int, uploads: Sequence[Upload]) -> None:
    """Store the rows of the files of a message. Call it in the transaction that stores the message."""
    for position, upload in enumerate(uploads):
        upload.room_id, upload.person_id, upload.number, upload.position = room_id, person_id, number, position
    Upload.objects.bulk_create(uploads)


def discard_imported_files(uploads: Iterable[Upload]) -> None:
    """
    Delete the bytes of files, except those whose rows are stored.

    An operator may interrupt an import, or the connection to the database may break, at the moment of the commit. Then
    only the database knows whether the rows are stored.
    """
    names = [name for upload in uploads for name in (upload.stored, upload.thumbnail) if name]
    used: set[str] = set()
    for start in range(0, len(names), _NAMES_PER_QUERY):
        used.update(find_used(names[start : start + _NAMES_PER_QUERY]))
    for name in names:
        if name not in used:
            files.delete(name)

"""
The job of a picture: decode it, store it again without metadata, and make its thumbnail.

A job may be lost, or run twice. An UPDATE claims the row, and only the worker whose UPDATE finishes the row keeps the
new files. The message of the picture is published again. This module writes Upload.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import inf
from typing import IO

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chat.models import Upload
from chat.services import files, rooms

from .encoding import Encoded, NoPicture, encode_picture
from .headers import opened
from .names import UNKNOWN
from .owner import KIND

logger = logging.getLogger(__name__)

LOCK = timedelta(minutes=2)  # longer than a picture takes
MAX_TRIES = 3  # a picture that kills its worker must not kill all workers
_PART_BYTES = 100_000


def process_picture(upload_id: int) -> bool:
    """
    Process a picture that waits. Return whether this call finished it.

    Raise NoSpace if the disk is full; then the sweep starts the job again.
    """
    if not _claim(upload_id):
        return False
    upload = Upload.objects.get(id=upload_id)
    try:
        with opened(upload.stored) as source, tempfile.TemporaryFile() as target:
            encoded = encode_picture(source, target)
            return _replace(upload, encoded, target)
    except files.FileLost:
        logger.warning("The file of upload %s is missing. Every process needs the same CHAT_FILES.", upload_id)
    except files.NoSpace:
        # This failure does not count as a try. A later job tries again.
        Upload.objects.filter(id=upload_id).update(tries=F("tries") - 1)
        raise
    except NoPicture as error:
        logger.info("The picture %s cannot be decoded: %s", upload_id, error)
    return give_up(upload)


def _claim(upload_id: int) -> bool:
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LOCK)
    waiting = Upload.objects.filter(free, id=upload_id, state=Upload.WAITING, tries__lt=MAX_TRIES)
    return waiting.update(claimed_at=now, tries=F("tries") + 1) == 1


def _replace(upload: Upload, encoded: Encoded, content: IO[bytes]) -> bool:
    content.seek(0)
    made = [store_parts(read_parts(content)), store_parts([encoded.thumbnail])]
    fields = {
        "stored": made[0][0],
        "size": made[0][1],
        "thumbnail": made[1][0],
        "thumbnail_size": made[1][1],
        "width": encoded.width,
        "height": encoded.height,
    }
    is_finished = _finish(upload, state=Upload.READY, **fields)
    for name in [upload.stored] if is_finished else [name for name, _ in made]:
        files.delete_after_commit(name)
    return is_finished


def read_parts(content: IO[bytes]) -> Iterator[bytes]:
    """Yield the rest of an open file in parts."""
    while part := content.read(_PART_BYTES):
        yield part


def store_parts(parts: Iterable[bytes], most_bytes: float = inf) -> tuple[str, int]:
    """Store a new file. Return (its name, its size in bytes). Raise NoSpace, and FileTooLarge above `most_bytes`."""
    name = files.make_name(KIND)
    return name, files.write(name, parts, most_bytes)


def give_up(upload: Upload) -> bool:
    """Make a picture an ordinary file, because the site cannot decode it. Return whether it still waited."""
    return _finish(upload, state=Upload.FAILED, type=UNKNOWN, width=None, height=None)


def _finish(upload: Upload, **fields: object) -> bool:
    """Store the result of a job, unless another job has done so, or the file was deleted. Publish its message again."""
    with transaction.atomic():
        # A post locks the room first, and then its files. The same order here keeps the two from blocking each other.
        rooms.lock_room(upload.room_id)
        waiting = Upload.objects.filter(id=upload.id, state=Upload.WAITING, stored=upload.stored)
        if not waiting.update(claimed_at=None, **fields):
            return False
        number = Upload.objects.values_list("number", flat=True).get(id=upload.id)
        if number is not None:
            rooms.change_addition(upload.room_id, number, lambda message: True)
    return True

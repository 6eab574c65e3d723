"""
The files of an export. They go into its archive before the transcript, which then says which of them are missing.

Nobody may get a picture that still has its metadata. The export waits a short time for such pictures. Pictures that
are not ready then are missing, and so are files that were deleted meanwhile.
"""

import time
from collections.abc import Generator
from contextlib import closing
from datetime import datetime

from django.conf import settings

from chat.models import Upload
from chat.protocol import ChatError
from chat.services import files, uploads

from .archive import Archive, is_compressed, shorten_name
from .job import Job

FOLDER = "files"
WAIT_SECONDS = 30.0  # for pictures that are not ready
PAUSE_SECONDS = 0.5
MAX_WAITING = 500  # pictures for which an export waits
# For the progress, a message counts as this many bytes of files.
BYTES_OF_MESSAGE = 2_000

Period = tuple[datetime | None, datetime | None]


class _Missing(Exception):
    """The bytes of a file were deleted."""


def make_path(id: str, name: str) -> str:
    """Return the path of a file in an archive. The id makes the path unique."""
    return f"{FOLDER}/{id}/{shorten_name(uploads.clean_name(name))}"


class Packing:
    """
    Writes the files of an export into its archive.

    `packed` are the ids of the files that the archive contains. `share` is the share of the files in the whole work, 0
    to 1.
    """

    def __init__(self, job: Job, archive: Archive, period: Period) -> None:
        self._job, self._archive, self._period = job, archive, period
        self.packed: set[str] = set()
        self.share = 0.0
        self._written = self._total = 0
        self._waiting: list[int] = []

    def run(self) -> Generator[float, None, None]:
        """
        Write the files, and yield the progress of the whole export. Raise `too_large`, or what `Job.write` raises.
        """
        yield from self._measure()
        for block in self._read_blocks():
            for upload in block:
                if upload.state == Upload.WAITING:
                    self._waiting = [*self._waiting, upload.id][:MAX_WAITING]
                else:
                    yield from self._pack(upload)
        yield from self._pack_waiting()

    def _read_blocks(self):
        return uploads.list_posted(self._job.room, self._job.upto, *self._period)

    def _measure(self):
        for block in self._read_blocks():
            self._total += sum(upload.size for upload in block)
            yield 0.0
        if self._total > settings.CHAT_MAX_RESULTS_BYTES:
            raise ChatError(
                "too_large",
                "The files of these messages have %(size)s MB, and this site allows results of %(most)s MB. Choose a"
                " shorter period, or export without files.",
                size=f"{self._total / 1e6:.1f}",
                most=f"{settings.CHAT_MAX_RESULTS_BYTES / 1e6:g}",
            )
        self.share = self._total / max(1, self._total + self._job.upto * BYTES_OF_MESSAGE)

    def _pack(self, upload: Upload) -> Generator[float, None, None]:
        path, is_stored = make_path(upload.key, upload.name), is_compressed(upload.type)
        try:
            with (
                closing(_read(upload.stored)) as parts,
                self._archive.add(path, upload.created_at, upload.size, is_stored) as entry,
            ):
                for part in parts:
                    entry.write(part)
                    self._written += len(part)
                    yield self.share * min(1.0, self._written / max(1, self._total))
        except _Missing:
            return
        self.packed.add(upload.key)

    def _pack_waiting(self):
        ends_at = time.monotonic() + WAIT_SECONDS
        while self._waiting:
            found = list(Upload.objects.filter(id__in=self._waiting))
            for upload in found:
                if upload.state != Upload.WAITING:
                    yield from self._pack(upload)
            self._waiting = [upload.id for upload in found if upload.state == Upload.WAITING]
            if time.monotonic() > ends_at:
                return
            if self._waiting:
                time.sleep(PAUSE_SECONDS)
                yield self.share


def _read(stored: str) -> Generator[bytes, None, None]:
    """Yield the parts of a file. Raise _Missing, because FileLost may also come from the result that is written."""
    try:
        with closing(files.read(stored)) as parts:
            yield from parts
    except files.FileLost:
        raise _Missing from None

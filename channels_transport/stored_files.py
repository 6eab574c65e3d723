"""
Responses whose body is a stored file, which the interface reads itself: the setting INTERFACE_FILES names the function.

The file passes through no worker and not through Redis. Without the setting, or with Django's test client, the worker
sends the file as any other streaming response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse


class StoredFileResponse(StreamingHttpResponse):
    """
    The response with `length` bytes of the file `name`, from the byte `first` on.

    `read(name, first, length)` returns an iterator of bytes with `close`, like the function of INTERFACE_FILES. The
    caller sets the status and the headers, except Content-Length.
    """

    def __init__(self, name: str, first: int, length: int, read: Callable[[str, int, int], Any], **kwargs: Any) -> None:
        super().__init__(_read(read, name, first, length), **kwargs)
        self["Content-Length"] = str(length)
        self.stored_file = {"name": name, "first": first, "length": length}


def _read(read: Callable[[str, int, int], Any], name: str, first: int, length: int) -> Iterator[bytes]:
    parts = read(name, first, length)
    try:
        yield from parts
    finally:
        parts.close()


def interface_reads_files() -> bool:
    """Return whether the interfaces of this site read files themselves."""
    return "read" in getattr(settings, "INTERFACE_FILES", {})

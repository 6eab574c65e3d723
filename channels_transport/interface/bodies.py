"""
Reads the body of an upload part by part: a form with one file, or the bytes of the file itself.

No reader keeps more than the small fields of a form. This module stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

try:
    import multipart
except ImportError:  # the site has no uploads: see `load_storage`
    multipart = None

# The other fields of a form together: their names and values.
MAX_FIELDS, MAX_FIELD_BYTES = 20, 16 * 1024
_FORM = re.compile(r"multipart/form-data\s*(?:;(.*))?\Z", re.IGNORECASE | re.DOTALL)
# RFC 2046, section 5.1.1, limits a boundary to these characters.
_BOUNDARY = re.compile(r"(?:^|;)\s*boundary=(?:\"([^\"\r\n]{1,70})\"|([0-9A-Za-z'()+_,./:=?-]{1,70}))\s*(?=;|$)", re.I)


class Malformed(Exception):
    """The body is no form with exactly one file."""


class RawBody:
    """A body that is the file itself. Its name is unknown."""

    filename = ""

    def __init__(self, content_type: str) -> None:
        self.type = content_type
        self.fields: dict[str, str] = {}

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes of the file in a part of the body."""
        yield data

    def finish(self) -> None:
        """Note the end of the body."""


class FormBody:
    """A form with one file, in any place among its other fields."""

    def __init__(self, boundary: str) -> None:
        self._parser = multipart.PushMultipartParser(boundary, max_segment_count=MAX_FIELDS + 1)
        self._field: Any = None  # the field that is being read, with its value; None: the file
        self.has_file = False
        self.filename = self.type = ""
        self.fields: dict[str, str] = {}
        self._field_bytes = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes of the file in a part of the body. Raise Malformed."""
        try:
            for event in self._parser.parse(data):
                if isinstance(event, multipart.MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._end()
                elif self._field is None:
                    yield bytes(event)
                else:
                    self._count(len(event))
                    self._field[1].extend(event)
        except (multipart.MultipartError, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from None

    def _begin(self, segment: Any) -> None:
        if segment.filename is None:
            self._count(len(segment.name))
            self._field = (segment.name, bytearray())
        elif self.has_file:
            raise Malformed("The form has more than one file.")
        else:
            self._field, self.has_file = None, True
            self.filename, self.type = segment.filename, segment.content_type or ""

    def _end(self) -> None:
        if self._field is not None:
            name, value = self._field
            self.fields[name] = value.decode("utf-8")
            self._field = None

    def _count(self, size: int) -> None:
        self._field_bytes += size
        if self._field_bytes > MAX_FIELD_BYTES:
            raise Malformed("The fields of the form are too long.")

    def finish(self) -> None:
        """Note the end of the body. Raise Malformed if it is not complete, or has no file."""
        try:
            self._parser.close()
        except multipart.MultipartError as error:
            raise Malformed(str(error)) from None
        if not self.has_file:
            raise Malformed("The form has no file.")


def make_body(content_type: str) -> RawBody | FormBody:
    """Return a reader for a body of this type. Raise Malformed for a form without a valid boundary."""
    form = _FORM.match(content_type.strip())
    if form is None:
        return RawBody(content_type)
    boundary = _BOUNDARY.search(form[1] or "")
    if boundary is None:
        raise Malformed("The form has no boundary.")
    return FormBody(boundary[1] or boundary[2])

"""Harnesses of files: the bodies of uploads, and what a download says about its file."""

import re

from channels_transport.interface.bodies import MAX_FIELD_BYTES, FormBody, Malformed, make_body
from chat.http.file_responses import MAX_NAME, make_disposition
from tests.fuzz.target import split_parts

SIZES = (1, 7, 10_000)
DISPOSITION = re.compile(r"attachment; filename=\"[ -!#-~]+\"(?:; filename\*=UTF-8''[A-Za-z0-9%._~-]+)?")


def check_body(data):
    """A body of an upload is one file with small fields, or malformed. The first line of `data` is the content type."""
    content_type, _, body = data.partition(b"\n")
    found = [read for size in SIZES if (read := _read(content_type.decode("latin1"), body, size)) is not None]
    assert all(read == found[0] for read in found), "the parts in which a body arrives must not matter"


def _read(content_type, body, size):
    """Return what a body contains if it arrives in parts of `size` bytes, or None if it is malformed."""
    try:
        reader = make_body(content_type)
        file = b"".join(part for start in range(0, len(body), size) for part in reader.feed(body[start : start + size]))
        reader.finish()
    except Malformed:
        return None
    if not isinstance(reader, FormBody):
        assert file == body
    assert isinstance(reader.filename, str) and isinstance(reader.type, str)
    assert sum(len(value.encode()) for value in reader.fields.values()) <= MAX_FIELD_BYTES
    return file, reader.filename, reader.type, reader.fields


def check_download(data):
    """The name of a file stays inside its quotes, and adds no header."""
    (name,) = split_parts(data, 1)
    value = make_disposition("attachment", name)
    assert DISPOSITION.fullmatch(value), value
    assert len(value) < 15 * MAX_NAME + 100

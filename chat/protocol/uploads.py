"""
The files of messages on the wire: their ids in events, and the field `files` of messages.
"""

import re
from typing import Any

from .errors import ChatError

MAX_FILES = 10  # of one message
_KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def is_file_id(value: Any) -> bool:
    """Return whether a value has the form of a file's id."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def check_files(value: Any, name: str) -> tuple[str, ...]:
    """Return the ids of a message's files, at most MAX_FILES, each once. Raise `invalid_field` or `too_long`."""
    if not isinstance(value, list) or not all(is_file_id(key) for key in value):
        raise ChatError("invalid_field", "'%(name)s' must be a list of ids of files.", name=name)
    if len(set(value)) != len(value):
        raise ChatError("invalid_field", "'%(name)s' must not contain a file twice.", name=name)
    if len(value) > MAX_FILES:
        raise ChatError("too_long", "A message can have at most %(most)s files.", most=MAX_FILES)
    return tuple(value)


def file(
    id: str, name: str, type: str, size: int, url: str, width: int | None, height: int | None, thumbnail: str | None
) -> dict[str, Any]:
    """
    Return a file of a message.

    `size` is in bytes. `url` is the address of the file, and `thumbnail` that of a small picture, or None. `width` and
    `height` are the size of a picture in pixels; None for other files.
    """
    fields: dict[str, Any] = {"id": id, "name": name, "type": type, "size": size}
    if width is not None and height is not None:
        fields.update(width=width, height=height)
    fields["url"] = url
    return fields if thumbnail is None else {**fields, "thumbnail": thumbnail}

"""
The files of messages as the search knows them: their names are text of the message. This module writes nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from chat.models import AdditionBit, Changed, Message, Upload


class Files(NamedTuple):
    """The names of the files of a message, and whether one of them is a picture."""

    names: tuple[str, ...] = ()
    has_image: bool = False


NO_FILES = Files()


def find_files(room_id: int, messages: Sequence[Changed | Message]) -> dict[int, Files]:
    """Return {number of a message: its files} for at most 500 messages of a room. Run no query if none has files."""
    numbers = [message.number for message in messages if (message.additions or 0) & AdditionBit.FILES]
    if not numbers:
        return {}
    found: dict[int, Files] = {}
    for upload in Upload.objects.of_messages(room_id, numbers):
        names, has_image = found.get(upload.number, NO_FILES)
        found[upload.number] = Files((*names, upload.name), has_image or upload.type.startswith("image/"))
    return found


def add_names(body: str, files: Files) -> str:
    """Return the text that the search knows of a message: its body, and a line for the name of each file."""
    return "\n".join([body, *files.names]) if files.names else body

"""
Documents: what the index contains about a message. This module reads and writes no rows.
"""

import hashlib
import re

from chat import markup
from chat.models import LABEL, Changed, Document, Due, Room, make_words

from .files import NO_FILES, Files, add_names
from .words import list_tokens

# Raise this number if the tokens or the labels change. Then every room is indexed again, in the background.
VERSION = 1

# Only bodies that match can have links. Rendering a body takes longer than all other work in this module.
_MAY_HAVE_LINK = re.compile("://|mailto:", re.IGNORECASE)

# The labels of messages in public rooms, and of messages with links.
PUBLIC = f"{LABEL}public"
LINK = f"{LABEL}link"
# The labels of messages with files, and of messages with pictures.
FILE = f"{LABEL}file"
IMAGE = f"{LABEL}image"


def room_label(room_id: int) -> str:
    """Return the label of the messages of a room."""
    return f"{LABEL}r{room_id}"


def author_label(person_id: int) -> str:
    """Return the label of the messages of a person."""
    return f"{LABEL}a{person_id}"


def make_document(message: Changed, room: Due, files: Files = NO_FILES) -> Document:
    """Return the document of a message that is not removed. `files` are its files."""
    labels = [room_label(room.room_id), author_label(message.author_id)]
    if room.access == Room.PUBLIC:
        labels.append(PUBLIC)
    if has_link(message.body):
        labels.append(LINK)
    if files.names:
        labels.append(FILE)
    if files.has_image:
        labels.append(IMAGE)
    words = make_words(message.id, list_tokens(add_names(message.body, files)), labels)
    return Document(message.id, _make_digest(words), words)


def has_link(body: str) -> bool:
    """Return whether the rendering of a body has a link."""
    return _MAY_HAVE_LINK.search(body) is not None and "<a " in markup.render(body)


def _make_digest(words: str) -> int:
    digest = hashlib.blake2b(words.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

"""
Documents: what the index contains about a message. This module knows no rows of the index.
"""

import hashlib
import re
from datetime import date, timedelta

from chat import markup
from chat.models import LABEL, Changed, Document, Due, Room, make_words

from .words import list_tokens

# Raise this number if the tokens or the labels change. Then every room is indexed again, in the background.
VERSION = 1

# Only these bodies can have links. To render a body takes longer than everything else here.
_MAY_HAVE_LINK = re.compile("://|mailto:", re.IGNORECASE)

PUBLIC = f"{LABEL}public"
LINK = f"{LABEL}link"


def room_label(room_id: int) -> str:
    """Return the label of the messages of a room."""
    return f"{LABEL}r{room_id}"


def author_label(person_id: int) -> str:
    """Return the label of the messages of a person."""
    return f"{LABEL}a{person_id}"


def day_labels(day: date) -> list[str]:
    """Return the labels of a day in UTC: the year, the month and the day."""
    return [f"{LABEL}y{day:%Y}", f"{LABEL}m{day:%Y-%m}", f"{LABEL}d{day:%Y-%m-%d}"]


def period_labels(first: date, last: date) -> list[str]:
    """Return labels, of which each day of a period has one and no other day has any. Use as few as possible."""
    labels = []
    while first <= last:
        for label, end in zip(day_labels(first), _ends(first), strict=True):
            if end <= last:
                labels.append(label)
                first = end + timedelta(days=1)
                break
    return labels


def _ends(first: date) -> list[date]:
    """Return the last day of the year and of the month that begin with a day, and the day. For others: date.max."""
    year_end = date(first.year, 12, 31) if (first.month, first.day) == (1, 1) else date.max
    month_end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return [year_end, month_end if first.day == 1 else date.max, first]


def make_document(message: Changed, room: Due) -> Document:
    """Return the document of a message that is not removed."""
    labels = [room_label(room.room_id), author_label(message.author_id), *day_labels(message.created_at.date())]
    if room.access == Room.PUBLIC:
        labels.append(PUBLIC)
    if has_link(message.body):
        labels.append(LINK)
    words = make_words(message.id, list_tokens(message.body), labels)
    return Document(message.id, _make_digest(words), words)


def has_link(body: str) -> bool:
    """Return whether the rendering of a body has a link."""
    return _MAY_HAVE_LINK.search(body) is not None and "<a " in markup.render(body)


def _make_digest(words: str) -> int:
    digest = hashlib.blake2b(words.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

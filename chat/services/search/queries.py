"""
Queries: what a person types into the field of the search, and the parameters beside it.

This module reads text only. It does not know whether rooms and people exist.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from chat import protocol
from chat.models import Phrase
from chat.protocol import ChatError

from .words import split_phrases

MAX_QUERY = 200  # characters
MAX_PARTS = 20  # words and phrases
# A shorter beginning of a word would find nearly everything.
LEAST_PREFIX = 2
OPERATORS = {"from": "author", "in": "room", "has": "has", "before": "before", "after": "after"}
HAS = ("link", "file", "image")

_PIECE = re.compile(
    rf"""(?P<operator>{"|".join(OPERATORS)}):(?:"(?P<quoted>[^"]*)"?|(?P<value>\S*))"""
    r"""|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)""",
    re.IGNORECASE,
)


@dataclass
class Query:
    """A query: phrases that a message must contain, and what else must be true. A value is None if it is not given."""

    phrases: list[Phrase] = field(default_factory=list)
    author: str | None = None
    room: str | None = None
    has: str | None = None
    after: datetime | None = None
    before: datetime | None = None


def read_query(text: str, fields: dict[str, str], zone: str | None = None) -> Query:
    """
    Return the query of a text and of the parameters beside it.

    - `text`: words, "phrases", and the operators `from:`, `in:`, `has:`, `before:` and `after:`. The last word may be
      the beginning of a word.
    - `fields`: `author`, `room`, `has`, `before` and `after`; each means the same as its operator.
    - `zone`: the time zone of the days of `before` and `after`. A day stands for its beginning.

    Raise `too_long`; `empty` if the query has nothing to search for; `invalid_field` for a value that is wrong or given
    twice.
    """
    text = protocol.check_text(text, "q", MAX_QUERY, least=0)
    given = dict(fields)
    pieces: list[tuple[str, bool]] = []
    for piece in _PIECE.finditer(text):
        if piece["operator"]:
            _add_value(given, piece["operator"].lower(), piece["quoted"] or piece["value"] or "")
        else:
            pieces.append((piece["phrase"] or piece["word"] or "", piece["word"] is not None))
    checked = {name: _CHECKS[name](value, name, zone) for name, value in given.items()}
    query = Query(_make_phrases(pieces), **checked)
    if not query.phrases and not checked:
        raise ChatError("empty", "Type a word to search for, or a filter such as from: or in:.")
    return query


def _add_value(given, operator, value):
    name = OPERATORS[operator]
    if name in given:
        raise ChatError("invalid_field", "Give '%(operator)s:' only once.", operator=operator)
    given[name] = value


def _make_phrases(pieces):
    phrases = []
    for number, (piece, is_word) in enumerate(pieces, 1):
        parts = split_phrases(piece)
        for part, (tokens, ends_with_word) in enumerate(parts, 1):
            is_last = number == len(pieces) and part == len(parts)
            is_prefix = is_last and is_word and ends_with_word and len(tokens[-1]) >= LEAST_PREFIX
            phrases.append(Phrase(tuple(tokens), is_prefix))
    if len(phrases) > MAX_PARTS:
        raise ChatError("too_long", "Search for at most %(most)s words at once.", most=MAX_PARTS)
    return phrases


def _check_author(value, name, zone):
    handle = protocol.check_string(value, name).strip().removeprefix("@")
    if not handle or not protocol.is_possible_handle(handle):
        raise ChatError("invalid_field", "'%(name)s' must be a handle.", name=name)
    return handle


def _check_room(value, name, zone):
    return protocol.check_slug(value.removeprefix("#"), name)


def _check_has(value, name, zone):
    return protocol.check_choice(value.lower(), name, HAS)


def _check_moment(value, name, zone):
    return protocol.parse_moment(protocol.check_moment(value, name, zone), zone)


_CHECKS = {
    "author": _check_author,
    "room": _check_room,
    "has": _check_has,
    "after": _check_moment,
    "before": _check_moment,
}

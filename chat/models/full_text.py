"""
Full text in the two databases: how a document is stored, and how the database evaluates a condition.

SQLite has an FTS5 table. Triggers of the database keep this table equal to the documents. PostgreSQL has a GIN index on
a `tsvector`. Both receive tokens that this project made, and neither splits or changes them. A label is a token that no
text contains: it says something about the whole message, for example its room.

This module knows tokens, labels and ids of messages. It does not know how a text becomes tokens.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from .read_connection import get_read_connection

# No token of a text contains this character, because the character is punctuation.
LABEL = "§"
# PostgreSQL has labels for blocks of ids of messages. A block of a level has 2 ** BLOCK_BITS[level] ids.
BLOCK_BITS = (15, 17, 19, 21)
# On PostgreSQL, a search first reads the documents of the newest messages one by one, without the index. This is the
# number of ids.
NEWEST_READ = 3000
_PREFIX_LENGTHS = (2, 3)
# The most common words do not have more characters than this.
_SHORT = 3


@dataclass(frozen=True)
class Phrase:
    """Tokens that follow each other. With `is_prefix`, the last token is only the beginning of a token."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True)
class Condition:
    """
    What a document must have: each phrase, each label of `all_of`, at least one label of each group of `any_of`, and no
    label of `none_of`. There is at least one phrase or label that a document must have.
    """

    phrases: tuple[Phrase, ...] = ()
    all_of: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """
    Which rows of messages may be found, even if the index is outdated: SQL for the message `m` in the room `r`.

    `first` and `end` limit the ids of the messages: `first` <= id < `end`.
    """

    sql: str
    parameters: tuple
    first: int
    end: int


def make_words(message_id: int, tokens: Sequence[str], labels: Iterable[str]) -> str:
    """Return the document of a message in the form that the configured database stores."""
    if connection.vendor == "postgresql":
        return _make_vector(message_id, tokens, labels)
    return " ".join([*tokens, *labels])


def find_ids(condition: Condition, rows: Rows, limit: int) -> list[int]:
    """Return the ids of the newest messages that fulfil a condition: at most `limit`, in descending order."""
    # No document has a label of an empty group.
    if not all(condition.any_of) or rows.first >= rows.end:
        return []
    if connection.vendor == "postgresql":
        return _find_with_vectors(condition, rows, limit)
    # CROSS JOIN keeps the order of the tables: SQLite reads the index first, and stops at the limit.
    sql = f"""
        SELECT f.rowid FROM chat_searchindex f
        CROSS JOIN chat_message m ON m.id = f.rowid CROSS JOIN chat_room r ON r.id = m.room_id
        WHERE f.words MATCH %s AND f.rowid >= %s AND f.rowid < %s AND {rows.sql}
        ORDER BY f.rowid DESC LIMIT %s
    """
    return _read_ids(sql, [_make_match(condition), rows.first, rows.end, *rows.parameters, limit])


def find_allowed(ids: Sequence[int], rows: Rows) -> list[int]:
    """Return the ids of the messages that may be found, from `ids` and in the same order."""
    if not ids:
        return []
    marks = ", ".join(["%s"] * len(ids))
    sql = f"SELECT m.id FROM chat_message m JOIN chat_room r ON r.id = m.room_id WHERE m.id IN ({marks}) AND {rows.sql}"
    allowed = set(_read_ids(sql, [*ids, *rows.parameters]))
    return [id for id in ids if id in allowed]


def _read_ids(sql, parameters):
    with get_read_connection().cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


# SQLite.


def _make_match(condition):
    """Return a condition as an expression of FTS5."""
    parts = [_quote(" ".join(phrase.tokens)) + (" *" if phrase.is_prefix else "") for phrase in condition.phrases]
    parts += map(_quote, condition.all_of)
    parts += [f"({' OR '.join(map(_quote, group))})" for group in condition.any_of]
    wanted = " AND ".join(parts)
    if not condition.none_of:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(map(_quote, condition.none_of))})"


def _quote(text):
    return f'"{text}"'


# PostgreSQL.


def _make_vector(message_id, tokens, labels):
    """Return a document as the text of a `tsvector`."""
    positions: dict[str, list[str]] = {}
    for position, token in enumerate(tokens, 1):
        positions.setdefault(token, []).append(str(position))
    lexemes = [f"'{token}':{','.join(where)}" for token, where in positions.items()]
    prefixes = {
        _make_prefix(token, length) for token in positions for length in _PREFIX_LENGTHS if len(token) >= length
    }
    extra = prefixes | _make_pairs(tokens)
    blocks = [_make_block(level, message_id >> bits) for level, bits in enumerate(BLOCK_BITS)]
    lexemes += [f"'{label}'" for label in [*labels, *sorted(extra), *blocks]]
    return " ".join(lexemes)


def _make_pairs(tokens: Sequence[str]) -> set[str]:
    """
    Return labels for pairs of short ASCII words that follow each other.

    The index has no positions. Without these labels, a search for a phrase of common words reads each document that has
    all of these words: 628 ms for a phrase that seven of a million messages have.
    """
    pairs = zip(tokens, tokens[1:], strict=False)
    return {f"{LABEL}+{first} {second}" for first, second in pairs if _is_short(first) and _is_short(second)}


def _is_short(token):
    return len(token) <= _SHORT and token.isascii()


def _make_prefix(token, length):
    """Return the label of the messages that contain a token with the same first `length` characters."""
    # PostgreSQL reads all entries with a prefix, and a short prefix has very many. So short prefixes have labels.
    return f"{LABEL}{length}{token[:length]}"


def _make_block(level, number):
    """Return the label of a block of ids of messages."""
    return f"{LABEL}b{level}.{number}"


def _find_with_vectors(condition, rows, limit):
    """
    Find the newest messages, in windows of ids from the newest to the oldest.

    PostgreSQL's index has no order. So PostgreSQL would read each match before it returns the newest ones, which takes
    a second for a common word. If a word is common, the documents that are read one by one have enough matches. If the
    word is rare, the windows have few matches. Windows of older ids are larger.
    """
    query = _make_query(condition)
    newest = _read_ids("SELECT COALESCE(MAX(message_id), 0) FROM chat_searchdocument", [])[0]
    end = min(rows.end, newest + 1)
    start = max(rows.first, end - NEWEST_READ)
    found = _read_ids(_READ_NEWEST.format(rows=rows.sql), [start, end, query, *rows.parameters, limit])
    for block in _list_windows(rows.first, start):
        if len(found) >= limit:
            break
        parameters = [f"'{block}' & {query}", rows.first, start, *rows.parameters, limit - len(found)]
        found += _read_ids(_ASK_INDEX.format(rows=rows.sql), parameters)
    return found


def _list_windows(first: int, end: int) -> Iterator[str]:
    """Yield the labels of the blocks that together contain the ids from `first` to before `end`, the newest first."""
    level = 0
    if first >= end:
        return
    # The first block may contain ids at or after `end`.
    end = -(-end >> BLOCK_BITS[0]) << BLOCK_BITS[0]
    while end > first:
        while level + 1 < len(BLOCK_BITS) and end % (1 << BLOCK_BITS[level + 1]) == 0:
            level += 1
        yield _make_block(level, (end - 1) >> BLOCK_BITS[level])
        end -= 1 << BLOCK_BITS[level]


# PostgreSQL's estimates of these conditions are poor, so the statements give the order of the work. OFFSET 0 keeps a
# subquery as it is. With LATERAL and LIMIT, PostgreSQL reads rows of messages only until it has enough. Otherwise it
# would merge the documents with the whole table of messages.
_JOIN = """
    CROSS JOIN LATERAL (
        SELECT 1 FROM chat_message m JOIN chat_room r ON r.id = m.room_id
        WHERE m.id = f.message_id AND {rows} LIMIT 1
    ) readable
    LIMIT %s
"""
_READ_NEWEST = f"""
    SELECT f.message_id FROM (
        SELECT message_id FROM (
            SELECT message_id, words FROM chat_searchdocument WHERE message_id >= %s AND message_id < %s
            ORDER BY message_id DESC OFFSET 0
        ) newest
        WHERE words @@ %s::tsquery ORDER BY message_id DESC OFFSET 0
    ) f {_JOIN}
"""
_ASK_INDEX = f"""
    SELECT f.message_id FROM (
        SELECT message_id FROM (
            SELECT message_id FROM chat_searchdocument WHERE words @@ %s::tsquery OFFSET 0
        ) matching
        WHERE message_id >= %s AND message_id < %s ORDER BY message_id DESC OFFSET 0
    ) f {_JOIN}
"""


def _make_query(condition):
    """Return a condition as the text of a `tsquery`."""
    parts = [_make_phrase(phrase) for phrase in condition.phrases]
    parts += [f"'{label}'" for label in condition.all_of]
    parts += [_make_group(labels) for labels in condition.any_of]
    if condition.none_of:
        parts.append(f"!{_make_group(condition.none_of)}")
    return " & ".join(parts)


def _make_phrase(phrase):
    *others, last = phrase.tokens
    if phrase.is_prefix and not others and len(last) in _PREFIX_LENGTHS:
        return f"'{_make_prefix(last, len(last))}'"
    tokens = [f"'{token}'" for token in phrase.tokens]
    complete_tokens = others if phrase.is_prefix else phrase.tokens
    pairs = [f"'{label}'" for label in sorted(_make_pairs(complete_tokens))]
    return " & ".join([*pairs, f"({' <-> '.join(tokens)}{':*' if phrase.is_prefix else ''})"])


def _make_group(labels):
    """Return the part of a `tsquery` that is true for documents with one of the labels."""
    return "(" + " | ".join(f"'{label}'" for label in labels) + ")"

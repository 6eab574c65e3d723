"""
Full text in the two databases: how a document is stored, and how a condition is asked.

SQLite has an FTS5 table, which triggers keep equal to the documents. PostgreSQL has a GIN index on a `tsvector`. Both
receive tokens that this project made, and neither splits or changes them. A label is a token that no text contains: it
says something about the whole message, for example its room.

This module knows tokens, labels and ids of messages. It does not know how a text becomes tokens.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

# No token of a text contains this character, because it is punctuation.
LABEL = "§"
# One label of PostgreSQL stands for this number of ids of messages.
BLOCK_BITS = 15
# PostgreSQL reads this number of the newest documents one by one, before it asks the index.
NEWEST_READ = 3000
_PREFIX_LENGTHS = (2, 3)


@dataclass(frozen=True)
class Phrase:
    """Tokens that follow each other. With `is_prefix`, the last token is only the beginning of a token."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True)
class Condition:
    """
    What a document must have: each phrase, each label of `all_of`, one label of each group of `any_of`, and no label of
    `none_of`. There is at least one phrase or label that a document must have.
    """

    phrases: tuple[Phrase, ...] = ()
    all_of: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Which rows of messages may be found, whatever the index contains: SQL for the message `m` in the room `r`."""

    sql: str
    parameters: tuple


def make_words(message_id: int, tokens: Sequence[str], labels: Iterable[str]) -> str:
    """Return the document of a message, as the present database stores it."""
    if connection.vendor == "postgresql":
        return _make_vector(message_id, tokens, labels)
    return " ".join([*tokens, *labels])


def find_ids(condition: Condition, rows: Rows, limit: int) -> list[int]:
    """Return the ids of the newest messages that fulfil a condition: at most `limit`, in descending order."""
    if not all(condition.any_of):
        return []  # no document has a label of an empty group
    if connection.vendor == "postgresql":
        return _find_with_vectors(condition, rows, limit)
    # CROSS JOIN keeps the order of the tables: SQLite reads the index first, and stops at the limit.
    sql = f"""
        SELECT f.rowid FROM chat_searchindex f
        CROSS JOIN chat_message m ON m.id = f.rowid CROSS JOIN chat_room r ON r.id = m.room_id
        WHERE f.words MATCH %s AND {rows.sql}
        ORDER BY f.rowid DESC LIMIT %s
    """
    return _read_ids(sql, [_make_match(condition), *rows.parameters, limit])


def _read_ids(sql, parameters):
    with connection.cursor() as cursor:
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
    beginnings = {_begin(token, length) for token in positions for length in _PREFIX_LENGTHS if len(token) >= length}
    lexemes += [f"'{label}'" for label in [*labels, *sorted(beginnings), _block(message_id >> BLOCK_BITS)]]
    return " ".join(lexemes)


def _begin(token, length):
    # PostgreSQL reads all entries with a prefix, however many messages they have. So short prefixes have labels.
    return f"{LABEL}{length}{token[:length]}"


def _block(number):
    return f"{LABEL}b{number}"


def _find_with_vectors(condition, rows, limit):
    """
    Find the newest messages, in windows of ids from the newest to the oldest.

    PostgreSQL's index has no order, so it would read each match before it returns the newest ones: a second for a
    common word. If a word is common, the documents that are read one by one have enough matches. If it is not, the
    windows have few matches. Each window is twice as large as the window before.
    """
    query = _make_query(condition)
    newest = _read_ids("SELECT COALESCE(MAX(message_id), 0) FROM chat_searchdocument", [])[0]
    start = newest + 1 - NEWEST_READ
    found = _read_ids(_READ_NEWEST.format(rows=rows.sql), [start, query, *rows.parameters, limit])
    for blocks in _windows(start):
        if len(found) >= limit:
            break
        in_window = f"{_any(blocks)} & {query}"
        parameters = [in_window, start, *rows.parameters, limit - len(found)]
        found += _read_ids(_ASK_INDEX.format(rows=rows.sql), parameters)
    return found


def _windows(end: int) -> Iterator[list[str]]:
    """Return the labels of the blocks of each window of the ids before `end`."""
    last, size = (end - 1) >> BLOCK_BITS, 2
    while last >= 0:
        yield [_block(number) for number in range(last, max(-1, last - size), -1)]
        last, size = last - size, size * 2


# Without OFFSET 0, PostgreSQL may choose another order: the index first, or the rows of the messages first.
_READ_NEWEST = """
    SELECT f.message_id FROM (
        SELECT message_id, words FROM chat_searchdocument WHERE message_id >= %s ORDER BY message_id DESC OFFSET 0
    ) f
    JOIN chat_message m ON m.id = f.message_id JOIN chat_room r ON r.id = m.room_id
    WHERE f.words @@ %s::tsquery AND {rows} ORDER BY f.message_id DESC LIMIT %s
"""
_ASK_INDEX = """
    SELECT f.message_id FROM (SELECT message_id FROM chat_searchdocument WHERE words @@ %s::tsquery OFFSET 0) f
    JOIN chat_message m ON m.id = f.message_id JOIN chat_room r ON r.id = m.room_id
    WHERE f.message_id < %s AND {rows} ORDER BY f.message_id DESC LIMIT %s
"""


def _make_query(condition):
    """Return a condition as the text of a `tsquery`."""
    parts = [_make_phrase(phrase) for phrase in condition.phrases]
    parts += [f"'{label}'" for label in condition.all_of]
    parts += [_any(group) for group in condition.any_of]
    if condition.none_of:
        parts.append(f"!{_any(condition.none_of)}")
    return " & ".join(parts)


def _make_phrase(phrase):
    *first, last = phrase.tokens
    if phrase.is_prefix and not first and len(last) in _PREFIX_LENGTHS:
        return f"'{_begin(last, len(last))}'"
    tokens = [f"'{token}'" for token in phrase.tokens]
    return f"({' <-> '.join(tokens)}{':*' if phrase.is_prefix else ''})"


def _any(labels):
    return "(" + " | ".join(f"'{label}'" for label in labels) + ")"

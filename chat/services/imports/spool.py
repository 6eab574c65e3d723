"""
The spool: a temporary file that sorts the messages of an export by time.

An export may have its messages in any order, and more messages than fit into memory. The spool is a separate SQLite
file in the directory for temporary files. It needs about as much space as the export. The whole export is read and
checked before the first message is taken from the spool.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from .items import RawMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TABLE = """
    CREATE TABLE message (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, room TEXT NOT NULL, id TEXT NOT NULL, author TEXT NOT NULL,
        content TEXT NOT NULL, UNIQUE (room, id)
    )
"""
_INSERT = "INSERT OR IGNORE INTO message (at, room, id, author, content) VALUES (?, ?, ?, ?, ?)"
_FIND = "SELECT author, content FROM message WHERE room = ? AND id = ?"


class Spool:
    """The messages of an export, in the order of their times. Use it as a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="chat-import-")
        self._file = sqlite3.connect(Path(self._folder.name) / "messages", isolation_level=None)
        # Nobody reads the file after a crash, so it needs no journal.
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", _TABLE, "BEGIN"):
            self._file.execute(statement)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self._folder.cleanup()

    def add(self, message: RawMessage) -> None:
        """
        Add a message. If it is in the spool already, add nothing.

        A different message with the same id in the same room gets a number after its id.
        """
        content = json.dumps(message.content, separators=(",", ":"))
        for id in _make_ids(message.id):
            row = (_count(message.at), message.room, id, message.author, content)
            if self._file.execute(_INSERT, row).rowcount == 1:
                return
            found = self._file.execute(_FIND, (message.room, id)).fetchone()
            if found == (message.author, content):
                return

    def finish(self) -> None:
        """Sort the messages. Call this after the last `add`."""
        self._file.execute("CREATE INDEX by_time ON message (at, seq)")
        self._file.execute("COMMIT")

    def count(self) -> int:
        """Return the number of messages."""
        return self._file.execute("SELECT COUNT(*) FROM message").fetchone()[0]

    def read(self, size: int) -> Iterator[list[RawMessage]]:
        """Yield the messages in lists of at most `size`, the oldest first."""
        rows = self._file.execute("SELECT at, room, id, author, content FROM message ORDER BY at, seq")
        while part := rows.fetchmany(size):
            yield [
                RawMessage(room, id, _EPOCH + at * _MICROSECOND, author, json.loads(content))
                for at, room, id, author, content in part
            ]


def _count(at):
    return (at - _EPOCH) // _MICROSECOND


def _make_ids(id):
    yield id
    for number in count(2):
        yield f"{id}#{number}"

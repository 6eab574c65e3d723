"""
Turns to write: the connections of one machine open their transactions one after another, and hand over at once.

SQLite's own lock keeps the data safe. A connection that finds it taken sleeps for 1 ms and then longer, up to 0.1 s,
while most transactions take 0.2 ms. Two workers that stored posts slept for 44% of the time while the lock was free.
So a connection first waits for its turn in short pauses. A turn is a lock (`flock`) on a file beside the database. It
ends with the connection or the process. If the file cannot be made, or another process holds the turn for
LONGEST_WAIT_SECONDS, connections continue without turns.
"""

import fcntl
import os
import select

LONGEST_WAIT_SECONDS = 1
# A connection that waits tries again after SHORTEST_PAUSE_SECONDS. Later pauses are PAUSE_SHARE of the time waited.
SHORTEST_PAUSE_SECONDS, PAUSE_SHARE = 0.0001, 0.1


def pause(seconds: float) -> None:
    """
    Wait for this number of seconds, without a clock.

    `time.sleep` waits until a time, and raises OSError if libfaketime has moved the clock past that time.
    """
    select.select((), (), (), seconds)


class Turn:
    """The turn of one connection to the database file `database`. A database in memory has no turns."""

    def __init__(self, database: str, timeout: float) -> None:
        self._file = _open_beside(database)
        self._longest_wait = min(timeout, LONGEST_WAIT_SECONDS)

    def take(self) -> None:
        """Take the turn. If another connection keeps it for `timeout` or LONGEST_WAIT_SECONDS, continue without it."""
        waited = 0.0
        while self._file is not None:
            try:
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waited >= self._longest_wait:
                    return
            except OSError:
                return self.close()  # this file system has no such locks
            seconds = max(SHORTEST_PAUSE_SECONDS, waited * PAUSE_SHARE)
            pause(seconds)
            waited += seconds

    def end(self) -> None:
        """Let the next connection take its turn. Do nothing without the turn."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """End the turn, and close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _open_beside(database):
    if database == ":memory:" or database.startswith("file:"):
        return None
    try:
        return os.open(f"{database}-turn", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return None

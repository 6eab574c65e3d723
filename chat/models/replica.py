"""
Reads that may use a replica of the database: `read_from_replica(function)`.

The setting DATABASE_REPLICA_URL names the replica. It may be behind the primary server. So only reads that tolerate
this call `read_from_replica`, and every other statement uses the primary server. Inside of such a call, `ReplicaRouter`
sends the queries of models to the replica, and `get_read_connection` gives the replica's connection to other
statements. So a function that reads does not have to know about replicas.

A read never uses a replica for rights, for a `ref`, for the newest messages of a room, or for changes after a cursor.
This module writes nothing.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections

from .read_connection import get_read_alias, reading_from
from .statements import snapshot

REPLICA = "replica"
CHECK_SECONDS = 1  # between two checks of the lag
RETRY_SECONDS = 5  # before a replica that failed is tried again

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")


def has_replica() -> bool:
    """Return whether the site has a replica, which may be down."""
    return REPLICA in settings.DATABASES


def read_from_replica(read: Callable[[], _Result], is_current: Callable[[], bool] | None = None) -> _Result:
    """
    Return `read()`. Its statements use a snapshot of the replica, if the replica answers and is not too far behind.

    Otherwise, and inside a transaction, they use the primary server. `is_current` reads from the same snapshot whether
    the replica has what the caller needs. If not, or after an error of the replica, `read` runs on the primary server.
    It may be its second run, so `read` must not change anything.
    """
    if not has_replica() or connection.in_atomic_block or not _watch.is_usable():
        return read()
    try:
        with reading_from(REPLICA), snapshot():
            if is_current is None or is_current():
                return read()
    except (DatabaseError, InterfaceError) as error:
        _watch.note_failure(error)
        connections[REPLICA].close()
    return read()


class ReplicaRouter:
    """Sends the queries of a call of `read_from_replica` to the replica. All other queries use the primary server."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return the alias of the replica, or None, with which Django uses the primary server."""
        return get_read_alias()

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        """Allow all relations: both databases have the same rows."""
        return True

    def allow_migrate(self, alias: str, *names: Any, **hints: Any) -> bool:
        """Migrate the primary server only. The replica follows it."""
        return alias != REPLICA


class Watch:
    """
    Knows whether the replica answers, and how far behind it is. All threads of a process share it.

    At most once in CHECK_SECONDS, it asks both servers for their positions in the write-ahead log. The replica has
    everything that was committed before the newest position that it has replayed. So the age of that position is an
    upper limit of the lag, also while nothing is written, and if the replica has lost the primary server.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._positions: deque[tuple[float, int]] = deque()
        self._check_at, self._is_usable, self._reason = 0.0, False, ""

    def is_usable(self) -> bool:
        """Return whether reads may use the replica now."""
        with self._lock:
            if time.monotonic() < self._check_at:
                return self._is_usable
            # Other threads use the last result during this check.
            self._check_at = time.monotonic() + CHECK_SECONDS
        began, written = time.monotonic(), _read_written()
        try:
            lag = self._find_lag(began, written, _read_replayed())
        except (DatabaseError, InterfaceError) as error:
            self.note_failure(error)
            connections[REPLICA].close()
            return False
        most = settings.DATABASE_REPLICA_LAG_SECONDS
        self._set("" if lag <= most else f"it is more than {most:g} s behind the primary server")
        return self._is_usable

    def note_failure(self, error: object) -> None:
        """Use the primary server until the replica is tried again."""
        with self._lock:
            self._check_at = time.monotonic() + RETRY_SECONDS
        self._set(" ".join(str(error).split()) or type(error).__name__)

    def _set(self, reason):
        with self._lock:
            is_first = not self._is_usable and not self._reason
            has_changed = bool(reason) != bool(self._reason) or is_first
            self._is_usable, self._reason = not reason, reason
        if has_changed and reason:
            logger.warning("The replica of the database gets no reads until it has recovered: %s", reason)
        elif has_changed and not is_first:
            logger.info("The replica of the database gets reads again")

    def _find_lag(self, now: float, written: int, replayed: int) -> float:
        """Return an upper limit of the lag in seconds."""
        with self._lock:
            self._positions.append((now, written))
            oldest = now - settings.DATABASE_REPLICA_LAG_SECONDS - 2 * CHECK_SECONDS
            while self._positions[0][0] < oldest:
                self._positions.popleft()
            ages = [now - at for at, position in self._positions if position <= replayed]
        return min(ages, default=float("inf"))


def _read_written() -> int:
    """Return the position in the write-ahead log up to which the primary server has written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


def _read_replayed() -> int:
    """Return the position up to which the replica has replayed. Raise DatabaseError if the server is no replica."""
    with connections[REPLICA].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0'::pg_lsn")
        is_replica, replayed = cursor.fetchone()
    if not is_replica:
        raise DatabaseError("it is not a replica, perhaps because it was promoted")
    return int(replayed or 0)


_watch = Watch()

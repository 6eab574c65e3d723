"""
A blocking pop that can be cancelled without losing an item that it pops at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import redis

from .outages import REDIS_OUTAGES
from .polling import find_readable
from .shards import ENDED, Shard, get_events, read_answers, write_commands

# Redis may read the command that cancels a wait before the command that waits, because they are on two connections. So
# the former is sent again, but not forever, because the connection that waits may be dead.
CANCEL_STEPS, CANCEL_STEP_SECONDS = 100, 0.01


class Waiter:
    """A blocking command on a connection of its own. It belongs to one thread."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._connection: Any = None
        self._id: Any = None
        self._unread = 0

    def begin(self, keys: Sequence[str], seconds: float) -> None:
        """Begin to wait for the first item of any of these lists, for at most `seconds`."""
        self._ask(*_make_wait(keys, seconds))

    def begin_after(self, commands: Sequence[tuple], keys: Sequence[str], seconds: float) -> list[Any]:
        """
        Run commands, and then begin to wait like `begin`, in one write. Return the answers of the commands.

        The answer of a command that Redis refused is a ResponseError. The connection must be open.
        """
        write_commands(self._connection, [*commands, _make_wait(keys, seconds)])
        unread, self._unread = self._unread, 0
        return read_answers(self._connection, unread + len(commands))[unread:]

    def is_open(self) -> bool:
        """Return whether commands can be written. Otherwise close the connection."""
        if self._connection is not None and self._connection._sock is None:
            self.drop()
        try:
            while self._connection is not None and get_events(self._connection) & ENDED:
                if not self._unread:
                    self.drop()  # no answer is expected, so the connection has ended
                self._read_unread()
        except REDIS_OUTAGES:
            self.drop()
        return self._connection is not None

    def begin_move(self, source: str, target: str, seconds: float) -> None:
        """Begin to wait for the first item of a list, for at most `seconds`. Redis moves it to the end of `target`."""
        self._ask("BLMOVE", source, target, "LEFT", "RIGHT", seconds)

    def _ask(self, *command: Any) -> None:
        self._read_unread()
        if self._connection is None:
            pool = self._shard.pool
            # The connection has the options of the pool, but is not in it, because the wait uses it the whole time.
            self._connection = pool.connection_class(**pool.connection_kwargs)
            self._connection.send_command("CLIENT", "ID")
            self._id = self._connection.read_response()
        write_commands(self._connection, [command])

    def _read_unread(self) -> None:
        unread, self._unread = self._unread, 0
        read_answers(self._connection, unread)

    def fileno(self) -> int:
        """Return the number of the connection's socket, for a poll."""
        return self._connection._sock.fileno()

    def has_answer(self) -> bool:
        """Return whether the answer has arrived with earlier answers. Then a poll does not show it."""
        return self._connection._parser.can_read()

    def end(self) -> Any:
        """Return (name of the list, item), or the item alone after `begin_move`; None after the timeout."""
        answer = self._connection.read_response()
        if answer is None or isinstance(answer, bytes):
            return answer
        return answer[0].decode(), answer[1][0]

    def send(self, command: tuple) -> None:
        """Send a command while no wait is running, without waiting for its answer."""
        if self._connection is None or self._connection._sock is None:
            # redis-py would connect again, but `cancel` would still use the old connection's id.
            self.drop()
            raise redis.ConnectionError("The connection that waited has ended")
        write_commands(self._connection, [command])
        self._unread += 1

    def cancel(self) -> Any:
        """Stop waiting. Return what `end` returns, because an item may have arrived just before."""
        for _ in range(CANCEL_STEPS):
            (is_unblocked,) = self._shard.call(("CLIENT", "UNBLOCK", self._id))
            if is_unblocked or wait_for_any([self], CANCEL_STEP_SECONDS):
                break
        return self.end()

    def drop(self) -> None:
        """Close a connection that has failed."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection, self._unread = None, 0


def _make_wait(keys: Sequence[str], seconds: float) -> tuple:
    return ("BLMPOP", seconds, len(keys), *keys, "LEFT", "COUNT", 1)


def wait_for_any(waiters: Sequence[Waiter], seconds: float, wake_up: int | None = None) -> list[Waiter]:
    """
    Return the waiters whose answers have arrived.

    Wait for the first answer, but at most `seconds`, and only until the file `wake_up` can be read.
    """
    arrived = [waiter for waiter in waiters if waiter.has_answer()]
    if arrived:
        return arrived
    readable = find_readable([*waiters, *([wake_up] if wake_up is not None else [])], seconds)
    if wake_up is not None and wake_up in readable:
        os.read(wake_up, 4096)
    return [waiter for waiter in waiters if waiter in readable]

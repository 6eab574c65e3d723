"""
One Redis server of a layer: several commands in one round trip, and scripts.

The module uses redis-py's connections, but not its client. That client sends a command again after a lost connection.
The second run of a command can lose a message that the first run popped, or store a message twice. So this module
raises an error if a round trip fails.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Sequence
from typing import Any, Callable

import hiredis
import redis
from redis.exceptions import NoScriptError, ResponseError

from . import scripts
from .outages import REDIS_OUTAGES
from .redis_connections import RedisConfigurationError, Unsent, describe_address

# After this time, the difference between Redis' clock and the monotonic clock is measured again.
CLOCK_SECONDS = 10

# What a poll shows of a connection that the server has closed. Without POLLRDHUP (macOS), answers must be read before
# the end shows.
ENDED = getattr(select, "POLLRDHUP", select.POLLIN) | select.POLLHUP | select.POLLERR

# What is called with the answers to written commands, or with the exception that ended the connection before them.
OnAnswers = Callable[["list[Any] | BaseException"], None]


class _Written:
    """The commands that a thread has written to a connection, and whose answers it has not read."""

    def __init__(self, shard: Shard, connection: Any) -> None:
        self.shard, self.connection = shard, connection
        self.trips: list[tuple[Sequence[tuple], OnAnswers]] = []

    def read(self) -> None:
        """Read all answers and pass them on. If the connection has ended, pass on its exception and close it."""
        commands = [command for commands, _ in self.trips for command in commands]
        try:
            answers = _rerun_unknown(self.connection, commands, read_answers(self.connection, len(commands)))
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, REDIS_OUTAGES):
                raise
            return
        trips, self.trips = self.trips, []
        for written, on_answers in trips:
            on_answers(answers[: len(written)])
            del answers[: len(written)]

    def release(self) -> None:
        """Give the connection back to its pool, which opens a closed connection again."""
        self.shard.pool.release(self.connection)

    def is_open(self) -> bool:
        """Return whether more commands can be written. If the server has closed the connection, read its answers."""
        while get_events(self.connection) & ENDED:
            if not self.trips:
                self.connection.disconnect()  # no answer is expected, so the connection has ended
                return False
            self.read()
            if self.connection._sock is None:
                return False
        return True

    def write(self, commands: Sequence[tuple], on_answers: OnAnswers) -> None:
        """Write commands. If that fails, raise its exception: the connection is closed, and all trips have failed."""
        try:
            write_commands(self.connection, commands)
        except BaseException as error:
            self._fail(error)
            raise
        self.trips.append((commands, on_answers))

    def _fail(self, error: BaseException) -> None:
        trips, self.trips = self.trips, []
        self.connection.disconnect()
        for _, on_answers in trips:
            on_answers(error)


class _Thread(threading.local):
    written: _Written | None = None


_thread = _Thread()


def read_written() -> None:
    """Read the answers to all commands that this thread has written, on any server."""
    written, _thread.written = _thread.written, None
    if written is not None:
        try:
            written.read()
        finally:
            written.release()


class Shard:
    """One Redis server of a layer. Every call takes a connection from redis-py's pool, so threads may share a shard."""

    def __init__(self, client: Any) -> None:
        self.pool = client.connection_pool
        # Redis' time minus the monotonic time (ms), and the monotonic time of that measurement (s).
        self._clock: tuple[float, float] | None = None

    def call(self, *commands: tuple) -> list[Any]:
        """
        Run commands in one round trip and return their answers, in order.

        Raise the errors of `ask`, and ResponseError for the first command that Redis refused.
        """
        answers = self.ask(*commands)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def ask(self, *commands: tuple) -> list[Any]:
        """
        Run commands like `call`, but return a ResponseError as the answer of a command that Redis refused.

        The other commands have run. Raise Unsent if there is no usable connection. Raise redis' ConnectionError or
        TimeoutError if the connection fails during the trip. Then the caller cannot know which commands ran.
        """
        # These commands must not overtake those that the thread has written before.
        read_written()
        connection = self.pool.get_connection("EVALSHA")
        try:
            _connect(connection)
            answers = _rerun_unknown(connection, commands, _exchange(connection, commands))
        except BaseException:
            connection.disconnect()
            raise
        finally:
            self.pool.release(connection)
        return answers

    def write(self, *commands: tuple, on_answers: OnAnswers) -> None:
        """
        Write commands, and do not wait for their answers.

        This thread's next `ask` on any server reads the answers first, and calls `on_answers`, which may not raise.
        Without an open connection, run the commands like `ask`, because a new server does not know the scripts. Raise
        the outages of `ask`.
        """
        if _thread.written is not None and _thread.written.shard is not self:
            read_written()
        written = _thread.written
        if written is None:
            written = _thread.written = _Written(self, self.pool.get_connection("EVALSHA"))
        try:
            is_open = written.connection._sock is not None and written.is_open()
            if is_open:
                written.write(commands, on_answers)
        except BaseException:
            read_written()
            raise
        if not is_open:
            on_answers(self.ask(*commands))

    def rerun_unknown(self, commands: Sequence[tuple], answers: list[Any]) -> bool:
        """
        Return whether the server did not know scripts of commands that ran on another connection.

        If so, run these commands again, and replace their answers. Raise the outages of `ask`, but not Unsent.
        """
        try:
            return _replace_unknown(commands, answers, lambda unknown: self.ask(*unknown))
        except Unsent as outage:
            raise redis.ConnectionError(str(outage)) from outage

    def now(self) -> float:
        """Return the time by Redis' clock (ms), which is the clock of all expiry times."""
        local_now = time.monotonic()
        if self._clock is None or local_now - self._clock[1] > CLOCK_SECONDS:
            ((seconds, micros),) = self.call(("TIME",))
            self._clock = int(seconds) * 1000 + int(micros) // 1000 - local_now * 1000, local_now
        return self._clock[0] + local_now * 1000

    def is_past(self, moment: float) -> bool:
        """
        Return whether a moment (ms) is past by Redis' clock.

        `now` uses a cached measurement. So measure again before returning True: Redis' clock may have been set back.
        """
        if moment > self.now():
            return False
        self._clock = None
        return moment <= self.now()

    def is_same_as(self, other: Shard) -> bool:
        """Return whether another shard is the same database of the same server."""
        return self._identity == other._identity

    @property
    def _identity(self) -> tuple:
        given = self.pool.connection_kwargs
        locator = given.get("locator")
        return self.address if locator is None else locator.identity, given.get("db") or 0

    @property
    def is_behind_sentinel(self) -> bool:
        """Return whether the shard is a service of Redis Sentinel."""
        return "locator" in self.pool.connection_kwargs

    @property
    def address(self) -> str:
        """Return the server's host and port, or its socket; without the password."""
        return describe_address(self.pool.connection_kwargs)


def _connect(connection: Any) -> None:
    if connection._sock is not None:
        if not _can_be_read(connection):
            return
        # No answer is expected, so readable data means that the connection has ended. Detect this before sending.
        connection.disconnect()
    try:
        connection.connect()
    except RedisConfigurationError:
        raise
    except REDIS_OUTAGES as outage:
        raise Unsent(str(outage)) from outage


def _can_be_read(connection: Any) -> bool:
    return bool(get_events(connection))


def get_events(connection: Any) -> int:
    """Return what a poll shows of an open connection now."""
    # Every trip polls its connection, so the connection keeps its poll.
    if getattr(connection, "polled", None) is not connection._sock:
        connection.polled, connection.poll = connection._sock, select.poll()
        connection.poll.register(connection._sock, select.POLLIN | ENDED)
    found = connection.poll.poll(0)
    return found[0][1] if found else 0


def _rerun_unknown(connection: Any, commands: Sequence[tuple], answers: list[Any]) -> list[Any]:
    """Return the answers. If the server did not know scripts, load all scripts and run these commands again."""

    def rerun(unknown: Sequence[tuple]) -> list[Any]:
        _exchange(connection, scripts.Script.load_commands())
        return _exchange(connection, unknown)

    _replace_unknown(commands, answers, rerun)
    return answers


def _replace_unknown(
    commands: Sequence[tuple], answers: list[Any], rerun: Callable[[Sequence[tuple]], list[Any]]
) -> bool:
    """
    Return whether the server did not know scripts of the commands. If so, `rerun` runs these commands again.

    The server is new, or has lost its scripts. No part of an unknown script has run.
    """
    indices = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
    if indices:
        for index, answer in zip(indices, rerun([commands[index] for index in indices])):
            answers[index] = answer
    return bool(indices)


def _exchange(connection: Any, commands: Sequence[tuple]) -> list[Any]:
    write_commands(connection, commands)
    return read_answers(connection, len(commands))


def write_commands(connection: Any, commands: Sequence[tuple]) -> None:
    """Write commands to an open connection."""
    # hiredis packs the commands in C. The loop of redis-py takes longer than the rest of this function.
    connection.send_packed_command([b"".join(map(hiredis.pack_command, commands))])


def read_answers(connection: Any, count: int) -> list[Any]:
    """Read answers. The answer of a command that Redis refused is a ResponseError."""
    answers = []
    for _ in range(count):
        try:
            answers.append(connection.read_response())
        except ResponseError as error:
            answers.append(error)
    return answers

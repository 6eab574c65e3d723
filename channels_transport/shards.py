"""
One Redis server of a layer: several commands in one round trip, and scripts.

The module uses redis-py's connections, but not its client. That client sends a command again after a lost connection.
The second run of a command can lose a message that the first run popped, or store a message twice. So this module
raises an error if a round trip fails.
"""

from __future__ import annotations

import select
import time
from typing import Any

import hiredis
from redis.exceptions import NoScriptError, ResponseError

from . import scripts
from .outages import REDIS_OUTAGES
from .redis_connections import RedisConfigurationError, Unsent, describe_address

# After this time, the difference between Redis' clock and the monotonic clock is measured again.
CLOCK_SECONDS = 10


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
        connection = self.pool.get_connection("EVALSHA")
        try:
            _connect(connection)
            answers = _exchange(connection, commands)
            unknown = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if unknown:
                # The server is new, or has lost its scripts. No part of an unknown script has run.
                _exchange(connection, scripts.Script.load_commands())
                again = _exchange(connection, [commands[index] for index in unknown])
                for index, answer in zip(unknown, again):
                    answers[index] = answer
        except BaseException:
            connection.disconnect()
            raise
        finally:
            self.pool.release(connection)
        return answers

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
    # Every trip polls its connection, so the connection keeps its poll.
    if getattr(connection, "polled", None) is not connection._sock:
        connection.polled, connection.poll = connection._sock, select.poll()
        connection.poll.register(connection._sock, select.POLLIN)
    return bool(connection.poll.poll(0))


def _exchange(connection: Any, commands: Any) -> list[Any]:
    # hiredis packs the commands in C. The loop of redis-py takes longer than the rest of this function.
    connection.send_packed_command([b"".join(map(hiredis.pack_command, commands))])
    answers = []
    for _ in commands:
        try:
            answers.append(connection.read_response())
        except ResponseError as error:
            answers.append(error)
    return answers

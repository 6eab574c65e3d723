"""
Connections to the master of a service that Redis Sentinel monitors, wherever the master is after a failover.

A new connection asks the Sentinels for the master's address, unless the last answer is recent. A connection to a server
that is no longer the master raises ConnectionError, so the next connection asks again. No command is sent twice: after
a failover or another lost connection, the caller decides whether to send the command again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import ReadOnlyError
from redis.sentinel import MasterNotFoundError, Sentinel

from .redis_connections import TCPConnection

# The time that one Sentinel has to accept a connection, and then to answer.
SENTINEL_SECONDS = 1


def make_sentinel(hosts: Sequence[tuple[str, int]]) -> Sentinel:
    """Return redis-py's client of the Sentinels at these addresses."""
    limits = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
    return Sentinel(hosts, sentinel_kwargs=limits)


def find_services(sentinel: Sentinel) -> list[str]:
    """
    Ask the Sentinels in turn until one answers. Return the names of the services that this Sentinel monitors.

    Raise redis' ConnectionError if no Sentinel answers.
    """
    failures = []
    for client in sentinel.sentinels:
        try:
            return sorted(client.sentinel_masters())
        except (redis.ConnectionError, redis.TimeoutError) as error:
            failures.append(str(error))
    raise redis.ConnectionError(f"No Sentinel answers: {'; '.join(failures)}")


class MasterLocator:
    """
    Finds the master of a service. Threads may share it.

    After each answer of the Sentinels, it returns the same address for `refresh_seconds`, unless a connection to the
    address has failed. `given` are the arguments of the connections; their host and port are those of the last address.
    """

    def __init__(self, sentinel: Sentinel, service: str, given: dict[str, Any], refresh_seconds: float) -> None:
        self.sentinel, self.service, self.given = sentinel, service, given
        self.refresh_seconds = refresh_seconds
        self._found: tuple[tuple[str, int], float] | None = None

    def find(self) -> tuple[str, int]:
        """Return the host and the port of the master. Raise redis' ConnectionError if no Sentinel knows one."""
        found = self._found
        if found is not None and time.monotonic() - found[1] < self.refresh_seconds:
            return found[0]
        try:
            address = self.sentinel.discover_master(self.service)
        except MasterNotFoundError:
            raise redis.ConnectionError(f"No Sentinel knows a master of {self.service!r}") from None
        self._found = address, time.monotonic()
        self.given["host"], self.given["port"] = address
        return address

    def forget(self) -> None:
        """Forget the last address, because it did not work. The next connection asks the Sentinels."""
        self._found = None

    def describe(self) -> str:
        """Return the name of the service, with its last address."""
        last = f" at {self.given['host']}:{self.given['port']}" if self.given.get("port") else ""
        return f"the master of {self.service}{last}"


class SentinelConnection(TCPConnection):
    """A connection to the current master of a service."""

    def __init__(self, locator: MasterLocator, **given: Any) -> None:
        super().__init__(**given)
        self.locator = locator

    def connect(self) -> None:
        """Connect to the master, if this connection is not connected."""
        if self._sock:
            return
        self.host, self.port = self.locator.find()
        try:
            super().connect()
        except (redis.ConnectionError, redis.TimeoutError):
            self.locator.forget()
            raise

    def read_response(self) -> Any:
        """Return the next answer. If the server has become a replica, raise redis' ConnectionError."""
        try:
            return super().read_response()
        except ReadOnlyError:
            self.disconnect()
            self.locator.forget()
            raise redis.ConnectionError(f"The Redis at {self.host}:{self.port} is no longer the master") from None


def make_sentinel_client(
    sentinel: Sentinel, service: str, refresh_seconds: float, options: dict[str, Any]
) -> redis.StrictRedis:
    """Return redis-py's client of the master of a service; `options` are arguments of redis-py's connections."""
    pool = redis.ConnectionPool(connection_class=SentinelConnection, **{"db": 0, **options, "host": service, "port": 0})
    pool.connection_kwargs["locator"] = MasterLocator(sentinel, service, pool.connection_kwargs, refresh_seconds)
    return redis.StrictRedis(connection_pool=pool)

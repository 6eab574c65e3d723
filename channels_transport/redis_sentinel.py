"""
Connections to the master of a service that Redis Sentinel monitors, wherever the master is after a failover.

A new connection asks the Sentinels for the master's address, unless the last answer is recent. A connection to a server
that is no longer the master raises ConnectionError, so the next connection asks again. No command is sent twice: after
a failover or another lost connection, the caller decides whether to send the command again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import redis
from redis.exceptions import ReadOnlyError, ResponseError
from redis.sentinel import MasterNotFoundError, Sentinel

from .redis_connections import RedisConfigurationError, TCPConnection, TLSConnection, make_tls_context

# The time that one Sentinel has to accept a connection, and then to answer.
SENTINEL_SECONDS = 1


# What the arguments of connections to Sentinels may contain, besides `ssl`, which turns TLS on.
TLS_OPTIONS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile")
TCP_OPTIONS = ("username", "password", "socket_timeout", "socket_connect_timeout", "socket_keepalive")
SENTINEL_OPTIONS = (*TCP_OPTIONS, *TLS_OPTIONS)


def make_sentinel(
    hosts: Sequence[tuple[str, int]], options: Mapping[str, Any] | None = None, name: str = "sentinel_kwargs"
) -> Sentinel:
    """
    Return redis-py's client of the Sentinels at these addresses.

    `options` are the arguments of the connections: `ssl`, and those in SENTINEL_OPTIONS. Error texts call them `name`.
    Raise ValueError for any other argument, or for an option of TLS without `ssl`. Raise RedisConfigurationError for a
    file of TLS that cannot be used.
    """
    given = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS, **(options or {})}
    connection_class = _pop_class(name, given, TCPConnection, TLSConnection)
    unknown = sorted(set(given) - set(SENTINEL_OPTIONS))
    if unknown:
        raise ValueError(f"{name} may contain ssl, {', '.join(SENTINEL_OPTIONS)}, but not {unknown[0]!r}.")
    sentinel = Sentinel([])
    sentinel.sentinels = [_make_sentinel_client(connection_class, host, port, given, name) for host, port in hosts]
    return sentinel


def _pop_class(name: str, given: dict[str, Any], plain: type, encrypted: type) -> type:
    """
    Remove `ssl` from the arguments of a connection. Return the class of the connection.

    `name` is what error texts call the arguments. Raise RedisConfigurationError or ValueError if an argument is wrong.
    """
    if given.pop("ssl", False):
        try:
            make_tls_context(given)  # called only to raise its errors
        except RedisConfigurationError as error:
            raise RedisConfigurationError(str(error).replace("REDIS_URL", name)) from None
        return encrypted
    wrong = sorted(set(given) & set(TLS_OPTIONS))
    if wrong:
        raise ValueError(f"{wrong[0]} in {name} needs ssl: True, which means TLS.")
    return plain


def _make_sentinel_client(
    connection_class: type, host: str, port: int, given: dict[str, Any], name: str
) -> _SentinelClient:
    pool = redis.ConnectionPool(connection_class=connection_class, host=host, port=port, db=0, **given)
    client = _SentinelClient(connection_pool=pool)
    client.setting = name
    return client


class _SentinelClient(redis.StrictRedis):
    """
    A client of one Sentinel. `refusal` says why the Sentinel refuses the client; None if it does not.

    `setting` is what error texts call the arguments of the connections.
    """

    refusal: str | None = None
    setting = "sentinel_kwargs"

    def sentinel_masters(self) -> Any:
        """Return {service: its state}. redis-py treats every error here as an outage, so remember a refusal."""
        self.refusal = None
        try:
            return super().sentinel_masters()
        except (RedisConfigurationError, ResponseError) as error:
            self.refusal = _describe_refusal(str(error), self.connection_pool.connection_kwargs, self.setting)
            raise redis.ConnectionError(self.refusal) from None


def _describe_refusal(text: str, given: dict[str, Any], setting: str) -> str:
    start = f"The Sentinel at {given['host']}:{given['port']}"
    is_url = setting == "REDIS_URL"
    where = "REDIS_URL (sentinel_username, sentinel_password)" if is_url else setting
    if "requires a password" in text:
        return f"{start} requires a password: set it in {where}."
    if "refuses the user or the password" in text:
        return f"{start} refuses the user or the password of {where}: correct them."
    if "does not answer with TLS" in text:
        remedy = "write redis+sentinel:// in REDIS_URL" if is_url else f"remove ssl from {setting}"
        return f"{start} does not answer with TLS: {remedy}, or enable TLS there."
    if text.startswith("NOPERM"):
        return f"{start} denies a permission to the user of {where}: grant it there with ACL SETUSER."
    return text.replace("the Redis at", "the Sentinel at").replace("REDIS_URL", setting)


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
            refusals = [client.refusal for client in self.sentinel.sentinels if client.refusal]
            reason = f": {refusals[0]}" if refusals else ""
            raise redis.ConnectionError(f"No Sentinel knows a master of {self.service!r}{reason}") from None
        self._found = address, time.monotonic()
        self.given["host"], self.given["port"] = address
        return address

    def forget(self) -> None:
        """Forget the last address, because it did not work. The next connection asks the Sentinels."""
        self._found = None

    @property
    def identity(self) -> tuple:
        """Return what is the same for all locators of one service: its name, and the addresses of its Sentinels."""
        options = [client.connection_pool.connection_kwargs for client in self.sentinel.sentinels]
        return self.service, sorted((given["host"], given["port"]) for given in options)

    def describe(self) -> str:
        """Return the name of the service, with its last address."""
        last = f" at {self.given['host']}:{self.given['port']}" if self.given.get("port") else ""
        return f"the master of {self.service}{last}"


# At run time, each subclass of this part also has one of two classes of connections as its base.
_Connection: Any = object


class _ToMaster(_Connection):
    """The part of a connection that finds the current master of a service, and notices that a server is no master."""

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


class SentinelConnection(_ToMaster, TCPConnection):
    """A connection to the current master of a service."""


class SentinelTLSConnection(_ToMaster, TLSConnection):
    """A connection with TLS to the current master of a service."""


def make_sentinel_client(
    sentinel: Sentinel,
    service: str,
    refresh_seconds: float,
    options: dict[str, Any],
    name: str = "connection_kwargs",
) -> redis.StrictRedis:
    """
    Return redis-py's client of the master of a service.

    `options` are arguments of redis-py's connections, which error texts call `name`; with `ssl`, they use TLS.
    """
    given = {"db": 0, **options, "host": service, "port": 0}
    connection_class = _pop_class(name, given, SentinelConnection, SentinelTLSConnection)
    pool = redis.ConnectionPool(connection_class=connection_class, **given)
    pool.connection_kwargs["locator"] = MasterLocator(sentinel, service, pool.connection_kwargs, refresh_seconds)
    return redis.StrictRedis(connection_pool=pool)

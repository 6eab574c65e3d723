"""The channel layer for Redis servers that Redis Sentinel monitors. It replaces asgi_redis' layer of this name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from .layer import RedisChannelLayer
from .redis_base import PREFIX, STATS_PREFIX
from .redis_sentinel import find_services, make_sentinel, make_sentinel_client

DEFAULT_SENTINELS = [("localhost", 26379)]


class RedisSentinelChannelLayer(RedisChannelLayer):
    """
    A channel layer that keeps its data in the master of each service. One cluster of Sentinels monitors the services.

    It takes the arguments of asgi_redis' layer, with the same meaning, and `sentinel_kwargs`. `hosts` are the addresses
    of the Sentinels, as pairs (host, port). Each of the `services` is one server of the layer; without `services`, the
    layer asks the Sentinels for all of them when it is made. New connections ask the Sentinels for the address of the
    master only if the last address is older than `sentinel_refresh_interval` seconds, or if a connection to it has
    failed.

    `connection_kwargs` are the arguments of connections to the servers, and `sentinel_kwargs` those of connections to
    the Sentinels: `username`, `password`, timeouts, and `ssl` with the `ssl_*` options of Redis' URLs.
    """

    def __init__(
        self,
        expiry: int = 60,
        hosts: Iterable[Sequence[Any]] | None = None,
        prefix: str = PREFIX,
        group_expiry: int = 86400,
        capacity: int = 100,
        channel_capacity: Mapping[str, int] | None = None,
        symmetric_encryption_keys: Sequence[str] | None = None,
        stats_prefix: str = STATS_PREFIX,
        connection_kwargs: dict[str, Any] | None = None,
        services: Iterable[str] | None = None,
        sentinel_refresh_interval: float = 0,
        sentinel_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.sentinel_refresh_interval = sentinel_refresh_interval
        self._sentinel = make_sentinel(_read_hosts(hosts), sentinel_kwargs)
        self.services = _read_services(services) if services else find_services(self._sentinel)
        super().__init__(
            expiry=expiry,
            hosts=self.services,
            prefix=prefix,
            group_expiry=group_expiry,
            capacity=capacity,
            channel_capacity=channel_capacity,
            symmetric_encryption_keys=symmetric_encryption_keys,
            stats_prefix=stats_prefix,
            connection_kwargs=connection_kwargs,
        )

    def _setup_hosts(self, hosts: list[str]) -> list[str]:
        return hosts

    def _generate_connections(self, hosts: list[str], redis_kwargs: dict[str, Any]) -> list[redis.StrictRedis]:
        """Return a client of the master of each service."""
        interval = self.sentinel_refresh_interval
        return [make_sentinel_client(self._sentinel, service, interval, redis_kwargs) for service in hosts]

    def __str__(self) -> str:
        return f"{type(self).__name__}(services=={self.services})"


def _read_hosts(hosts: Iterable[Sequence[Any]] | None) -> list[tuple[str, int]]:
    if isinstance(hosts, str):
        raise ValueError("The hosts of the Sentinels must be a list of pairs (host, port), not a text.")
    found = list(hosts or DEFAULT_SENTINELS)
    if not all(isinstance(host, (list, tuple)) and len(host) == 2 for host in found):
        raise ValueError("Each host of a Sentinel must be a pair (host, port); redis-py accepts no URL there.")
    return [(str(host), int(port)) for host, port in found]


def _read_services(services: Iterable[str]) -> list[str]:
    found = [services] if isinstance(services, str) else list(services)
    if isinstance(services, str) or not all(isinstance(name, str) for name in found):
        raise ValueError("The services of the Sentinels must be a list of their names.")
    return found

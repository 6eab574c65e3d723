"""
Clients of Redis servers by their URLs, also of servers that Redis Sentinel monitors.
"""

from __future__ import annotations

from typing import Any

import redis

from . import redis_connections
from .redis_sentinel import TLS_OPTIONS, make_sentinel, make_sentinel_client
from .redis_url import SENTINEL_SCHEMES, InvalidRedisURL, parse_redis_url

# New connections use the last answer of the Sentinels for this time. After a failure, the next connection asks them.
REFRESH_SECONDS = 10


def make_client(url: str, **options: Any) -> redis.StrictRedis:
    """
    Return redis-py's client of the server at `url`; `options` are arguments of redis-py's connections.

    Options in the URL take precedence. Raise InvalidRedisURL if the URL or one of its files cannot be used.
    """
    given = {**options, **parse_redis_url(url)}
    if given["scheme"] not in SENTINEL_SCHEMES:
        return redis_connections.make_client(url, **options)
    given.pop("prefix", None)
    service, hosts = given.pop("service"), given.pop("sentinels")
    tls = {"ssl": True} if given.pop("scheme") == "rediss+sentinel" else {}
    own = {name: given.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in given}
    shared = {name: given[name] for name in TLS_OPTIONS if name in given}
    try:
        sentinel = make_sentinel(hosts, {**shared, **own, **tls}, "REDIS_URL")
        return make_sentinel_client(sentinel, service, REFRESH_SECONDS, {**given, **tls}, "REDIS_URL")
    except redis_connections.RedisConfigurationError as error:
        raise InvalidRedisURL(str(error)) from None

"""
The information that a Redis server reports with INFO, and the check whether the transport can use the server.
"""

from __future__ import annotations

from redis.exceptions import ResponseError

from .redis_connections import NO_CLUSTER, explain_refusal
from .shards import Shard

OLDEST_REDIS = 7


class UnsupportedRedis(Exception):
    """The server is too old, or is part of a Redis Cluster. The text says what the transport needs instead."""


def read_information(shard: Shard, *sections: str) -> dict[str, str]:
    """Return the fields of some sections of INFO, in one round trip: {field: text}."""
    answers = shard.call(*(("INFO", section) for section in sections))
    lines = b"\n".join(answers).decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def is_too_old(version: str) -> bool:
    """Return whether a version, as in the field `redis_version`, lacks commands that the scripts use."""
    return int(version.split(".")[0]) < OLDEST_REDIS


def is_in_cluster(fields: dict[str, str]) -> bool:
    """Return whether a server is part of a Redis Cluster, from the fields of the section `server`."""
    return "cluster" in (fields.get("redis_mode"), fields.get("server_mode"))


def check_version(shard: Shard) -> None:
    """
    Raise UnsupportedRedis if a server is too old or is part of a cluster.

    Raise RedisConfigurationError if the user may not run INFO.
    """
    try:
        found = read_information(shard, "server")
    except ResponseError as error:
        raise explain_refusal(shard.pool.connection_kwargs, error) from None
    version = found["redis_version"]
    if is_in_cluster(found):
        raise UnsupportedRedis(f"The Redis at {shard.address} {NO_CLUSTER}.")
    if is_too_old(version):
        raise UnsupportedRedis(
            f"The Redis at {shard.address} is {version}: the channel layer needs {OLDEST_REDIS} or later, or Valkey."
        )

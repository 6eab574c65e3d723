"""
Checks of the Redis servers: speed, version, memory, replication, and the keys of other programs.
"""

from __future__ import annotations

import statistics
from typing import Any

from .. import watching
from ..foreign_keys import describe_foreign_key, find_foreign_key
from ..redis_connections import NO_CLUSTER, RedisConfigurationError
from ..redis_info import OLDEST_REDIS, is_in_cluster, is_too_old, read_information
from .findings import Finding, one_line
from .redis_permissions import check_permissions

MEASUREMENTS = 7  # the check reports their median
SLOW_REDIS_SECONDS = 0.05
MAX_MEMORY_SHARE = 0.9
MAX_CLIENTS_SHARE = 0.9
MAX_MEMORY_RATIO = 2


def check_redis(layer: Any) -> list[Finding]:
    """
    Report the state of each Redis server.

    A server has a problem if it does not answer quickly, is too old, is part of a cluster, may evict messages, has
    nearly no memory or no connections left, cannot save its data, is a replica, forbids a command to its user, or has
    keys of asgi_redis under the layer's prefix. A server behind Sentinel also needs a replica. If it has several, it
    needs min-replicas-to-write. Several servers need similar limits of memory.
    """
    found: list[Finding] = []
    limits: dict[str, int] = {}
    for shard in layer.all_shards:
        try:
            median = statistics.median([watching.measure(shard) for _ in range(MEASUREMENTS)])
            fields = read_information(shard, "server", "memory", "replication", "persistence", "clients")
        except RedisConfigurationError as error:
            found.append(Finding.problem("redis", str(error)))
        except Exception as error:
            text = (
                f"The Redis at {shard.address} does not answer ({one_line(error)}): start it, or correct REDIS_URL (or"
                " CHANNEL_LAYERS). All processes wait for it."
            )
            found.append(Finding.problem("redis", text))
        else:
            found += _evaluate_redis(shard.address, median, fields, shard.is_behind_sentinel)
            found += _check_prefix(layer, shard) + check_permissions(layer, shard)
            limits[shard.address] = int(fields.get("maxmemory", 0))
    return found + _compare_limits(limits)


def _compare_limits(limits: dict[str, int]) -> list[Finding]:
    """Report the servers if one has less than half of the memory of another. A limit of 0 means no limit."""
    if not any(limits.values()) or max(limits.values()) <= MAX_MEMORY_RATIO * min(limits.values()):
        return []
    shown = ", ".join(f"{address} {f'{limit >> 20} MiB' if limit else 'no limit'}" for address, limit in limits.items())
    text = f"The Redis servers have different limits of memory ({shown}): they share the load equally, so set the same"
    return [Finding.problem("redis", f"{text} maxmemory on all.")]


def _check_prefix(layer: Any, shard: Any) -> list[Finding]:
    key = find_foreign_key(layer, shard)
    return [] if key is None else [Finding.problem("redis", describe_foreign_key(layer, shard, key))]


def _evaluate_redis(
    address: str, median: float, fields: dict[str, str], is_behind_sentinel: bool = False
) -> list[Finding]:
    version, policy = fields.get("redis_version", "0"), fields.get("maxmemory_policy", "unknown")
    limit, used = int(fields.get("maxmemory", 0)), int(fields.get("used_memory", 0))
    problems = [*_evaluate_replication(fields, is_behind_sentinel), *_evaluate_limits(fields)]
    if is_in_cluster(fields):
        problems.append(f"{NO_CLUSTER}.")
    if is_too_old(version):
        problems.append(f"is {version}: run version {OLDEST_REDIS} or later, or Valkey.")
    if median > SLOW_REDIS_SECONDS:
        problems.append(f"takes {median * 1000:.0f} ms for a ping: check its load and the network.")
    if limit and policy != "noeviction":
        problems.append(f"evicts messages when its memory is full ({policy}): set maxmemory-policy noeviction.")
    if limit and used > limit * MAX_MEMORY_SHARE:
        problems.append(f"uses {used >> 20} of {limit >> 20} MiB: raise maxmemory, or find the keys that fill it.")
    if problems:
        return [Finding.problem("redis", f"The Redis at {address} {problem}") for problem in problems]
    return [Finding.ok("redis", f"{address} answers in {median * 1000:.1f} ms (version {version}).")]


def _evaluate_limits(fields: dict[str, str]) -> list[str]:
    problems = []
    if "err" in (fields.get("rdb_last_bgsave_status"), fields.get("aof_last_write_status")):
        problems.append(
            "cannot save its data, so it refuses writes: free space on its disk, or switch persistence off."
        )
    clients, most = int(fields.get("connected_clients", 0)), int(fields.get("maxclients", 0))
    if most and clients > most * MAX_CLIENTS_SHARE:
        problems.append(f"has {clients} of at most {most} connections: raise maxclients.")
    return problems


def _evaluate_replication(fields: dict[str, str], is_behind_sentinel: bool) -> list[str]:
    replicas = int(fields.get("connected_slaves", 0))
    if fields.get("role") == "slave":
        return ["is a replica, which accepts no writes: name its master in REDIS_URL, or the Sentinels."]
    if is_behind_sentinel and not replicas:
        return ["has no replica, so Sentinel cannot replace it: start one with `replicaof`."]
    # INFO has this field only if min-replicas-to-write is set. With one replica, the setting would do more harm: after
    # each failover the new master would refuse writes until the old one returns.
    if is_behind_sentinel and replicas > 1 and "min_slaves_good_slaves" not in fields:
        return ["would accept writes while it is cut off from its replicas: set min-replicas-to-write 1."]
    return []

"""Checks of the servers that all processes need: Redis, the database and its tables, and clocks that agree."""

from __future__ import annotations

import statistics
import time
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from .. import watching
from ..foreign_keys import describe_foreign_key, find_foreign_key
from ..redis_connections import RedisConfigurationError
from ..redis_info import OLDEST_REDIS, is_too_old, read_information
from .findings import Finding, one_line
from .site import Site, read_skew

MEASUREMENTS = 7  # a check reports their median
SLOW_REDIS_SECONDS = 0.05
SLOW_DATABASE_SECONDS = 0.1
MAX_MEMORY_SHARE = 0.9
SKEW_SECONDS = 2
SHOWN_MIGRATIONS = 3


def check_redis(layer: Any) -> list[Finding]:
    """
    Report the state of each Redis server.

    A server has a problem if it does not answer quickly, is too old, may evict messages, has nearly no memory left, or
    has keys of asgi_redis under the layer's prefix.
    """
    found = []
    for shard in layer.all_shards:
        try:
            median = statistics.median([watching.measure(shard) for _ in range(MEASUREMENTS)])
            fields = read_information(shard, "server", "memory")
        except RedisConfigurationError as error:
            found.append(Finding.problem("redis", str(error)))
        except Exception as error:
            text = (
                f"The Redis at {shard.address} does not answer ({one_line(error)}): start it, or correct REDIS_URL (or"
                " CHANNEL_LAYERS). All processes wait for it."
            )
            found.append(Finding.problem("redis", text))
        else:
            found += _evaluate_redis(shard.address, median, fields) + _check_prefix(layer, shard)
    return found


def _check_prefix(layer: Any, shard: Any) -> list[Finding]:
    key = find_foreign_key(layer, shard)
    return [] if key is None else [Finding.problem("redis", describe_foreign_key(layer, shard, key))]


def _evaluate_redis(address: str, median: float, fields: dict[str, str]) -> list[Finding]:
    version, policy = fields.get("redis_version", "0"), fields.get("maxmemory_policy", "unknown")
    limit, used = int(fields.get("maxmemory", 0)), int(fields.get("used_memory", 0))
    problems = []
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


def check_database() -> list[Finding]:
    """Report whether the database answers, and how quickly."""
    try:
        connection.ensure_connection()
        median = statistics.median([_measure_query() for _ in range(MEASUREMENTS)])
    except Exception as error:
        text = (
            f"The database does not answer ({one_line(error)}): start it, or correct DATABASE_URL (or DATABASES in the"
            " settings)."
        )
        return [Finding.problem("database", text)]
    text = f"{connection.vendor} answers in {median * 1000:.1f} ms"
    if median > SLOW_DATABASE_SECONDS:
        return [Finding.problem("database", f"{text}, which is slow: check its load and the network.")]
    return [Finding.ok("database", f"{text}.")]


def _measure_query() -> float:
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return time.monotonic() - began


def check_migrations() -> list[Finding]:
    """Report migrations of this version that have not been applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return [Finding.ok("migrations", "All are applied.")]
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    shown = ", ".join(names[:SHOWN_MIGRATIONS])
    if len(names) > SHOWN_MIGRATIONS:
        shown += f" and {len(names) - SHOWN_MIGRATIONS} more"
    text = f"Not applied: {shown}. Run `manage.py migrate`, then restart the workers."
    return [Finding.problem("migrations", text)]


def check_clocks(layer: Any, site: Site | None) -> list[Finding]:
    """Report each clock (of Redis, the database or the site's machine) that differs from this machine's clock."""
    skews: dict[str, float | None] = {
        f"the Redis at {shard.address}": watching.read_skew(shard) for shard in layer.shards
    }
    skews["the database"] = _read_database_skew()
    skews["the site's machine"] = read_skew(site) if site is not None else None
    known = {name: skew for name, skew in skews.items() if skew is not None}
    problems = [
        f"The clock of {name} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's: run NTP on"
        " both."
        for name, skew in known.items()
        if abs(skew) > SKEW_SECONDS
    ]
    if problems:
        return [Finding.problem("clocks", problem) for problem in problems]
    if not known:
        return [Finding.ok("clocks", "There is no other clock to compare with.")]
    return [Finding.ok("clocks", f"This machine's clock agrees with {' and '.join(known)}.")]


def _read_database_skew() -> float | None:
    # SQLite has no clock of its own.
    if connection.vendor != "postgresql":
        return None
    began = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (epoch,) = cursor.fetchone()
    return float(epoch) - (began + time.time()) / 2

"""
What all processes stand on: Redis, the database and its tables, and clocks that agree.
"""

import statistics
import time

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from channels_transport import watching
from channels_transport.shards import OLDEST_REDIS

from . import web
from .findings import ill, one_line, well

TRIPS = 7
SLOW_REDIS_SECONDS = 0.05
SLOW_DATABASE_SECONDS = 0.1
FULL_SHARE = 0.9
SKEW_SECONDS = 2


def check_redis(layer):
    """Whether each Redis answers, soon, and is one that keeps what it is given."""
    found = []
    for shard in layer.shards:
        try:
            median = statistics.median([watching.measure(shard) for _ in range(TRIPS)])
            fields = watching.read_information(shard)
        except Exception as error:
            found.append(
                ill(
                    "redis",
                    f"The Redis at {shard.address} does not answer ({one_line(error)}): start it, or"
                    " mend REDIS_URL. Everything else waits for it.",
                )
            )
        else:
            found += _judge_redis(shard.address, median, fields)
    return found


def _judge_redis(address, median, fields):
    version, policy = fields.get("redis_version", "0"), fields.get("maxmemory_policy", "unknown")
    most, used = int(fields.get("maxmemory", 0)), int(fields.get("used_memory", 0))
    troubles = []
    if int(version.split(".")[0]) < OLDEST_REDIS:
        troubles.append(f"is {version}: run version {OLDEST_REDIS} or later, or Valkey.")
    if median > SLOW_REDIS_SECONDS:
        troubles.append(f"takes {median * 1000:.0f} ms for a ping: look at its load, and at the network between.")
    if most and policy != "noeviction":
        troubles.append(f"throws messages away when it is full ({policy}): set maxmemory-policy noeviction.")
    if most and used > most * FULL_SHARE:
        troubles.append(f"uses {used >> 20} of {most >> 20} MiB: raise maxmemory, or find out what fills it.")
    if troubles:
        return [ill("redis", f"The Redis at {address} {trouble}") for trouble in troubles]
    return [well("redis", f"{address} answers in {median * 1000:.1f} ms (version {version}).")]


def check_database():
    """Whether the database answers, and soon."""
    try:
        connection.ensure_connection()
        median = statistics.median([_measure_query() for _ in range(TRIPS)])
    except Exception as error:
        return [ill("database", f"The database does not answer ({one_line(error)}): start it, or mend DATABASE_URL.")]
    text = f"{connection.vendor} answers in {median * 1000:.1f} ms"
    if median > SLOW_DATABASE_SECONDS:
        return [ill("database", f"{text}, which is slow: look at its load, and at the network between.")]
    return [well("database", f"{text}.")]


def _measure_query():
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return time.monotonic() - began


def check_migrations():
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return [well("migrations", "All are applied.")]
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return [ill("migrations", f"{shown} not applied: run `manage.py migrate`, then restart the workers.")]


def check_clocks(layer, site):
    """Whether the clocks of this machine, of Redis, of the database and behind the site agree."""
    skews = {f"the Redis at {shard.address}": watching.read_skew(shard) for shard in layer.shards}
    skews["the database"] = _read_database_skew()
    skews["the site's machine"] = web.read_skew(site) if site is not None else None
    known = {whose: skew for whose, skew in skews.items() if skew is not None}
    found = [
        ill(
            "clocks",
            f"The clock of {whose} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this"
            " machine's: run NTP on both.",
        )
        for whose, skew in known.items()
        if abs(skew) > SKEW_SECONDS
    ]
    return found or [well("clocks", f"This machine's agrees with {' and '.join(known) or 'itself'}.")]


def _read_database_skew():
    # SQLite has no clock of its own.
    if connection.vendor != "postgresql":
        return None
    began = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (said,) = cursor.fetchone()
    return float(said) - (began + time.time()) / 2

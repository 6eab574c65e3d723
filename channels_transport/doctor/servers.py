"""Checks of the database, of its tables, and of the clocks. `redis_servers` has the checks of Redis."""

from __future__ import annotations

import statistics
import time
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from .. import watching
from .findings import Finding, one_line
from .site import Site, read_skew

MEASUREMENTS = 7  # a check reports their median
SLOW_DATABASE_SECONDS = 0.1
SKEW_SECONDS = 2
SHOWN_MIGRATIONS = 3


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

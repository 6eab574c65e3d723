"""
Reads the state of a running site: the reports of workers and delay servers, and information from the Redis servers.

The module changes nothing. Only operators' tools call it, never code that serves a connection.
"""

from __future__ import annotations

import json
import time
from typing import Any

from .heartbeat import REPORT_LEASE_SECONDS

# Each process writes a report each second. A process whose last report is older than this is left out.
SILENT_SECONDS = 5
SCAN_BATCH = 5000  # keys


def read_reports(layer: Any) -> list[dict[str, Any]]:
    """
    Return the report of each worker and delay server: {pid, channels, handled, busy_since, at}.

    The times are seconds since the epoch by the clock of the process; `busy_since` is None while the process waits.
    """
    shard = layer.shards[0]
    keys = _find_keys(shard, f"{layer.prefix}worker:*")
    if not keys:
        return []
    reports, *leases = shard.call(("MGET", *keys), *(("PTTL", key) for key in keys))
    shortest_lease = (REPORT_LEASE_SECONDS - SILENT_SECONDS) * 1000
    pairs = zip(reports, leases)
    return [json.loads(report) for report, lease in pairs if report and lease > shortest_lease]


def _find_keys(shard: Any, pattern: str) -> list[bytes]:
    found: set[bytes] = set()
    cursor = b"0"
    while True:
        ((cursor, keys),) = shard.call(("SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_BATCH))
        found.update(keys)
        if cursor == b"0":
            return sorted(found)


def measure(shard: Any) -> float:
    """Return how many seconds one round trip to a Redis server takes."""
    began = time.monotonic()
    shard.call(("PING",))
    return time.monotonic() - began


def read_skew(shard: Any) -> float:
    """Return how many seconds the server's clock is ahead of this machine's clock."""
    began = time.time()
    ((seconds, micros),) = shard.call(("TIME",))
    return int(seconds) + int(micros) / 1e6 - (began + time.time()) / 2

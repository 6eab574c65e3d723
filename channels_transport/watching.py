"""
Reads the state of a running site: the reports of workers and delay servers, and information from the Redis servers.

The module changes nothing. Only operators' tools call it, never code that serves a connection.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from .heartbeat import REPORT_LEASE_SECONDS

# Each process writes a report each second. A process whose last report is older than this is left out.
SILENT_SECONDS = 5
SCAN_BATCH = 5000  # keys
CENSUS_SECONDS = 0.3


class Census(NamedTuple):
    """
    The groups that have members, the memberships of all groups, and the keys of the reports on the first server.

    If counting took too long, it has stopped, and `is_complete` is False.
    """

    groups: int
    members: int
    reports: list[bytes]
    is_complete: bool


def take_census(layer: Any, seconds: float = CENSUS_SECONDS) -> Census:
    """Count the groups and their members, within about `seconds`. The time grows with the number of keys in Redis."""
    deadline = time.monotonic() + seconds
    reports = _find_keys(layer.shards[0], f"{layer.prefix}worker:*")
    replies, groups, members = layer.replies_layer, 0, 0
    for shard in replies.shards:
        groups += len(_find_keys(shard, f"{replies.prefix}group:*"))
        keys = _find_keys(shard, f"{replies.prefix}members:*")
        for start in range(0, len(keys), SCAN_BATCH):
            if time.monotonic() > deadline:
                return Census(groups, members, reports, False)
            members += sum(shard.call(*(("ZCARD", key) for key in keys[start : start + SCAN_BATCH])))
    return Census(groups, members, reports, True)


def read_interfaces(layer: Any, shard: Any) -> list[str]:
    """Return the names of the interfaces that have a lease on a server: the first parts of their reply channels."""
    now = shard.now()
    (names,) = shard.call(("ZRANGEBYSCORE", f"{layer.prefix}interfaces", now, "+inf"))
    return [name.decode() for name in names]


def read_reports(layer: Any, keys: list[bytes] | None = None) -> list[dict[str, Any]]:
    """
    Return the report of each worker and delay server: {name, pid, channels, handled, failed, retried, busy_since, at}.

    The times are seconds since the epoch by the clock of the process; `busy_since` is None while the process waits.
    `name` is its machine and its pid. Without the `keys` of the reports, read these keys first.
    """
    shard = layer.shards[0]
    if keys is None:
        keys = _find_keys(shard, f"{layer.prefix}worker:*")
    if not keys:
        return []
    reports, *leases = shard.call(("MGET", *keys), *(("PTTL", key) for key in keys))
    shortest_lease = (REPORT_LEASE_SECONDS - SILENT_SECONDS) * 1000
    prefix = f"{layer.prefix}worker:"
    return [
        {"name": _read_name(key.decode()[len(prefix) :]), **json.loads(report)}
        for key, report, lease in zip(keys, reports, leases)
        if report and lease > shortest_lease
    ]


def _read_name(receiver: str) -> str:
    # The name of a receiver is its host, its pid and two numbers. One process may have several receivers.
    host_and_pid, number, _ = receiver.rsplit(".", 2) if receiver.count(".") >= 3 else (receiver, "1", "")
    return host_and_pid if number == "1" else f"{host_and_pid}.{number}"


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

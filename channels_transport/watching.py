"""
Reads the state of a running site: the reports of its processes, and information from the Redis servers.

The module changes nothing. Only operators' tools call it, never code that serves a connection.
"""

from __future__ import annotations

import collections
import json
import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .counting import OTHER
from .reports import REPORT_LEASE_SECONDS

# A process writes a report every one or two seconds. If its last report is older than SILENT_SECONDS, it is left out.
SILENT_SECONDS = 5
SCAN_BATCH = 5000  # keys
CENSUS_SECONDS = 0.3
MAX_KINDS = 20


class Census(NamedTuple):
    """
    The groups that have members by their kind, the memberships of all groups, and the keys of the workers' reports.

    The kind of a group is the part of its name before the first hyphen. Further kinds than MAX_KINDS are `other`.

    If counting took too long, all numbers are 0, there are no keys, and `is_complete` is False.
    """

    groups: Mapping[str, int] = {}
    members: int = 0
    reports: tuple[bytes, ...] = ()
    is_complete: bool = False


def take_census(layer: Any, seconds: float = CENSUS_SECONDS) -> Census:
    """Count groups and members, and find the reports, within about `seconds`. The time grows with the keys of Redis."""
    deadline = time.monotonic() + seconds
    replies = layer.replies_layer
    own = _find_in_time(layer.shards[:1], f"{escape_pattern(layer.prefix)}worker:*", deadline)
    # One search for the keys of groups and those of members: each search reads all keys of a server.
    found = _find_in_time(replies.shards, f"{escape_pattern(replies.prefix)}[gm]*", deadline)
    if own is None or found is None:
        return Census()
    groups, members = f"{replies.prefix}group:".encode(), f"{replies.prefix}members:".encode()
    memberships = 0
    for shard, keys in found:
        sets = [key for key in keys if key.startswith(members)]
        for start in range(0, len(sets), SCAN_BATCH):
            if time.monotonic() > deadline:
                return Census()
            memberships += sum(shard.call(*(("ZCARD", key) for key in sets[start : start + SCAN_BATCH])))
    names = (key[len(groups) :].decode() for _, keys in found for key in keys if key.startswith(groups))
    return Census(_count_kinds(names), memberships, tuple(key for _, keys in own for key in keys), True)


def _count_kinds(names: Iterable[str]) -> dict[str, int]:
    counted = collections.Counter(name.partition("-")[0] for name in names)
    kinds = dict(counted.most_common(MAX_KINDS))
    if len(counted) > MAX_KINDS:
        kinds[OTHER] = kinds.get(OTHER, 0) + sum(counted.values()) - sum(kinds.values())
    return kinds


def _find_in_time(shards: Iterable[Any], pattern: str, deadline: float) -> list[tuple[Any, list[bytes]]] | None:
    """Return [(server, its keys that match), ...], or None if the deadline has passed before the end."""
    found = []
    for shard in shards:
        keys = _find_keys(shard, pattern, deadline)
        if keys is None:
            return None
        found.append((shard, keys))
    return found


def escape_pattern(text: str) -> str:
    """Return a text as a pattern of Redis that matches only this text."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", text)


def read_interfaces(layer: Any, shard: Any) -> list[str]:
    """Return the names of the interfaces that have a lease on a server: the first parts of their reply channels."""
    now = shard.now()
    (names,) = shard.call(("ZRANGEBYSCORE", f"{layer.prefix}interfaces", now, "+inf"))
    return [name.decode() for name in names]


def read_reports(layer: Any, keys: Sequence[bytes] | None = None) -> list[dict[str, Any]]:
    """
    Return the report of each worker and delay server: {name, pid, channels, handled, failed, retried, busy_since, at}.

    The times are seconds since the epoch by the clock of the process; `busy_since` is None while the process waits.
    `name` is the machine and the pid of the process. A process with several receivers has one report for each; the
    names of all but the first also have a number. Without the `keys` of the reports, read these keys first.
    """
    shard = layer.shards[0]
    if keys is None:
        keys = _find_keys(shard, f"{escape_pattern(layer.prefix)}worker:*") or []
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


def read_process_reports(layer: Any) -> list[dict[str, Any]]:
    """
    Return the last report of each living process (see `reports.describe_process`), from all servers of a layer.

    They are in the order of hosts and pids, one for each process. Each has `skew` too: how many seconds the clock of
    its machine is ahead of the clock of Redis.
    """
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for shard in layer.all_shards:
        (names,) = shard.call(("ZRANGE", f"{layer.prefix}reports", 0, -1))
        keys = [layer.prefix.encode() + name for name in names]
        if not keys:
            continue
        texts, (seconds, micros), *leases = shard.call(("MGET", *keys), ("TIME",), *(("PTTL", key) for key in keys))
        now = int(seconds) + int(micros) / 1e6
        for text, lease in zip(texts, leases):
            age = REPORT_LEASE_SECONDS - lease / 1000
            if text and age <= SILENT_SECONDS:
                report = json.loads(text)
                found[report["host"], report["pid"]] = {**report, "skew": report["at"] - (now - age)}
    return [report for _, report in sorted(found.items())]


def _find_keys(shard: Any, pattern: str, deadline: float = math.inf) -> list[bytes] | None:
    found: set[bytes] = set()
    cursor = b"0"
    while True:
        if time.monotonic() > deadline:
            return None
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

"""
Watching the transport from outside: which processes show signs of life, and what its servers say of themselves.

It changes nothing, and nobody who works for a connection calls it. It knows no chat.
"""

import json
import time

from .heartbeat import REPORT_LEASE_SECONDS

# Signs of life come each second.
SILENT_SECONDS = 5
SCAN_AT_ONCE = 5000


def read_reports(layer):
    """
    Returns what each worker and delay server says of itself: {pid, channels, handled, busy_since, at}, the times in
    seconds by its own clock. Those that have been silent for SILENT_SECONDS are left out.
    """
    shard = layer.shards[0]
    keys = _find_keys(shard, f"{layer.prefix}worker:*")
    if not keys:
        return []
    reports, *left = shard.call(("MGET", *keys), *(("PTTL", key) for key in keys))
    oldest = (REPORT_LEASE_SECONDS - SILENT_SECONDS) * 1000
    return [json.loads(report) for report, lease in zip(reports, left, strict=True) if report and lease > oldest]


def _find_keys(shard, pattern):
    cursor, found = b"0", set()
    while True:
        ((cursor, keys),) = shard.call(("SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_AT_ONCE))
        found.update(keys)
        if cursor == b"0":
            return sorted(found)


def measure(shard):
    """Returns how many seconds one trip to a server takes."""
    began = time.monotonic()
    shard.call(("PING",))
    return time.monotonic() - began


def read_information(shard):
    """Returns what the server says of itself: {field: text}."""
    answers = shard.call(("INFO", "server"), ("INFO", "memory"))
    lines = b"\n".join(answers).decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def read_skew(shard):
    """Returns by how many seconds the server's clock is ahead of this machine's."""
    began = time.time()
    ((seconds, micros),) = shard.call(("TIME",))
    return int(seconds) + int(micros) / 1e6 - (began + time.time()) / 2

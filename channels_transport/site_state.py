"""
The state of a running site for a page of operators: its processes, its channels and its Redis servers.

Applications import from this module what `__all__` names, after Django has loaded the models. An interface must not
call these functions, because they wait for Redis. They change nothing. Only a ProcessReport writes: its own report.
"""

from __future__ import annotations

import json
from typing import Any

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from .counting import BOUNDS
from .doctor.queues import BUSY_SECONDS, OLD_SECONDS, get_channels
from .redis_info import read_information
from .reports import REPORT_LEASE_SECONDS, ProcessReport, describe_process
from .watching import SILENT_SECONDS, measure

__all__ = [
    "BOUNDS",
    "BUSY_SECONDS",
    "OLD_SECONDS",
    "SILENT_SECONDS",
    "ProcessReport",
    "describe_process",
    "is_shared",
    "read_processes",
    "read_queues",
    "read_servers",
]


def _layer() -> Any:
    return channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer


def is_shared() -> bool:
    """Return whether the default layer is in Redis. Without Redis, no other process can be seen."""
    return bool(getattr(_layer(), "is_shared", False))


def read_processes() -> list[dict[str, Any]]:
    """
    Return the last report of each process (see `reports.describe_process`), in two round trips, or three if one died.

    In addition, a report has `name`, and `silent_seconds`, the time since the report. If a process died more than
    REPORT_LEASE_SECONDS ago, its report has only these two fields. Processes that stopped normally are not in the list.
    """
    layer = _layer()
    shard, prefix = layer.shards[0], layer.prefix
    (listed,) = shard.call(("ZRANGE", f"{prefix}reports", 0, -1, "WITHSCORES"))
    if not listed:
        return []
    names = [name.decode() for name in listed[::2]]
    texts, *leases = shard.call(
        ("MGET", *(prefix + name for name in names)), *(("PTTL", prefix + name) for name in names)
    )
    found = []
    for name, at, text, lease in zip(names, listed[1::2], texts, leases):
        # Both are measured by the clock of Redis, which is the same for all processes.
        silent = REPORT_LEASE_SECONDS - lease / 1000 if lease > 0 else shard.now() / 1000 - float(at)
        found.append({**(json.loads(text) if text else {}), "name": name, "silent_seconds": silent})
    return found


def read_queues() -> list[dict[str, Any]]:
    """
    Return the state of each channel that needs a receiver: {channel, pending, oldest (s), capacity, and counters}.

    The counters are `sent`, `expired` (before a worker took them), `full` (sends that found the channel full) and
    `lost` (with a worker). This takes a round trip for each channel and Redis server.
    """
    wrapper, found = channel_layers[DEFAULT_CHANNEL_LAYER], []
    for channel in get_channels(wrapper):
        statistics = wrapper.channel_statistics(channel)
        found.append(
            {
                "channel": channel,
                "pending": statistics.get("messages_pending", 0),
                "oldest": statistics.get("messages_max_age", 0),
                "capacity": wrapper.get_capacity(channel),
                "sent": statistics.get("messages_count", 0),
                "expired": statistics.get("expired_count", 0),
                "full": statistics.get("channel_full_count", 0),
                "lost": statistics.get("lost_count", 0),
            }
        )
    return found


def read_servers() -> list[dict[str, Any]]:
    """
    Return the state of each Redis server, in two round trips for each.

    The fields are server, version, memory and limit (bytes; 0: no limit), clients, evicted (a counter), trip (s).
    """
    found = []
    # Several databases, or both parts of a local layer, may be on one server.
    for address, shard in {shard.address: shard for shard in _layer().all_shards}.items():
        trip = measure(shard)
        fields = read_information(shard, "server", "memory", "clients", "stats")
        found.append(
            {
                "server": address,
                "version": fields.get("valkey_version") or fields.get("redis_version", ""),
                "memory": int(fields.get("used_memory", 0)),
                "limit": int(fields.get("maxmemory", 0)),
                "clients": int(fields.get("connected_clients", 0)),
                "evicted": int(fields.get("evicted_keys", 0)),
                "trip": trip,
            }
        )
    return found

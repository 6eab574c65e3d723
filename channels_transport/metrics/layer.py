"""The metrics of the default channel layer: its channels, its processes, its groups and its servers."""

from __future__ import annotations

import time
from typing import Any

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from .. import watching
from ..doctor.queues import get_channels
from ..redis_info import read_information
from .counted import collect_reported
from .families import Family, counter, gauge


def collect_layer(namespace: str) -> list[Family]:
    """
    Return the families of the default layer. All names begin with `namespace`.

    For a layer in memory, these are only the families of its channels. Raise the errors of redis.
    """
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    found = _collect_channels(namespace, wrapper)
    layer = wrapper.channel_layer
    if not getattr(layer, "is_shared", False):
        return found
    census = watching.take_census(layer)
    workers = _collect_workers(namespace, wrapper, census) if census.is_complete else []
    return [
        *found,
        *workers,
        *_collect_interfaces(namespace, layer),
        *_collect_groups(namespace, census),
        *_collect_servers(namespace, layer),
    ]


def _collect_channels(namespace: str, wrapper: Any) -> list[Family]:
    name = f"{namespace}_channel"
    families = {
        "messages_count": counter(f"{name}_messages", "Messages sent on a channel"),
        "messages_pending": gauge(f"{name}_pending", "Messages that wait on a channel"),
        "messages_max_age": gauge(f"{name}_oldest_seconds", "Age of the oldest waiting message"),
        "channel_full_count": counter(f"{name}_full", "Sends that failed because the channel was full"),
        "expired_count": counter(f"{name}_expired", "Messages that expired before a worker took them"),
        "lost_count": counter(f"{name}_lost", "Messages lost with a worker that died"),
    }
    capacity = gauge(f"{name}_capacity", "Messages that may wait on a channel")
    for channel in get_channels(wrapper):
        statistics = wrapper.channel_statistics(channel)
        capacity.add(wrapper.get_capacity(channel), channel=channel)
        for field, family in families.items():
            family.add(statistics.get(field, 0), channel=channel)
    return [*families.values(), capacity]


def _collect_workers(namespace: str, wrapper: Any, census: watching.Census) -> list[Family]:
    """Return the families of the workers and delay servers. The counters of a process start at 0 with the process."""
    name, reports = f"{namespace}_worker", watching.read_reports(wrapper.channel_layer, census.reports)
    counters = {
        "handled": counter(f"{name}_handled", "Messages that this process has handled"),
        "failed": counter(f"{name}_failed", "Messages whose consumer raised an exception in this process"),
        "retried": counter(f"{name}_retried", "Messages that this process has queued again, for ConsumeLater"),
    }
    busy = gauge(f"{name}_busy_seconds", "How long this process has been busy with its current message")
    receivers = gauge(f"{namespace}_channel_receivers", "Living processes that receive from a channel")
    # A channel without a receiver has the sample 0, so that an alert can name the channel.
    listening = dict.fromkeys(get_channels(wrapper), 0)
    for report in reports:
        for field, family in counters.items():
            family.add(report.get(field, 0), worker=report["name"])
        began = report["busy_since"]
        busy.add(0 if began is None else max(0, report["at"] - began), worker=report["name"])
        for channel in report["channels"]:
            listening[channel] = listening.get(channel, 0) + 1
    for channel, number in sorted(listening.items()):
        receivers.add(number, channel=channel)
    in_flight = sum(report["busy_since"] is not None for report in reports)
    return [
        gauge(f"{namespace}_workers", "Living workers and delay servers").add(len(reports)),
        gauge(f"{namespace}_in_flight", "Messages that workers are handling now").add(in_flight),
        *counters.values(),
        busy,
        receivers,
        *collect_reported(namespace, reports),
    ]


def _collect_interfaces(namespace: str, layer: Any) -> list[Family]:
    pending = gauge(f"{namespace}_interface_pending", "Items that wait for an interface")
    sockets = gauge(f"{namespace}_interface_connections", "Ordered connections of an interface")
    waiting = 0
    replies = layer.replies_layer
    for shard in layer.shards:
        waiting += shard.call(("ZCARD", f"{layer.prefix}turns"))[0]
    found: dict[str, list[int]] = {}
    for shard in replies.shards:
        for process in watching.read_interfaces(replies, shard):
            lengths = shard.call(("LLEN", replies.prefix + process), ("HLEN", f"{replies.prefix}open:{process}"))
            known = found.setdefault(process, [0, 0])
            # A list and the open connections of an interface are on one shard.
            found[process] = [known[0] + lengths[0], known[1] + lengths[1]]
    for process, (length, open_connections) in sorted(found.items()):
        pending.add(length, interface=process)
        sockets.add(open_connections, interface=process)
    return [
        gauge(f"{namespace}_interfaces", "Living interfaces").add(len(found)),
        pending,
        sockets,
        gauge(f"{namespace}_turns", "Connections with a frame that waits or runs").add(waiting),
    ]


def _collect_groups(namespace: str, census: watching.Census) -> list[Family]:
    families = [gauge(f"{namespace}_census_complete", "Whether all keys were counted").add(census.is_complete)]
    if census.is_complete:
        kinds = gauge(f"{namespace}_groups_of_kind", "Groups by the part of their name before the first hyphen")
        for kind, number in sorted(census.groups.items()):
            kinds.add(number, kind=kind)
        families += [
            kinds,
            gauge(f"{namespace}_groups", "Groups that have members").add(sum(census.groups.values())),
            gauge(f"{namespace}_group_members", "Memberships of all groups").add(census.members),
        ]
    return families


def _collect_servers(namespace: str, layer: Any) -> list[Family]:
    trip = gauge(f"{namespace}_redis_round_trip_seconds", "Time of one PING")
    memory = gauge(f"{namespace}_redis_memory_bytes", "Memory that the server uses")
    limit = gauge(f"{namespace}_redis_memory_limit_bytes", "maxmemory of the server; 0: no limit")
    versions = gauge(f"{namespace}_redis_info", "The version of the server")
    # Several databases, or both parts of a local layer, may be on one server. Prometheus accepts each series only once.
    servers = {shard.address: shard for shard in layer.all_shards}
    for shard in servers.values():
        trip.add(watching.measure(shard), server=shard.address)
        fields = read_information(shard, "server", "memory")
        memory.add(float(fields.get("used_memory", 0)), server=shard.address)
        limit.add(float(fields.get("maxmemory", 0)), server=shard.address)
        version = fields.get("valkey_version") or fields.get("redis_version", "unknown")
        versions.add(1, server=shard.address, version=version)
    return [trip, memory, limit, versions, gauge(f"{namespace}_collected_at", "Time of these metrics").add(time.time())]

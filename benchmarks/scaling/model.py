"""
Compute what a workload needs, and what a site of a given shape will use, from measured costs. This module is pure.

The model knows work, not time: it predicts CPU, commands, rows and bytes, and no latency. A process has a share of its
time in which it sleeps. A step that finds it asleep costs more (`Prices.waking`).
"""

import math
from typing import NamedTuple

from benchmarks.scaling.prices import ROLES, Prices, heartbeats_together
from benchmarks.scaling.workload import HEARTBEAT_SECONDS, Workload, steps_per_second

AMOUNTS = ("commands", "wire_in", "wire_out", "transactions", "rows", "log_bytes")
# A plan lets a process use half of its core, so that the busiest minute and the loss of a process have room.
TARGET = 0.5
SOCKETS_PER_INTERFACE = 20_000  # one address of a proxy has about 28,000 ports to one address and port
MINIMUM = {"interface": 2, "worker": 2}


class Load(NamedTuple):
    """
    What a site uses. `cpu` has the seconds of CPU that each role uses in a second. `store` is the part of Redis' CPU
    that only the first server can provide. The amounts are per second.
    """

    cpu: dict[str, float]
    store: float
    amounts: dict[str, float]


class Need(NamedTuple):
    """What a workload needs: processes, cores of the database, memory in GB, and the load behind these numbers."""

    workload: Workload
    interfaces: int
    workers: int
    shards: int
    database_cores: float
    memory_gb: dict[str, float]
    load: Load

    @property
    def connections(self) -> int:
        """Return the number of connections to the database: of the workers, the delay server and the monitor (two)."""
        return self.workers + 3


def predict(prices: Prices, steps: dict, workload: Workload, processes: dict[str, int]) -> Load:
    """Return what a site of this shape uses for these steps in a second. `processes` has a number for each role."""
    hot, waking, store = _work(prices, steps, workload, processes["interface"])
    idle = prices.costs.get("idle_us_per_second", {})
    measured = prices.costs.get("shape", {})
    cpu = {}
    for role in ROLES:
        count = processes.get(role, 1)
        busy = (hot[role] + waking[role]) / (count + waking[role])  # of each process, at most 1
        own = hot[role] + (1 - min(1.0, busy)) * waking[role]
        names = {"interface": "interfaces", "worker": "workers", "redis": "shards"}
        cpu[role] = own + idle.get(role, 0.0) / 1e6 * count / max(1, measured.get(names.get(role, ""), 1))
    amounts = {
        name: sum(rate * prices.amount(step, name, workload) for step, rate in steps.items()) for name in AMOUNTS
    }
    amounts["commands"] += sum(prices.costs.get("idle_commands_per_second", ()))
    return Load(cpu, store, amounts)


def _work(prices, steps, workload, interfaces):
    """
    Return (seconds of CPU in a second by role if all processes are busy, the seconds by role that come on top if all
    sleep before each step, the seconds of the first Redis server for the store).
    """
    hot, waking, store = dict.fromkeys(ROLES, 0.0), dict.fromkeys(ROLES, 0.0), 0.0
    # Steps that come together wake a process once: heartbeats that an interface has held back, and the read markers of
    # all tabs that show a message. The news of a post and its indexing follow the post.
    beats = heartbeats_together(workload.sockets / interfaces, HEARTBEAT_SECONDS)
    together = {"beat_room": beats, "beat_stream": beats, "feed": math.inf, "index": math.inf}
    together["read"] = max(1.0, workload.room_size * workload.visible_share)
    for step, rate in steps.items():
        cpu = prices.cpu(step, workload, interfaces)
        for role in ROLES:
            hot[role] += rate * cpu.get(role, 0.0) / 1e6
            waking[role] += rate * prices.waking(role) / 1e6 / together.get(step, 1.0)
        store += rate * cpu.get("redis", 0.0) / 1e6 * prices.store_share(step)
    return hot, waking, store


def plan(prices: Prices, workload: Workload) -> Need:
    """Return what a workload needs. A post costs more with more interfaces, so the numbers are found step by step."""
    steps, interfaces, workers, shards = steps_per_second(workload), 2, 2, 1
    database = 1.0
    for _ in range(30):
        processes = {"interface": interfaces, "worker": workers, "redis": shards, "database": math.ceil(database)}
        load = predict(prices, steps, workload, processes)
        before = interfaces, workers, shards
        by_sockets = math.ceil(workload.sockets / SOCKETS_PER_INTERFACE)
        interfaces = max(MINIMUM["interface"], by_sockets, math.ceil(load.cpu["interface"] / TARGET))
        workers = max(MINIMUM["worker"], math.ceil(load.cpu["worker"] / TARGET))
        # The first server has the store too; the others share the rest.
        shards = max(1, math.ceil((load.cpu["redis"] - load.store) / TARGET + min(1.0, load.store / TARGET)))
        database = max(1.0, load.cpu["database"] / TARGET)
        if before == (interfaces, workers, shards):
            break
    return Need(
        workload, interfaces, workers, shards, round(database, 1), _memory(prices, workload, interfaces, workers), load
    )


def _memory(prices, workload, interfaces, workers):
    base = prices.costs.get("process_mb", {})
    each = prices.costs.get("memory_kb", {})
    tabs = workload.tabs
    kb = {
        role: sum(tabs * each.get(kind, {}).get(role, 0.0) for kind in ("room", "stream"))
        for role in ("interface", "redis")
    }
    return {
        "interface": round(interfaces * base.get("interface", 0.0) / 1024 + kb["interface"] / 1024**2, 1),
        "worker": round(workers * base.get("worker", 0.0) / 1024, 1),
        "redis": round(kb["redis"] / 1024**2, 2),
    }


class Limit(NamedTuple):
    """One limit that no number of processes removes. `share` is the part of it that the workload uses."""

    name: str
    share: float


# These are assumptions about the largest machines that a site would rent, not measurements.
DATABASE_CORES = 64
LOG_BYTES_PER_SECOND = 200e6
DATABASE_CONNECTIONS = 5000  # with PgBouncer


def limits(prices: Prices, need: Need) -> list[Limit]:
    """Return the limits, the most used first."""
    load = need.load
    database = load.cpu["database"] / (DATABASE_CORES * TARGET)
    found = [
        Limit("the first Redis server: rate limits, presence, leases", load.store / TARGET),
        Limit(f"one PostgreSQL primary of {DATABASE_CORES} cores", database),
        Limit(
            f"the write-ahead log: {LOG_BYTES_PER_SECOND / 1e6:.0f} MB/s",
            load.amounts["log_bytes"] / LOG_BYTES_PER_SECOND,
        ),
        Limit("one monitor, which indexes all posts", load.cpu["monitor"] / TARGET),
        Limit(f"{DATABASE_CONNECTIONS:,} connections to the database", need.connections / DATABASE_CONNECTIONS),
    ]
    return sorted(found, key=lambda limit: -limit.share)


def sockets_at(prices: Prices, name: str, workload: Workload) -> int:
    """Return the number of sockets at which a limit is used up, or 0 if a billion sockets do not use it up."""
    low, high = 1_000, 1_000_000_000

    def share(sockets):
        need = plan(prices, workload._replace(sockets=sockets))
        return next((limit.share for limit in limits(prices, need) if limit.name == name), 0.0)

    if share(high) < 1:
        return 0
    while high / low > 1.02:
        middle = int(math.sqrt(low * high))
        low, high = (low, middle) if share(middle) >= 1 else (middle, high)
    return high


def return_seconds(prices: Prices, need: Need) -> float:
    """Return how long the workers need until all sockets are back after they were lost together."""
    us = sum(
        prices.cpu(step, need.workload, need.interfaces).get("worker", 0.0)
        for step in ("connect_room", "connect_stream")
    )
    return need.workload.tabs * us / 1e6 / need.workers


def largest_room(prices: Prices, seconds: float = 0.1) -> int:
    """Return how many tabs of one interface may show a room if it must write a message to all within `seconds`."""
    per_member = prices.per_member("interface")
    return int(seconds * 1e6 / per_member) if per_member else 0

"""
The difference of two readings of a site's counters: what happened in between. This module is pure.
"""

from benchmarks.scaling.counters import BYTES_IN, BYTES_OUT, COMMANDS


def difference(before: dict, after: dict) -> dict:
    """
    Return what a site used between two results of `read_counters`.

    `cpu_us` has microseconds by role, `each_cpu_us` a list by role with one value for each process, `redis` one dict
    for each server.
    """
    cpu: dict[str, float] = {}
    each: dict[str, list[float]] = {}
    for (role, pid), used in after["cpu"].items():
        # A process that is new since the first reading began at 0.
        took = used - before["cpu"].get((role, pid), 0.0)
        cpu[role] = cpu.get(role, 0.0) + took
        each.setdefault(role, []).append(took)
    names = {"commands": COMMANDS, "bytes_in": BYTES_IN, "bytes_out": BYTES_OUT}
    redis = [
        {name: later[field] - earlier[field] for name, field in names.items()}
        for earlier, later in zip(before["redis"], after["redis"], strict=True)
    ]
    return {
        "seconds": after["at"] - before["at"],
        "cpu_us": cpu,
        "each_cpu_us": each,
        "redis": redis,
        "wire": _subtract(before["wire"], after["wire"]),
        "postgres": _subtract(before["postgres"], after["postgres"]),
    }


def _subtract(before, after):
    return None if before is None or after is None else {name: after[name] - before[name] for name in after}


def per_step(usage: dict, base: dict, count: int) -> dict:
    """
    Return the cost of one of `count` steps: CPU in us by role, Redis commands, bytes, transactions and rows.

    CPU and commands are without what the idle site uses. `base` has this for each second: `cpu_us` by role, and
    `commands` for each Redis server.
    """
    seconds, redis = usage["seconds"], usage["redis"]
    commands = [
        max(0.0, (server["commands"] - idle * seconds) / count)
        for server, idle in zip(redis, base["commands"], strict=True)
    ]
    wire, postgres = usage["wire"] or {}, usage["postgres"] or {}
    return {
        "count": count,
        "cpu_us": {
            role: round(max(0.0, (used - base["cpu_us"].get(role, 0.0) * seconds) / count), 2)
            for role, used in usage["cpu_us"].items()
        },
        "redis_commands": [round(each, 2) for each in commands],
        "redis_bytes": round(sum(server["bytes_in"] + server["bytes_out"] for server in redis) / count),
        "wire_in": round(wire.get("in", 0) / count),
        "wire_out": round(wire.get("out", 0) / count),
        "transactions": round(postgres.get("transactions", 0) / count, 2),
        "rows": round(postgres.get("rows", 0) / count, 2),
        "log_bytes": round(postgres.get("log_bytes", 0) / count),
    }

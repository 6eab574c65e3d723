"""Costs and results as `benchmarks.scaling` measures them, with round numbers."""

STEP = {"redis_commands": [10.0, 10.0], "redis_bytes": 0, "wire_in": 100, "wire_out": 100, "rows": 0, "transactions": 1}


def make_step(interface, worker, redis, database, **more):
    cpu = {"interface": interface, "worker": worker, "redis": redis, "database": database}
    return {**STEP, "count": 100, "log_bytes": 0, "cpu_us": cpu, **more}


def make_costs(**steps):
    """Return the costs of a site with two Redis servers. A member adds 10 us, a further interface 50 us."""
    post = {size: make_step(100 + 10 * size, 400, 100, 200, rows=3, wire_out=200 * size) for size in (1, 10, 100, 1000)}
    return {
        "shape": {"interfaces": 2, "workers": 2, "shards": 2, "helpers": False},
        "steps": {
            "beat_room": make_step(100, 200, 100, 100),
            "beat_stream": make_step(100, 200, 100, 100),
            "beat_slow": make_step(300, 800, 300, 100),
            **{f"post_{size}": step for size, step in post.items()},
            "post_split": make_step(250, 450, 120, 200, rows=3),
            **steps,
        },
        "memory_kb": {"room": {"interface": 10.0, "redis": 2.0}, "stream": {"interface": 10.0, "redis": 2.0}},
        "process_mb": {"interface": 70.0, "worker": 75.0},
        "store_share": {"beat_room": 0.2, "beat_stream": 0.2, "post": 0.1},
        "idle_us_per_second": {"interface": 2000, "worker": 2000, "redis": 4000, "database": 0, "monitor": 1000},
        "idle_commands_per_second": [50.0, 50.0],
    }

"""
The tables of measured numbers: costs, memory, and levels beside the model's predictions. This module is pure.
"""

from benchmarks.report import number, table
from benchmarks.scaling import model
from benchmarks.scaling.prices import Prices
from benchmarks.scaling.workload import measured_steps, measured_workload

STEPS = {
    "beat_room": "a heartbeat of a room's socket",
    "beat_stream": "a heartbeat of a person's own stream",
    "beat_slow": "a heartbeat that finds the processes asleep",
    "connect_room": "a socket enters a room",
    "connect_stream": "a person's own stream opens",
    "post_1": "a post, 1 member",
    "post_10": "a post, 10 members",
    "post_100": "a post, 100 members",
    "post_1000": "a post, 1,000 members",
    "post_split": "a post, 10 members on two interfaces",
    "post_feed": "a post, seldom, with 50 followers elsewhere",
    "post_indexed": "a post, 10 members, with its indexing",
    "post_read": "a post, 10 members, who all move their read markers",
    "typing_and_beat": "a typing notice and a heartbeat",
    "fetch": "a page of history on the socket",
    "history": "a page of history by HTTP",
    "page": "the page of a room",
    "poll": "a poll that waits a second",
    "search": "a search",
}
SMALLEST_LEVEL = 1000  # sockets; a run with fewer measures nothing
CHECK = "This run was a check with few sockets on a busy machine. Its numbers show only that everything runs."
ROLES = {"interface": "interfaces", "worker": "workers", "redis": "Redis", "database": "PostgreSQL"}


def choose(results: dict, shards: int) -> dict | None:
    """Return the measured costs of the site whose number of Redis servers fits best; None if there are none."""
    # The search is the last step, so costs without it are those of a run that ended early.
    complete = [costs for costs in results.get("costs", []) if "search" in costs["steps"]]
    found = complete or results.get("costs", [])
    fitting = sorted(found, key=lambda costs: abs(costs["shape"]["shards"] - min(2, shards)))
    return fitting[0] if fitting else None


def is_check(results: dict) -> bool:
    """Return whether a run only checked that everything runs."""
    return max((level["asked"] for level in results["levels"]), default=0) < SMALLEST_LEVEL


def machine(results: dict) -> str:
    """Return the sentence about the machine and the run."""
    described = results["machine"]
    network = "network namespaces" if results["namespaces"] else "loopback addresses"
    cores = f"{described['cores']} cores for the site, the database and the generators together"
    sentences = [
        f"{results['started_at']}: {described['processor']}, {cores}; Linux {described['kernel']}; "
        f"{results['database']}; clients in {network}; commit {described['commit']}; {results['minutes']} minutes; "
        f"load of the machine before: {described['load_before'][0]}.",
        *([f"**{CHECK}**"] if is_check(results) else []),
        *(f"A fault of this run: {failure}." for failure in results.get("failures", [])),
    ]
    return "\n\n".join(sentences)


def _connecting(prices, connect):
    """Return (predicted, measured) ms of CPU for one new tab, with the heartbeats of the other tabs meanwhile."""
    tabs, beats = connect["sockets"] / 2, connect["beats"] / 2
    used = {"connect_room": tabs, "connect_stream": tabs, "beat_room": beats, "beat_stream": beats}
    roles = ("interface", "worker", "redis", "database")
    predicted = sum(
        count * prices.step(step)["cpu_us"].get(role, 0.0) for step, count in used.items() for role in roles
    )
    return predicted / tabs / 1000, sum(connect["cpu_us"].get(role, 0) for role in roles) / tabs / 1000


def costs(results: dict) -> str:
    """Return a table of the measured costs for each measured site."""
    parts = []
    for one in results.get("costs", []):
        shape = one["shape"]
        servers = "one Redis server" if shape["shards"] == 1 else f"{shape['shards']} Redis servers"
        head = [
            "step",
            *(f"{name}, us" for name in ROLES.values()),
            "Redis commands, also in scripts",
            "rows",
            "log, bytes",
            "bytes in, out",
        ]
        rows = []
        for name, words in STEPS.items():
            step = one["steps"].get(name)
            if step:
                cpu = [f"{step['cpu_us'].get(role, 0):,.0f}" for role in ROLES]
                wire = f"{step['wire_in']:,}, {step['wire_out']:,}"
                rows.append(
                    [
                        words,
                        *cpu,
                        f"{sum(step['redis_commands']):.1f}",
                        number(step["rows"]),
                        f"{step['log_bytes']:,}",
                        wire,
                    ]
                )
        parts.append(f"With {servers}:\n\n" + table(head, rows))
    return "\n\n".join(parts)


def memory(results: dict) -> str:
    """Return the table of memory. A cell is empty if its number was not measured."""
    one = choose(results, 2)
    if one is None:
        return ""
    rows = [
        [
            f"one socket of a {kind}" if kind == "room" else "one own stream",
            f"{number(sizes['interface'])} KB",
            "",
            f"{number(sizes['redis'])} KB",
        ]
        for kind, sizes in one["memory_kb"].items()
    ]
    processes = one.get("process_mb", {})
    sizes = [f"{number(processes.get(role))} MB" for role in ("interface", "worker")]
    return table(["", "interface", "worker", "Redis"], [*rows, ["a process without sockets", *sizes, ""]])


def levels(results: dict) -> str:
    """Return the table of what the levels measured."""
    head = [
        "sockets", "connected a second", "post to tab, ms: p50, p95, p99", "heartbeat, ms: p50, p95, p99",
        "posts, deliveries", "not arrived, repeated, closed, unanswered", "CPU of generators",
    ]  # fmt: skip
    rows = []
    for level in results.get("levels", []):
        seconds = level["usage"]["seconds"]
        rows.append(
            [
                f"{level['open']:,}",
                number(level["connect"]["per_second"]),
                ", ".join(number(ms) for ms in level["post"].values()),
                ", ".join(number(ms) for ms in level["beat"].values()),
                f"{level['sent']:,}, {level['messages']:,}",
                f"{level['lost']}, {level['repeats']}, {sum(level['closed'].values())}, {level['stalled']}",
                f"{level['generator_cpu_us'] / seconds / 1e4:.0f}%",
            ]
        )
    return table(head, rows)


def comparison(results: dict) -> str:
    """Return the table of predictions and measurements: for each level and resource both, and their ratio."""
    one = choose(results, 2)
    if one is None or not results.get("levels"):
        return ""
    prices, rows = Prices(one), []
    for level in results["levels"]:
        rows += [[f"{level['open']:,}", *cells] for cells in compare(prices, level, results["shape"])]
    return table(["sockets", "resource", "predicted", "measured", "measured / predicted"], rows)


def compare(prices: Prices, level: dict, shape: dict) -> list[list[str]]:
    """Return [resource, predicted, measured, ratio] of one level for each resource, as text."""
    usage, seconds = level["usage"], level["usage"]["seconds"]
    processes = {"interface": shape["interfaces"], "worker": shape["workers"], "redis": shape["shards"]}
    load = model.predict(prices, measured_steps(level), measured_workload(level), processes)
    pairs = [
        (f"CPU, {name}: % of a core", 100 * load.cpu[role], usage["cpu_us"].get(role, 0) / seconds / 1e4)
        for role, name in {**ROLES, "monitor": "monitor"}.items()
    ]
    amounts = load.amounts
    commands = sum(one["commands"] for one in usage["redis"]) / seconds
    pairs.append(("Redis commands a second", amounts["commands"], commands))
    if usage["wire"]:
        pairs.append(("KB a second to clients", amounts["wire_out"] / 1e3, usage["wire"]["out"] / seconds / 1e3))
    if usage["postgres"]:
        for name, words in (("rows", "changed rows a second"), ("transactions", "transactions a second")):
            pairs.append((words, amounts[name], usage["postgres"][name] / seconds))
    if level["connect"]["sockets"]:
        pairs.append(("CPU of all processes for a new tab, ms", *_connecting(prices, level["connect"])))
    grown = level["memory_mb"].get("interface", 0) - level["memory_before_mb"].get("interface", 0)
    kb = sum(prices.costs["memory_kb"].get(kind, {}).get("interface", 0) for kind in ("room", "stream"))
    pairs.append(("memory of the sockets in interfaces, MB", level["open"] / 2 * kb / 1024, grown))
    return [
        [name, number(predicted), number(measured), f"{measured / predicted:.2f}" if predicted > 0 else ""]
        for name, predicted, measured in pairs
    ]

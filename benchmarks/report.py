"""
Turn results into text: one line for each measurement, tables at the end. Pure functions that need no package.
"""

from benchmarks import figures

# Figures that must be 0. The worst of several repetitions counts: a median would hide a single loss.
WRONG = (
    "lost",
    "closed",
    "out_of_order",
    "twice",
    "stalled",
    "rejected",
    "unacked",
    "retried",
    "rows_missing",
    "behind",
    "streams_closed",
    "tracebacks",
)
DETAILS = (
    ("messages_per_s", "messages/s"),
    ("deliveries_per_s", "deliveries/s"),
    ("connections_per_s", "connections/s"),
    ("beats_per_s", "beats/s"),
    ("rate", "rate/s"),
    ("kb_per_socket", "KB/socket"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("ack_p50_ms", "ack p50"),
    ("ack_p99_ms", "ack p99"),
    ("lost_percent", "lost %"),
    ("out_of_order", "out of order"),
    ("closed", "closed"),
    ("overtaken", "overtaken"),
)


def number(value) -> str:
    """Return a figure as text: whole from 100 on, else with at most two decimals; `-` for None."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def line(run: dict, scenario) -> str:
    """Return one measurement as one line."""
    start = f"{run['repetition'] + 1}. {run['scenario']:11}{run['stack']:26}"
    if "failure" in run:
        return start + reason(run["failure"])
    parts = [f"{number(run.get(scenario.headline))} {scenario.unit}"]
    if scenario.headline != "p50_ms":
        parts += [f"{name} {number(run.get(f'{name}_ms'))}" for name in ("p50", "p99") if run.get(f"{name}_ms")]
    parts += [f"{name.replace('_', ' ')} {run[name]}" for name in WRONG if run.get(name)]
    parts.append(" ".join(f"{role} {number(cost['percent'])}%" for role, cost in run["cpu"].items()))
    return start + ", ".join(parts)


def reason(failure: str) -> str:
    """Return the first line of a failure, and the last line if a log or a traceback follows."""
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}"


def medians(found: dict) -> dict[tuple[str, str], dict]:
    """Return one result for each measured (stack, scenario): the medians of its repetitions."""
    groups: dict[tuple[str, str], list] = {}
    for run in found["runs"]:
        if "failure" not in run:
            groups.setdefault((run["stack"], run["scenario"]), []).append(run)
    return {key: figures.median_result(runs, worst=(*WRONG, "lost_percent")) for key, runs in groups.items()}


def row(cells) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head: list, rows: list) -> str:
    return "\n".join([row(head), row(["---"] * len(head)), *map(row, rows)])


def headlines(found: dict, median_results: dict) -> str:
    """Return the table of headlines: a row for each stack. Brackets contain losses, closed sockets and wrong orders."""
    scenarios = found["scenarios"]
    head = ["stack", *(f"{one['name']}, {_unit(one)}" for one in scenarios)]
    return table(
        head,
        [
            [stack["title"], *(_headline(median_results.get((stack["name"], one["name"])), one) for one in scenarios)]
            for stack in found["stacks"]
        ],
    )


def _unit(scenario):
    """Return the unit of a headline; a latency names its percentile."""
    return scenario["headline"].replace("_ms", " ms") if scenario["unit"] == "ms" else scenario["unit"]


def _headline(result, scenario):
    if result is None:
        return ""
    wrong = [f"{number(result['lost_percent'])}% lost"] if result.get("lost_percent") else []
    wrong += [f"{number(result[name])} {name.replace('_', ' ')}" for name in ("closed", "out_of_order") if result[name]]
    return number(result.get(scenario["headline"])) + (f" ({', '.join(wrong)})" if wrong else "")


def ratios(found: dict, median_results: dict, baseline: str) -> str:
    """Return the table of how many times better each stack is than the baseline."""
    scenarios = found["scenarios"]
    rows = []
    for stack in found["stacks"]:
        cells = [stack["title"]]
        for one in scenarios:
            mine, theirs = median_results.get((stack["name"], one["name"])), median_results.get((baseline, one["name"]))
            value = (
                mine
                and theirs
                and figures.ratio(mine.get(one["headline"]), theirs.get(one["headline"]), one["is_less_better"])
            )
            cells.append(f"{number(value)}x" if value else "")
        rows.append(cells)
    return table(["stack", *(one["name"] for one in scenarios)], rows)


def details(found: dict, median_results: dict, scenario: dict) -> str:
    """Return the table of one scenario: all figures, and the CPU time and the wake-ups of each role."""
    measured = [
        (stack, median_results[stack["name"], scenario["name"]])
        for stack in found["stacks"]
        if (stack["name"], scenario["name"]) in median_results
    ]
    columns = [(key, words) for key, words in DETAILS if any(result.get(key) is not None for _, result in measured)]
    head = ["stack", *(words for _, words in columns), "CPU: % of one core (us, wake-ups per message)"]
    rows = [
        [stack["name"], *(number(result.get(key)) for key, _ in columns), costs(result)] for stack, result in measured
    ]
    return table(head, rows)


def costs(result: dict) -> str:
    """Return the CPU time and the wake-ups of each role as text."""
    return ", ".join(
        f"{role} {number(cost['percent'])} ({number(cost['us_per_message'])}, {number(cost['wake_ups_per_message'])})"
        for role, cost in result["cpu"].items()
    )


def minutes(result: dict) -> str:
    """Return the table of a soak, minute by minute."""
    roles = list(result["minutes"][0]["rss_kb"])
    head = ["minute", "messages", "p50 ms", "p99 ms", *(f"{role}, MB" for role in roles)]
    return table(
        head,
        [
            [
                count,
                minute["messages"],
                number(minute["p50_ms"]),
                number(minute["p99_ms"]),
                *(number(minute["rss_kb"][role] / 1024) for role in roles),
            ]
            for count, minute in enumerate(result["minutes"], 1)
        ],
    )


def machine(found: dict) -> str:
    """Return the description of the machine as text."""
    described = found["machine"]
    lines = [
        f"{described['processor']}, {described['cores']} cores, generator included; Linux {described['kernel']}, "
        f"Python {described['python']}; product {described['commit']}; {found['started_at']}, "
        f"{found['minutes']} minutes; load of the machine before: {described['load_before']}.",
        "",
    ]
    for name, versions in described["versions"].items():
        lines.append(f"- {name}: " + ", ".join(f"{package} {version}" for package, version in versions.items()))
    return "\n".join(lines)


def failures(found: dict) -> str:
    """Return the violations of all runs, one line for each run; an empty text if there are none."""
    return "\n".join(
        f"- {run['stack']}, {run['scenario']}, repetition {run['repetition'] + 1}: {', '.join(run['faults'])}"
        for run in found["runs"]
        if run["faults"]
    )


def summary(found: dict) -> str:
    return headlines(found, medians(found))


def markdown(found: dict) -> str:
    """Return the whole report."""
    median_results = medians(found)
    parts = [
        "# Results",
        f"Medians of {found['repetitions']} interleaved repetitions, long scenarios of one; losses are the worst."
        + (" With --fixed-processors." if found["fixed_processors"] else ""),
        headlines(found, median_results),
    ]
    wrong = failures(found)
    if wrong:
        parts += ["## Violations", wrong]
    for baseline in found["baselines"]:
        if any(name == baseline for name, _ in median_results):
            parts += [f"## How many times better than {baseline}", ratios(found, median_results, baseline)]
    for scenario in found["scenarios"]:
        parts += [f"## {scenario['name']}", f"{scenario['title']}.", details(found, median_results, scenario)]
        for (stack, name), result in median_results.items():
            if name == scenario["name"] and result.get("minutes"):
                parts += [f"### {stack}, minute by minute", minutes(result)]
    parts += ["## The machine", machine(found)]
    return "\n\n".join(parts) + "\n"

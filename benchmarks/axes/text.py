"""
The results of all axes as text: one line for each measurement, then tables and verdicts. Pure functions.
"""

from benchmarks import report
from benchmarks.axes import curves
from benchmarks.axes.axis import AS_LEVEL, SAME, TOLERANCE

PROMISES = {
    SAME: "A message must not cost more at the last level than at the first: at most {most} times, because of noise.",
    AS_LEVEL: "The cost of a message must not grow by a larger factor than the level.",
    "": "There is no promise for this axis.",
}


def line(run: dict) -> str:
    """Return one measurement as one line."""
    start = f"{run['repetition'] + 1}. {run['axis']:11}{run['level']:>9,}  {run['stack']:18}"
    if "skipped" in run:
        return f"{start}skipped: {run['skipped']}"
    if "failure" in run:
        return start + report.reason(run["failure"])
    parts = [f"{report.number(curves.cost_us(run))} us, p50 {report.number(run['p50_ms'])} ms"]
    parts += [f"{name.replace('_', ' ')} {run[name]}" for name in report.WRONG if run.get(name)]
    parts.append(" ".join(f"{role} {report.number(cost['percent'])}%" for role, cost in run["cpu"].items()))
    return start + ", ".join(parts)


def table(found: dict, axis: dict) -> str:
    """Return the curves of one axis: a row for each level, a column for each stack."""
    all_curves = {
        stack["name"]: {point.level: point for point in curves.points(found, axis["name"], stack["name"])}
        for stack in found["stacks"]
    }
    measured = {name: curve for name, curve in all_curves.items() if curve}
    rows = [
        [f"{level:,}", *(_cell(curve.get(level)) for curve in measured.values())]
        for level in axis["levels"]
        if any(level in curve for curve in measured.values())
    ]
    return report.table([axis["unit"], *(f"{name}: us (p50 ms)" for name in measured)], rows)


def _cell(point):
    return "" if point is None else f"{report.number(point.cpu_us)} ({report.number(point.p50_ms)})"


def verdict(judged: curves.Verdict, unit: str) -> str:
    """Return a verdict as one sentence."""
    most = "no bound" if judged.most is None else f"at most {report.number(judged.most)}"
    levels = f"from {judged.first.level:,} to {judged.last.level:,} {unit}"
    return f"{judged.stack}: {report.number(judged.ratio)} times {levels} ({most}): {judged.word}"


def verdicts(found: dict, axis: dict) -> str:
    """Return the promise of an axis, and for each stack whether it held and what was lost."""
    lines = [PROMISES[axis["promise"]].format(most=report.number(TOLERANCE)), ""]
    for judged in curves.verdicts(found, axis["name"]):
        wrong = curves.losses(found, axis["name"], judged.stack)
        lost = "".join(f"; {name.replace('_', ' ')}: {count:,}" for name, count in wrong.items())
        lines.append(f"- {verdict(judged, axis['unit'])}{lost}")
    return "\n".join(lines)


def skipped(found: dict) -> str:
    """Return the levels that were not measured, and remarks about levels that were, one line for each."""
    lines = [
        f"- {run['axis']}, {run['level']:,}, {run['stack']}: {run.get('skipped') or report.reason(run['failure'])}"
        for run in found["runs"]
        if "skipped" in run or "failure" in run
    ]
    return "\n".join(dict.fromkeys([*lines, *(f"- {note}" for note in found["notes"])]))


def section(found: dict, axis: dict) -> str:
    """Return the table and the verdicts of one axis."""
    if not any(run["axis"] == axis["name"] and "cpu" in run for run in found["runs"]):
        return "Nothing was measured."
    return f"{table(found, axis)}\n\n{verdicts(found, axis)}"


def summary(found: dict) -> str:
    """Return all axes as text for a terminal or a page."""
    parts = [f"## {axis['name']}: {axis['title']}\n\n{section(found, axis)}" for axis in found["axes"]]
    left_out = skipped(found)
    if left_out:
        parts.append(f"## Not measured, and remarks\n\n{left_out}")
    return "\n\n".join(parts)


def markdown(found: dict) -> str:
    """Return the whole report."""
    return (
        "# How the cost of a message grows\n\n"
        "CPU time of one message in all server processes, and the median time until it arrives.\n\n"
        f"{summary(found)}\n\n## The machine\n\n{report.machine(found)}\n"
    )

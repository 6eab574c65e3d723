"""
Turn the results of all axes into curves and verdicts. Pure functions.

The cost of a message is the CPU time of all server processes, without the generator.
"""

from typing import NamedTuple

from benchmarks import figures, report
from benchmarks.axes.axis import BY_NAME

GENERATOR = "generator"
LARGE_RATIO = 20


class Point(NamedTuple):
    """The cost of a message at one level: microseconds of CPU, and the median time in ms."""

    level: int
    cpu_us: float
    p50_ms: float | None


class Verdict(NamedTuple):
    """
    How the cost of a message grew on an axis.

    `ratio` is its cost at the last level, divided by its cost at the first. `most` is the greatest ratio that the axis
    promises, or None.
    """

    stack: str
    first: Point
    last: Point
    ratio: float
    most: float | None

    @property
    def word(self) -> str:
        """Return whether the promise held."""
        if self.most is None:
            return "no promise"
        return "held" if self.ratio <= self.most else "not held"


def cost_us(result: dict) -> float | None:
    """Return the CPU time of one message in all server processes, in microseconds; None without a message."""
    costs = [cost["us_per_message"] for role, cost in result["cpu"].items() if role != GENERATOR]
    return None if not costs or None in costs else round(sum(costs), 1)


def points(found: dict, axis: str, stack: str) -> list[Point]:
    """Return the curve of a stack on an axis: the median of the repetitions of each measured level."""
    groups: dict[int, list] = {}
    for run in found["runs"]:
        if (run["axis"], run["stack"]) == (axis, stack) and "cpu" in run:
            groups.setdefault(run["level"], []).append(run)
    curve = []
    for level, runs in sorted(groups.items()):
        cost = figures.median([cost_us(run) for run in runs])
        if cost:
            curve.append(Point(level, cost, figures.median([run["p50_ms"] for run in runs])))
    return curve


def lines(found: dict, axis: str, field: str) -> dict[str, tuple[list, list]]:
    """Return (levels, values) of a field of Point by stack, without the stacks that lack a value."""
    drawn = {}
    for stack in found["stacks"]:
        curve = points(found, axis, stack["name"])
        values = [getattr(point, field) for point in curve]
        if curve and None not in values:
            drawn[stack["name"]] = [point.level for point in curve], values
    return drawn


def needs_logarithm(values: list[float]) -> bool:
    """Return whether values differ so much that only a logarithmic scale shows all of them."""
    return bool(values) and min(values) > 0 and max(values) > LARGE_RATIO * min(values)


def verdicts(found: dict, axis: str) -> list[Verdict]:
    """Return the verdict about each stack that was measured at two levels or more."""
    judged = []
    for stack in found["stacks"]:
        curve = points(found, axis, stack["name"])
        if len(curve) > 1:
            first, last = curve[0], curve[-1]
            most = BY_NAME[axis].most(first.level, last.level)
            judged.append(Verdict(stack["name"], first, last, last.cpu_us / first.cpu_us, most))
    return judged


def losses(found: dict, axis: str, stack: str) -> dict[str, int]:
    """Return what a stack lost, closed or repeated on an axis: the sum of all its measurements, by counter."""
    sums: dict[str, int] = {}
    for run in found["runs"]:
        if (run["axis"], run["stack"]) == (axis, stack):
            for name in report.WRONG:
                if run.get(name):
                    sums[name] = sums.get(name, 0) + run[name]
    return sums

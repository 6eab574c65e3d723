"""
What the processes have counted within some time, from two reports of each: see `channels_transport.site_state`.

The counters of a process begin at 0 with the process. A process whose counters have fallen is a new one.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from channels_transport.site_state import BOUNDS

WINDOW_STEPS = 60  # samples: five minutes

Key = tuple[str, tuple[str, ...]]  # the name of a metric, and its labels


class Histogram:
    """Durations: how many are in each bucket of BOUNDS and above them, and their sum (s)."""

    def __init__(self, counts: Sequence[float] = (), total: float = 0) -> None:
        self.counts = list(counts) or [0] * (len(BOUNDS) + 1)
        self.total = total

    def add(self, other: "Histogram") -> None:
        """Add the durations of another histogram."""
        self.counts = [mine + more for mine, more in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    @property
    def number(self) -> float:
        """Return the number of durations."""
        return sum(self.counts)

    def find_quantile(self, share: float) -> float | None:
        """Return the quantile `share` of the durations (s), estimated within its bucket, or None without durations."""
        wanted, below, lower = share * self.number, 0.0, 0.0
        if not self.number:
            return None
        for count, upper in zip(self.counts, BOUNDS, strict=False):
            if count and below + count >= wanted:
                return lower + (upper - lower) * (wanted - below) / count
            below, lower = below + count, upper
        return float(BOUNDS[-1])  # the last bucket has no upper bound

    def find_bound(self) -> float | None:
        """
        Return a time (s) that no duration exceeds, or None without durations.

        This is the upper bound of the bucket with the longest duration. The last bucket has none: the longest duration
        can be at most what remains of the sum if every other duration is as short as its bucket allows.
        """
        filled = [index for index, count in enumerate(self.counts) if count]
        if not filled:
            return None
        if filled[-1] < len(BOUNDS):
            return float(BOUNDS[filled[-1]])
        shortest = sum(count * lower for count, lower in zip(self.counts, (0, *BOUNDS), strict=True))
        return BOUNDS[-1] + max(0.0, self.total - shortest)


class Step:
    """What all processes have counted between two samples: amounts, rates (per second) and histograms."""

    def __init__(self) -> None:
        self.amounts: dict[Key, float] = {}
        self.rates: dict[Key, float] = {}
        self.histograms: dict[Key, Histogram] = {}

    def add_counter(self, key: Key, amount: float, seconds: float) -> None:
        """Add what one process has counted in some seconds."""
        self.amounts[key] = self.amounts.get(key, 0) + amount
        self.rates[key] = self.rates.get(key, 0) + amount / seconds

    def add_histogram(self, key: Key, histogram: Histogram) -> None:
        """Add the durations of one process."""
        self.histograms.setdefault(key, Histogram()).add(histogram)

    def add(self, other: "Step") -> None:
        """Add the amounts and the histograms of another step. Leave the rates as they are."""
        for key, amount in other.amounts.items():
            self.amounts[key] = self.amounts.get(key, 0) + amount
        for key, histogram in other.histograms.items():
            self.add_histogram(key, histogram)

    def sum_rates(self, name: str, *labels: str) -> float:
        """Return the sum of the rates of the counters with this name whose labels begin with `labels`."""
        return sum(rate for key, rate in self.rates.items() if _matches(key, name, labels))

    def sum_amounts(self, name: str, *labels: str) -> float:
        """Return the sum of the amounts of the counters with this name whose labels begin with `labels`."""
        return sum(amount for key, amount in self.amounts.items() if _matches(key, name, labels))

    def sum_histograms(self, name: str, *labels: str) -> Histogram:
        """Return the sum of the histograms with this name whose labels begin with `labels`."""
        total = Histogram()
        for key, histogram in self.histograms.items():
            if _matches(key, name, labels):
                total.add(histogram)
        return total


def _matches(key: Key, name: str, labels: tuple[str, ...]) -> bool:
    return key[0] == name and key[1][: len(labels)] == labels


class Counted:
    """
    The counters of all processes at the last sample, and the steps of the last five minutes.

    `busy` is {host and pid: {busy, cpu}}: the shares of the time in which a process ran consumers, and used its CPU.
    """

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, Any]] = {}
        self._steps: deque[Step] = deque(maxlen=WINDOW_STEPS)
        self.busy: dict[str, dict[str, float | None]] = {}

    def take_step(self, reports: Iterable[Mapping[str, Any]]) -> Step:
        """
        Return what was counted since the last call, from one report of each process. Add it to the window. Set `busy`.

        The first report of a process counts nothing: later reports are compared with it.
        """
        step, known, busy = Step(), {}, {}
        for report in reports:
            name = f"{report['host']}.{report['pid']}"
            before = self._known.get(name)
            if before is None or report["at"] == before["at"]:
                known[name], busy[name] = before or report, self.busy.get(name, {})
                continue
            known[name] = report
            seconds = max(0.001, report["at"] - before["at"])
            worked = _add_report(step, before["numbers"], report["numbers"], seconds)
            cpu = max(0.0, report["cpu"] - before["cpu"]) / seconds
            busy[name] = {"busy": worked / seconds if report.get("channels") else None, "cpu": cpu}
        self._known, self.busy = known, busy
        self._steps.append(step)
        return step

    def sum_window(self) -> Step:
        """Return what was counted in the last five minutes."""
        total = Step()
        for step in self._steps:
            total.add(step)
        return total

    @property
    def window_steps(self) -> int:
        """Return the number of samples in the window."""
        return len(self._steps)


def _add_report(step: Step, before: Mapping[str, Any], after: Mapping[str, Any], seconds: float) -> float:
    """Add the numbers of a process to a step. Return how long its consumers have worked (s)."""
    worked = 0.0
    for name, series in after.items():
        earlier = {tuple(labels): value for labels, value in before.get(name, ())}
        for labels, value in series:
            key = (name, tuple(labels))
            old = earlier.get(key[1])
            if isinstance(value, list):
                histogram = _subtract(value, old)
                step.add_histogram(key, histogram)
                worked += histogram.total if name == "consumer_seconds" else 0
            else:
                step.add_counter(key, value - old if old is not None and old <= value else value, seconds)
    return worked


def _subtract(after: Sequence[Any], before: Sequence[Any] | None) -> Histogram:
    if before is None or sum(before[0]) > sum(after[0]):
        return Histogram(after[0], after[1])
    return Histogram([new - old for new, old in zip(after[0], before[0], strict=True)], max(0.0, after[1] - before[1]))

"""
Read the CPU time, wake-ups and memory of processes from /proc, by role. Linux only; this module starts and changes
nothing.
"""

import contextlib
import os
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process with its threads, in seconds; 0 if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # The name is in brackets and may contain any character, including spaces.
            fields = stat.read().rpartition(b")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def wake_ups(pid: int) -> int:
    """Return how often the threads of a process have slept (voluntary context switches); 0 if the process is gone."""
    total = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status") as lines:
                total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
    return total


def memory_kb(pid: int) -> dict[str, int]:
    """Return `rss` and `uss` in KB. `uss` is the memory that would be free again if this process ended."""
    sizes = {}
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines:
            name, _, rest = line.partition(":")
            if rest.endswith("kB\n"):
                sizes[name] = int(rest.split()[0])
    return {"rss": sizes["Rss"], "uss": sizes["Private_Clean"] + sizes["Private_Dirty"]}


def memory_by_role(processes: list[tuple[str, int]]) -> dict[str, dict[str, int]]:
    """Return the memory of processes in KB, summed for each role."""
    found: dict[str, dict[str, int]] = {}
    for role, pid in processes:
        sizes = found.setdefault(role, {"rss": 0, "uss": 0})
        for name, size in memory_kb(pid).items():
            sizes[name] += size
    return found


class CpuMeter:
    """Measure CPU time and wake-ups of processes between `start` and `stop`. Each `start` begins a new measurement."""

    def __init__(self, processes: list[tuple[str, int]]):
        self.processes = processes
        self.elapsed = 0.0
        self.used: list[tuple[str, float, int]] = []

    def start(self) -> None:
        """Begin a measurement."""
        self.started_at, self.before = time.perf_counter(), self._read()

    def stop(self) -> None:
        """End the measurement, and keep its figures for `report`."""
        self.elapsed = time.perf_counter() - self.started_at
        after = self._read()
        self.used = [
            (role, *(new - old for new, old in zip(after[pid], self.before[pid], strict=True)))
            for role, pid in self.processes
        ]

    def _read(self):
        return {pid: (cpu_seconds(pid), wake_ups(pid)) for _, pid in self.processes}

    def report(self, messages: int = 0) -> dict[str, dict]:
        """
        Return the CPU time and the wake-ups of each role.

        The time is a percentage of one core (in total and for each process), seconds, and microseconds for each of the
        `messages`. The wake-ups are a total, and a number for each message. Without `messages`, the figures for a
        message are None.
        """
        found: dict[str, dict] = {}
        for role, seconds, woken in self.used:
            cost = found.setdefault(role, {"percent": 0.0, "seconds": 0.0, "each_percent": [], "wake_ups": 0})
            percent = 100 * seconds / self.elapsed if self.elapsed else 0.0
            cost["seconds"] = round(cost["seconds"] + seconds, 2)
            cost["percent"] = round(cost["percent"] + percent, 1)
            cost["each_percent"].append(round(percent, 1))
            cost["wake_ups"] += woken
        for cost in found.values():
            cost["us_per_message"] = round(cost["seconds"] * 1e6 / messages, 1) if messages else None
            cost["wake_ups_per_message"] = round(cost["wake_ups"] / messages, 2) if messages else None
        return found

"""
Samples of the site: a point for each chart, and the state of all parts.

A sample is a plain dictionary for JSON. Durations are in seconds, sizes in bytes, and shares between 0 and 1. A number
that is not known is None. A part that does not answer is left out, and named in the state's `away`.
"""

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from channels_transport import OUTAGES, LogThrottle
from channels_transport.site_state import describe_process, is_shared, read_processes, read_queues, read_servers

from . import parts
from .conditions import find_problems
from .counted import Counted, Histogram, Step
from .processes import describe_processes, find_receivers, pick_newest

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger, LogThrottle.ONCE)

# What takes long on a large site is read in every twelfth sample: once a minute.
DATABASE_STEPS = 12
REFUSAL_STEPS = 60  # the refusals, losses and evictions of the last five minutes count as recent
MAX_CONSUMERS = 15
LOSSES = ("expired", "full", "lost")  # the counters of `site_state.read_queues`
WINDOW_SECONDS = 300
_Result = TypeVar("_Result")


class Sample(NamedTuple):
    """The point for the charts, and the state."""

    point: dict[str, Any]
    state: dict[str, Any]


class Sampler:
    """
    Takes the samples of one process. It remembers the last sample, because rates need two.

    `count_people()` returns how many people are in rooms, or None if that is not known.
    """

    def __init__(self, count_people: Callable[[], int | None] = lambda: None) -> None:
        self._count_people = count_people
        self._counted = Counted()
        self._number = 0
        self._databases: list[dict[str, Any]] = []
        self._scheduled = 0
        self._refusals: deque[dict[str, int]] = deque(maxlen=REFUSAL_STEPS)
        self._losses: deque[dict[str, int]] = deque(maxlen=REFUSAL_STEPS)
        self._evicted: deque[dict[str, int]] = deque(maxlen=REFUSAL_STEPS)
        self._seen: dict[str, dict[str, Any]] = {}
        self._away: list[str] = []

    def take(self) -> Sample:
        """Return a sample. An outage of Redis or of a database only makes the sample incomplete."""
        self._away = []
        reports = self._try("redis", self._read_reports) or []
        newest = pick_newest(reports)
        step, window = self._counted.take_step(newest), self._counted.sum_window()
        state = {
            "at": time.time(),
            "queues": self._try("redis", self._read_queues) or [],
            "processes": describe_processes(reports, self._seen, self._counted.busy),
            "receivers": find_receivers(reports),
            "consumers": self._describe_consumers(window),
            "redis": self._try("redis", self._read_servers) or [],
            "databases": self._read_databases(window),
            "work": self._try("database", lambda: parts.read_work(self._scheduled)) or [],
            "overdue": self._try("database", parts.count_overdue) or 0,
            "rooms": self._try("database", lambda: parts.name_rooms(parts.sum_busiest(newest))) or [],
            "refusals": self._try("redis", self._read_refusals) or [],
            "window": _describe_window(window),
            "limits_off": not settings.CHAT_LIMITS_ON,
            "away": self._away,
        }
        state["now"] = self._describe_now(reports, step, state)
        state["problems"] = find_problems(state)
        self._number += 1
        return Sample(_make_point(state), state)

    def _try(self, part: str, function: Callable[[], _Result]) -> _Result | None:
        try:
            found = function()
        except (*OUTAGES, DatabaseError, InterfaceError) as error:
            throttle.warning(f"The sample for operators has no numbers of the {part}: %s", error, key=part)
            if part not in self._away:
                self._away.append(part)
            return None
        throttle.reset(part)
        return found

    def _read_reports(self):
        """Return the reports of all processes. Without Redis, this process is the only one."""
        if is_shared():
            return read_processes()
        name = f"process:{socket.gethostname()}.{os.getpid()}"
        return [{**describe_process("process"), "name": name, "silent_seconds": 0.0}]

    def _read_queues(self):
        queues = read_queues()
        now = {f"{queue['channel']} {name}": queue[name] for queue in queues for name in LOSSES}
        for queue in queues:
            for name in LOSSES:
                queue[f"recently_{name}"] = _count_recent(self._losses, now, f"{queue['channel']} {name}")
        return queues

    def _read_servers(self):
        if not is_shared():
            return []
        servers = read_servers()
        evicted = {server["server"]: server["evicted"] for server in servers}
        recent = {name: _count_recent(self._evicted, evicted, name) for name in evicted}
        return [{**server, "recently_evicted": recent[server["server"]]} for server in servers]

    def _read_refusals(self):
        now, rows = parts.read_refusals(self._refusals[0] if self._refusals else None)
        self._refusals.append(now)
        return rows

    def _read_databases(self, window):
        if self._number % DATABASE_STEPS == 0 or not self._databases:
            self._databases = self._try("database", parts.read_databases) or []
            self._scheduled = self._try("database", parts.count_scheduled) or 0
        return [{**database, **_describe_statements(window, database["alias"])} for database in self._databases]

    def _describe_consumers(self, window: Step) -> list[dict[str, Any]]:
        total = sum(histogram.total for (name, _), histogram in window.histograms.items() if name == "consumer_seconds")
        found: list[dict[str, Any]] = [
            {
                "channel": labels[0],
                "consumer": labels[-1],
                "count": round(histogram.number),
                "p50": histogram.find_quantile(0.5),
                "p95": histogram.find_quantile(0.95),
                "longest": histogram.find_bound(),
                "share": histogram.total / total if total else 0,
                "errors": round(window.amounts.get(("consumer_failures", labels), 0)),
            }
            for (name, labels), histogram in window.histograms.items()
            if name == "consumer_seconds" and histogram.number
        ]
        return sorted(found, key=lambda row: -row["p95"])[:MAX_CONSUMERS]

    def _describe_now(self, reports, step: Step, state: Mapping[str, Any]) -> dict[str, Any]:
        replies = step.sum_histograms("interface_reply_seconds")
        interfaces = [report for report in reports if report.get("kind") == "interface"]
        busy = [process["busy"] for process in state["processes"] if process.get("busy") is not None]
        return {
            "people": self._count_people(),
            "sockets": sum(report.get("connections", 0) - report.get("polls", 0) for report in interfaces),
            "polls": sum(report.get("polls", 0) for report in interfaces),
            "received": step.sum_rates("interface_frames", "in"),
            "sent": step.sum_rates("interface_frames", "out"),
            "reply_p50": replies.find_quantile(0.5),
            "reply_p95": replies.find_quantile(0.95),
            "reply_p99": replies.find_quantile(0.99),
            "delivery_p95": self._find_delivery(step).find_quantile(0.95),
            "busy": sum(busy) / len(busy) if busy else None,
        }

    @staticmethod
    def _find_delivery(step: Step) -> Histogram:
        """Return the times from a post to the last socket. If there are none, return the times of the writing alone."""
        whole = step.sum_histograms("interface_broadcast_seconds")
        return whole if whole.number else step.sum_histograms("interface_delivery_seconds")


def _count_recent(history: deque[dict[str, int]], now: dict[str, int], name: str) -> int:
    """Return how much the counter `name` has risen within the history. Add `now` to the history once."""
    if not history or history[-1] is not now:
        history.append(now)
    return max(0, now[name] - history[0].get(name, now[name]))


def _describe_window(window: Step) -> dict[str, Any]:
    """Return the numbers of the last five minutes for the conditions: durations (s), and rates in each second."""
    failures = sum(
        amount
        for (name, labels), amount in window.amounts.items()
        if name == "interface_responses" and labels[-1].startswith("5")
    )
    guesses = sum(window.sum_amounts("sign_in_failures", reason) for reason in ("wrong_password", "limited"))
    return {
        "reply_p95": window.sum_histograms("interface_reply_seconds").find_quantile(0.95),
        "delivery_p95": window.sum_histograms("interface_broadcast_seconds").find_quantile(0.95),
        "failed_responses": failures / WINDOW_SECONDS,
        "failed_sign_ins": guesses / WINDOW_SECONDS,
    }


def _describe_statements(window: Step, alias: str) -> dict[str, Any]:
    statements = window.sum_histograms("database_seconds", alias)
    errors = window.sum_amounts("database_errors", alias)
    return {"statements": round(statements.number), "p95": statements.find_quantile(0.95), "errors": round(errors)}


def _make_point(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of the charts."""
    now, queues, servers = state["now"], state["queues"], state["redis"]
    database = state["databases"][0] if state["databases"] else {}
    point = {
        "at": state["at"],
        **{name: now[name] for name in ("people", "sockets", "polls", "received", "sent", "busy")},
        **{name: now[name] for name in ("reply_p50", "reply_p95", "delivery_p95")},
        "pending": sum(queue["pending"] for queue in queues),
        "oldest": max((queue["oldest"] for queue in queues), default=None),
        "memory": sum(server["memory"] for server in servers) if servers else None,
        "trip": max((server["trip"] for server in servers), default=None),
        "database": database.get("p95"),
        "refused": sum(row["recent"] for row in state["refusals"]),
    }
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in point.items()}


def take_single_sample() -> Sample:
    """Return a sample without rates, for the page of a site whose monitor takes no samples."""
    return Sampler().take()

"""
Counts what this process does: counters and histograms in its memory.

The heartbeat of a worker reports them through Redis once a second, and an interface shows its own at `/metrics`. So a
message costs some updates of dictionaries here, and no command. This module sends nothing and knows no site.

Two threads may update the same number at the same moment, and then one update may be lost. A lock for each update would
cost more than the exact number is worth.
"""

from __future__ import annotations

import functools
import threading
import time
from bisect import bisect_left
from typing import Any, NamedTuple, Tuple

# The upper bounds of the buckets, in seconds. Each bucket is a series of its own for each process and label.
BOUNDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)
# More combinations of labels of one metric share the label OTHER. Otherwise a fault could fill memory and Redis.
MAX_SERIES = 100
OTHER = "other"

# A name for `tuple[str, ...]`, which Python 3.8 cannot evaluate.
Labels = Tuple[str, ...]


class Description(NamedTuple):
    """What a metric means, the names of its labels, and whether it is a histogram."""

    help_text: str
    label_names: Labels = ()
    is_histogram: bool = False


class Histogram:
    """Durations: how many are in each bucket of BOUNDS and above them, and their sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Add a duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Counters:
    """The counters and histograms of one process, each with its labels."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[Labels, float]] = {}
        self._histograms: dict[str, dict[Labels, Histogram]] = {}
        self._lock = threading.Lock()  # for new series only

    def add(self, name: str, labels: Labels = (), amount: float = 1) -> None:
        """Add to a counter."""
        try:
            self._counts[name][labels] += amount
        except KeyError:
            with self._lock:
                series = self._counts.setdefault(name, {})
                labels = _bound(series, labels)
                series[labels] = series.get(labels, 0) + amount

    def observe(self, name: str, seconds: float, labels: Labels = ()) -> None:
        """Add a duration to a histogram."""
        try:
            histogram = self._histograms[name][labels]
        except KeyError:
            with self._lock:
                series = self._histograms.setdefault(name, {})
                histogram = series.setdefault(_bound(series, labels), Histogram())
        histogram.observe(seconds)

    def read(self) -> dict[str, list[list[Any]]]:
        """Return {name: [[labels, value], ...]} for JSON. The value of a histogram is [counts of buckets, sum]."""
        with self._lock:
            found = {
                name: [[labels, value] for labels, value in series.items()] for name, series in self._counts.items()
            }
            for name, histograms in self._histograms.items():
                found[name] = [[labels, [list(one.counts), one.total]] for labels, one in histograms.items()]
            return found

    def forget(self) -> None:
        """Delete all counters and histograms. Only tests call this."""
        self._counts.clear()
        self._histograms.clear()


def _bound(series: dict[Labels, Any], labels: Labels) -> Labels:
    """Return the labels of a new series. Above MAX_SERIES, return the labels of the shared series."""
    return labels if labels in series or len(series) < MAX_SERIES else (OTHER,) * len(labels)


_descriptions: dict[str, Description] = {}
_counters = Counters()
add, observe, read, forget = _counters.add, _counters.observe, _counters.read, _counters.forget


def describe(name: str, help_text: str, *label_names: str, is_histogram: bool = False) -> None:
    """
    Describe a metric: its name without the namespace of the site, what it means, and the names of its labels.

    Metrics without a description are not shown.
    """
    _descriptions[name] = Description(help_text, label_names, is_histogram)


def get_descriptions() -> dict[str, Description]:
    """Return {name: description} of all metrics that processes count."""
    return dict(_descriptions)


class Tally(threading.local):
    """The statements of the current message of a thread: how many there were, and their time in seconds."""

    statements, seconds = 0, 0.0

    def reset(self) -> None:
        """Begin a new message."""
        self.statements, self.seconds = 0, 0.0


tally = Tally()


def time_statement(alias: str, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Run a statement of the database and count its time, or its error, by the alias of the connection."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    except Exception as error:
        add("database_errors", (alias, type(error).__name__))
        raise
    finally:
        seconds = time.perf_counter() - began
        observe("database_seconds", seconds, (alias,))
        tally.statements += 1
        tally.seconds += seconds


def watch_connection(connection: Any, **kwargs: Any) -> None:
    """
    Count the statements of a connection to the database: a receiver of Django's signal `connection_created`.

    Django 1.11 has no wrappers for statements, so it counts nothing.
    """
    if hasattr(connection, "execute_wrappers") and not getattr(connection, "_statements_are_counted", False):
        connection._statements_are_counted = True
        connection.execute_wrappers.append(functools.partial(time_statement, connection.alias))


describe("consumer_seconds", "Time that a consumer takes", "channel", "consumer", is_histogram=True)
describe("consumer_failures", "Messages whose consumer raised an exception", "channel", "consumer")
describe("database_seconds", "Time of the statements of the database", "database", is_histogram=True)
describe("database_errors", "Statements of the database that failed", "database", "error")
describe("interface_frames", "Frames of websockets with content", "direction")
describe("interface_bytes", "Bytes of the content of websocket frames", "direction")
describe("interface_gathered", "Frames of websockets that were gathered, by what became of them", "result")
describe("interface_handshakes", "Handshakes of websockets", "result")
describe("interface_closes", "Websockets that have ended", "code", "by")
describe("interface_responses", "HTTP responses", "kind", "status")
describe("interface_response_seconds", "Time from a request to the start of its response", "kind", is_histogram=True)
describe("interface_reply_seconds", "Time from a frame to the next reply to its socket", is_histogram=True)
describe("interface_delivery_seconds", "Time to write a group's message to all local sockets", is_histogram=True)
describe(
    "interface_broadcast_seconds",
    "Time from the arrival of a frame or request to the write of its group message to the last local socket",
    is_histogram=True,
)

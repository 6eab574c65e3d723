"""
The reports of processes: through Redis, each process of a site tells operators that it is alive, and what it counts.

Workers and delay servers report with each heartbeat, and other processes every REPORT_SECONDS. The sorted set `reports`
has the names of all reports, so readers need not search the keys of Redis for them. A process that stops normally
removes its name. The name of a process that died stays for DEAD_SECONDS, so that operators see which one is missing.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import resource
import socket
import time
from typing import Any, Callable

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from . import counting, scripts
from .facts import describe_facts
from .log_throttle import LogThrottle
from .version import __version__

REPORT_SECONDS = 2  # between two reports of an interface or of a ProcessReport
REPORT_LEASE_SECONDS = 10
DEAD_SECONDS = 900
STATM = "/proc/self/statm"

_failures = LogThrottle(logging.getLogger(__name__), LogThrottle.ONCE)
_STARTED_AT = time.time()
_fields: dict[str, Callable[[], Any]] = {}


def add_to_reports(name: str, function: Callable[[], Any]) -> None:
    """
    Add a field to every report of this process: `function()`, which must be quick and return a value for JSON.

    The field is None if the function raises an exception, which is logged once. Other values than those of JSON become
    text.

    A site adds its own version in this way, for example. The field `more` of a report contains these fields.
    """
    _fields[name] = function


def describe_process(kind: str) -> dict[str, Any]:
    """
    Return the common fields of a report.

    `kind` is what the process does. `at` and `started_at` are seconds since the epoch. `cpu` is the CPU time of the
    process since its start (s). `memory` is in bytes, or None if the system does not say. `numbers` is what the process
    has counted. `open_files` is how many files it may open (-1: no limit). `facts` is what all processes of the site
    must have in common, and `more` has the fields of the site.
    """
    return {
        "kind": kind,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": _STARTED_AT,
        "at": time.time(),
        "cpu": time.process_time(),
        "memory": read_memory(),
        "transport": __version__,
        "python": platform.python_version(),
        "numbers": counting.read(),
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "facts": describe_facts(),
        "more": {name: _read_field(name, function) for name, function in _fields.items()},
    }


def _read_field(name: str, function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception:
        # The heartbeat that reports also renews the turn of its worker, so it must not end here.
        _failures.exception("The field %s of the reports cannot be read", name, key=name)
        return None


def name_process(kind: str) -> str:
    """Return the name of this process' report. After the report has expired, the name shows which process died."""
    return f"{kind}:{socket.gethostname()}.{os.getpid()}"


def read_memory() -> int | None:
    """Return the memory of this process that is in RAM (bytes), or None if the system does not say."""
    try:
        with open(STATM, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def make_command(layer: Any, name: str, report: dict[str, Any]) -> tuple[object, ...]:
    """
    Return the command for a report: it writes the report under the key `<prefix><name>`, and its name into `reports`.

    The command also removes the names of processes that died more than DEAD_SECONDS ago.
    """
    command: tuple[object, ...] = layer.command(
        scripts.REPORT, name, json.dumps(report, default=str), REPORT_LEASE_SECONDS, DEAD_SECONDS
    )
    return command


def make_end_command(prefix: str, name: str) -> tuple[object, ...]:
    """Return the command with which a process that stops normally removes its name."""
    return ("ZREM", f"{prefix}reports", name)


class ProcessReport:
    """The reports of a process of the site that is neither a worker nor an interface. `kind` is what it does."""

    def __init__(self, kind: str) -> None:
        self.layer = channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer
        self.kind = kind
        self.name = name_process(kind)
        self._next_at = 0.0

    def write(self) -> None:
        """
        Write a report if the last one is REPORT_SECONDS old. With a layer in memory, do nothing.

        Raise RedisError if Redis does not answer.
        """
        if not self.layer.is_shared or time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + REPORT_SECONDS
        self.layer.shards[0].call(make_command(self.layer, self.name, describe_process(self.kind)))

    def end(self) -> None:
        """Remove the name of this process, because it stops normally. Raise RedisError if Redis does not answer."""
        if self.layer.is_shared:
            self.layer.shards[0].call(make_end_command(self.layer.prefix, self.name))

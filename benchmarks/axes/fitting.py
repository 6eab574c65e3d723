"""
Say whether a level fits on this machine. Pure, except `Capacity.read`.
"""

import os
import resource
from pathlib import Path
from typing import NamedTuple

from benchmarks.scenarios import Scenario
from benchmarks.stacks import Stack

RESERVED_FILES = 500
PROCESS_MB = 120
SOCKET_MB = 0.1  # in the server and the generator together; the largest server that was measured needs 0.034
MESSAGE_MB = 0.001  # the database and its copy in the cache of the kernel


class Capacity(NamedTuple):
    """What the machine has: cores, free memory, and how many files one process may open."""

    cores: int
    memory_mb: int
    files: int

    @classmethod
    def read(cls) -> "Capacity":
        """Return the capacity of this machine now."""
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        memory_mb = int(lines["MemAvailable"].split()[0]) // 1024
        return cls(len(os.sched_getaffinity(0)), memory_mb, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def find_misfit(scenario: Scenario, stack: Stack, capacity: Capacity) -> str:
    """Return why this machine cannot run a scenario on a stack, or an empty text."""
    sockets = scenario.sockets + scenario.idle
    # The generator holds only the sockets that take part.
    files = RESERVED_FILES + max(-(-sockets // stack.holders), scenario.sockets)
    if files > capacity.files:
        return f"{sockets:,} sockets need {files:,} open files in a process, and the limit is {capacity.files:,}"
    memory = (stack.holders + stack.workers) * PROCESS_MB + sockets * SOCKET_MB + scenario.history * MESSAGE_MB
    if memory > capacity.memory_mb:
        return f"this needs about {memory:,.0f} MB of memory, and {capacity.memory_mb:,} MB are free"
    return ""


def find_remark(stack: Stack, capacity: Capacity) -> str:
    """Return a remark if a stack has more processes of a kind than there are cores, or an empty text."""
    for kind, count in (("workers", stack.workers), (f"{stack.holder}s", stack.holders)):
        if count > capacity.cores:
            return (
                f"{stack.name} with {count} {kind} on {capacity.cores} cores: "
                "the CPU time counts, but p50 contains the waiting for a core"
            )
    return ""

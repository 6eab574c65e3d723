"""
Hold the idle sockets of a stack in further generator processes, so that they cost the measuring generator nothing.

Each process has a loopback address of its own, because a pair of addresses has only 28,000 ports.
"""

import contextlib
import json
import select
import subprocess
import sys
import time

from benchmarks import running, stacks
from benchmarks.measuring import CannotMeasure

MOST_SOCKETS = 8000  # of one process
FIRST_ADDRESS = 2  # 127.0.0.1 is the measuring generator's
STOP_SECONDS = 5


class IdleSockets:
    """A context manager: the idle sockets of a running stack. They stay open from one level to the next."""

    def __init__(self, site, cookies: list[str], settle_seconds: float):
        self.site, self.cookies, self.settle_seconds = site, cookies, settle_seconds
        self.processes: list[subprocess.Popen] = []
        self.open = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    def grow(self, clients: list[tuple[str, int]], seconds: float) -> bool:
        """
        Open the sockets of these clients that are not open yet. Return whether all are open within `seconds`.

        Raise CannotMeasure if one cannot be opened.
        """
        missing, started = clients[self.open :], []
        for first in range(0, len(missing), MOST_SOCKETS):
            started.append(self._start(missing[first : first + MOST_SOCKETS]))
        deadline = time.monotonic() + seconds
        for process in started:
            if not select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                return False
            self._read(process)
        self.open = len(clients)
        return True

    def _start(self, clients):
        plan = {
            "urls": self.site.urls,
            "dialect": self.site.stack.dialect,
            "clients": clients,
            "cookies": self.cookies,
            "settle": self.settle_seconds,
            "local_address": f"127.0.0.{FIRST_ADDRESS + len(self.processes)}",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.generator.holding"],
            cwd=stacks.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
            preexec_fn=running.die_with_parent,
        )
        self.processes.append(process)
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        return process

    def count_closed(self) -> int:
        """Return how many of the sockets the server has closed."""
        closed = 0
        for process in self.processes:
            # A process that has ended cannot take the question, and has no answer.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write("\n")
                process.stdin.flush()
            closed += self._read(process)
        return closed

    @staticmethod
    def _read(process) -> int:
        line = process.stdout.readline()
        if not line:
            raise CannotMeasure("a generator of idle sockets has ended")
        return int(line)

    def stop(self) -> None:
        """Close all sockets, and end the processes. It may be called twice."""
        for process in self.processes:
            # The end of its input tells a process to end.
            with contextlib.suppress(OSError):
                process.stdin.close()
        for process in self.processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        self.processes, self.open = [], 0

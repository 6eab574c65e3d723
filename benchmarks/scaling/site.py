"""
Start and stop a site: Redis servers, interfaces and workers, on one database. This module measures nothing.

No process outlives the run: Linux kills every process when its parent ends.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import meters, running, stacks
from benchmarks.scaling.counters import RedisConnection, cpu_us, memory_mb, postgres_figures

START_SECONDS = 60
STOP_SECONDS = 10
LOOK_SECONDS = 0.4
REQUESTS_PER_WORKER = 4  # at once; with fewer, one worker might answer all of them
BUSY_SHARE = 0.2  # of a core; a process that uses less has finished starting
ROLES = ("interface", "worker", "redis", "database")


class Shape(NamedTuple):
    """How many processes of each kind a site has."""

    interfaces: int = 2
    workers: int = 2
    shards: int = 2
    helpers: bool = False  # the monitor and the delay server

    @property
    def words(self) -> str:
        return f"{self.interfaces} interfaces, {self.workers} workers, {self.shards} Redis servers"


class RunningSite:
    """A context manager: one site of a shape on a database and a network."""

    def __init__(self, shape: Shape, database, network):
        self.shape, self.database, self.network = shape, database, network
        self.processes: list[tuple[str, subprocess.Popen]] = []
        self.urls: list[str] = []
        self.ports: list[int] = []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="chat-scale-site-"))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def _start(self):
        binary = running.valkey_binary()
        self.redis_ports = [running.free_port() for _ in range(self.shape.shards)]
        self.environment = self.database.environment(
            ",".join(f"redis://127.0.0.1:{port}/0" for port in self.redis_ports),
            ALLOWED_HOSTS=",".join({*self.network.hosts, "127.0.0.1"}),
        )
        for number, port in enumerate(self.redis_ports):
            folder = self.folder / f"redis-{number}"
            folder.mkdir()
            options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
            self._open("redis", [binary, "--port", port, "--maxclients", "10000", *options])
        for port in self.redis_ports:
            self._wait_for_port("127.0.0.1", port)
        manage = [stacks.PRODUCT_PYTHON, "manage.py"]
        for number in range(self.shape.interfaces):
            host, port = self.network.hosts[number % len(self.network.hosts)], running.free_port()
            self.urls.append(f"ws://{host}:{port}")
            self._open("interface", [*manage, "interface", "--bind", host, "--port", port])
        for _ in range(self.shape.workers):
            self._open("worker", [*manage, "runworker"])
        if self.shape.helpers:
            self.start_helpers()
        for url in self.urls:
            self._wait_for_port(*self._address(url))
        self.wait_until_idle()

    @staticmethod
    def _address(url):
        host, _, port = url.removeprefix("ws://").rpartition(":")
        return host, int(port)

    def _open(self, role, command):
        with open(self.folder / f"process-{len(self.processes)}.log", "wb") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=stacks.ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=running.die_with_parent,
            )
        self.processes.append((role, process))

    def _wait_for_port(self, host, port):
        deadline = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as probe:
                probe.settimeout(2)
                if probe.connect_ex((host, port)) == 0:
                    return
            self.check_alive()
            if time.monotonic() > deadline:
                raise running.CannotStart(f"nothing listens at {host}:{port} after {START_SECONDS} s:\n{self.logs()}")
            time.sleep(0.05)

    def wait_until_idle(self) -> None:
        """
        Wait until no process is busy, for at most START_SECONDS. Raise CannotStart if a process has ended.

        A worker has no port to probe, and the disconnects of many sockets take time.
        """
        deadline, is_busy = time.monotonic() + START_SECONDS, True
        while is_busy and time.monotonic() < deadline:
            before = [meters.cpu_seconds(process.pid) for _, process in self.processes]
            time.sleep(LOOK_SECONDS)
            after = [meters.cpu_seconds(process.pid) for _, process in self.processes]
            is_busy = any(b - a > BUSY_SHARE * LOOK_SECONDS or not b for a, b in zip(before, after, strict=True))
            self.check_alive()

    # These methods are for the time while the site runs.

    def start_helpers(self) -> None:
        """Start the monitor and the delay server."""
        manage = [stacks.PRODUCT_PYTHON, "manage.py"]
        self._open("monitor", [*manage, "monitor"])
        self._open("delay", [*manage, "rundelay"])

    def check_alive(self) -> None:
        """Raise CannotStart if a process has ended."""
        for number, (role, process) in enumerate(self.processes):
            if process.poll() is not None:
                raise running.CannotStart(
                    f"the {role} {number} ended with {process.returncode}:\n{self.log(number)[-running.LOG_TAIL :]}"
                )

    def log(self, number: int) -> str:
        return (self.folder / f"process-{number}.log").read_text(errors="replace")

    def logs(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(self.log(number)[-500:] for number in range(len(self.processes)))

    def errors(self) -> list[str]:
        """Return the line with the exception of each traceback in the logs."""
        texts = [self.log(number) for number in range(len(self.processes))]
        return [error for text in texts for error in running.TRACEBACK.findall(text)]

    def pids(self) -> list[tuple[str, int]]:
        """Return the role and the id of each process, with those of the database."""
        found = [(role, process.pid) for role, process in self.processes]
        return found + [("database", pid) for pid in self.database.pids()]

    def memory_mb(self) -> dict[str, float]:
        """Return the memory of each role in MB."""
        found: dict[str, float] = {}
        for role, pid in self.pids():
            found[role] = round(found.get(role, 0) + memory_mb(pid), 1)
        return found

    def read_counters(self, begins: bool) -> dict:
        """
        Return what the site has used so far. `cpu` has microseconds by (role, id).

        `begins`: whether the measured time begins after this call, and not before it.

        The questions to Redis and PostgreSQL cost CPU time too, so this method asks them outside of the measured time.
        """
        found: dict = {}
        if begins:
            self._let_workers_query()
            found["postgres"] = postgres_figures(self.database.url)
            self._ask_servers(found)
        found["cpu"] = self.read_cpu()
        found["at"] = time.perf_counter()
        if not begins:
            self._ask_servers(found)
            self._let_workers_query()
            found["postgres"] = postgres_figures(self.database.url)
        return found

    def read_cpu(self) -> dict[tuple[str, int], float]:
        """Return the CPU time so far in microseconds by (role, id)."""
        return {(role, pid): cpu_us(pid) for role, pid in self.pids()}

    def _ask_servers(self, found):
        found["wire"] = self.network.read_bytes()
        found["redis"] = []
        for port in self.redis_ports:
            connection = RedisConnection(port)
            found["redis"].append(connection.info())
            connection.close()

    def _let_workers_query(self):
        """
        Let every worker run a query, so that PostgreSQL's counters are current.

        A connection reports its counters at the end of a transaction, at most once a second. Without a further
        transaction, it reports them ten seconds later.
        """
        if self.database.kind != "postgresql":
            return
        for _ in range(2):
            with contextlib.ExitStack() as stack:
                sockets = [
                    stack.enter_context(socket.create_connection((host, port), START_SECONDS))
                    for host, port in [self._address(self.urls[0])] * REQUESTS_PER_WORKER * self.shape.workers
                ]
                for each in sockets:
                    each.sendall(b"GET /api/rooms/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                for each in sockets:
                    each.recv(1000)

    # This method ends the site.

    def stop(self) -> None:
        """Stop every process, the Redis servers last, and remove the folder. It may be called twice."""
        for _, process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in reversed(self.processes):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.processes = []
        shutil.rmtree(self.folder, ignore_errors=True)

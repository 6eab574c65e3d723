"""
Read what a site has used so far: CPU time of each role, commands and bytes of Redis, rows and log of PostgreSQL, bytes
on the wire, memory. Linux only; this module changes nothing.
"""

import contextlib
import os
import socket
import subprocess
from pathlib import Path

from benchmarks import meters

REDIS_SECONDS = 10
MOST_LOGGED = 20_000  # scripts
DEFAULT_LOGGED_US = "10000"
COMMANDS, BYTES_IN, BYTES_OUT = "total_commands_processed", "total_net_input_bytes", "total_net_output_bytes"
STATISTICS = """
SELECT xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted,
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')
FROM pg_stat_database WHERE datname = current_database()
"""


def cpu_us(pid: int) -> float:
    """Return the CPU time of a process with its threads in microseconds; 0 if the process is gone."""
    total = 0
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            # The scheduler counts nanoseconds; the fields of `stat` have steps of 10 ms.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += int(Path(task.path, "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return meters.cpu_seconds(pid) * 1e6
    return total / 1000


def children(parent: int) -> list[int]:
    """Return the ids of the processes that a process has started and that still run."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            fields = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(name))
    return found


def memory_mb(pid: int) -> float:
    """Return the memory that would be free again if the process ended, in MB; 0 if the process is gone."""
    try:
        return meters.memory_kb(pid)["uss"] / 1024
    except (OSError, KeyError):
        return 0.0


class RedisConnection:
    """A connection to one Redis server. The generator's environment has no Redis client."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), REDIS_SECONDS)
        self.file = self.socket.makefile("rb")

    def call(self, *words: str):
        """Run a command, and return its answer: bytes, an integer, or a list of answers."""
        self.socket.sendall(" ".join(words).encode() + b"\r\n")
        return self._read()

    def _read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2] if rest != b"-1" else b""
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def info(self) -> dict[str, int]:
        """Return the integers in the sections `stats` and `memory` of INFO."""
        found = {}
        for line in (self.call("INFO", "stats") + self.call("INFO", "memory")).decode().splitlines():
            name, _, value = line.partition(":")
            with contextlib.suppress(ValueError):
                found[name] = int(value)
        return found

    def begin_log(self) -> None:
        """Let the server log the time of each script."""
        self.call("CONFIG", "SET", "slowlog-max-len", str(MOST_LOGGED))
        self.call("CONFIG", "SET", "slowlog-log-slower-than", "0")
        self.call("SLOWLOG", "RESET")

    def end_log(self, prefix: bytes) -> tuple[int, int]:
        """Return the time of the logged scripts in us: (those whose first key has the prefix, all others)."""
        self.call("CONFIG", "SET", "slowlog-log-slower-than", DEFAULT_LOGGED_US)
        with_prefix = others = 0
        for _, _, microseconds, words, *_ in self.call("SLOWLOG", "GET", str(MOST_LOGGED)):
            if words[0].lower() not in (b"evalsha", b"eval"):
                continue
            if len(words) > 3 and words[3].startswith(prefix):
                with_prefix += microseconds
            else:
                others += microseconds
        self.call("SLOWLOG", "RESET")
        return with_prefix, others

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def postgres_figures(url: str) -> dict[str, int] | None:
    """Return transactions, changed rows and bytes of the log of a PostgreSQL database; None without figures."""
    if not url.startswith("postgres"):
        return None
    done = subprocess.run(
        ["psql", url, "-AtX", "-F", " ", "-c", STATISTICS], capture_output=True, text=True, timeout=REDIS_SECONDS
    )
    if done.returncode:
        return None
    transactions, rows, log = done.stdout.split()
    return {"transactions": int(transactions), "rows": int(rows), "log_bytes": int(float(log))}

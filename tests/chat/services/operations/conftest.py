"""A site of fake processes, whose reports a test writes."""

import time

import pytest

from channels_transport.site_state import BOUNDS
from chat.services.operations import sampling

NO_COUNTS = [0] * (len(BOUNDS) + 1)


def make_histogram(**counts):
    """
    Return a histogram for a report: `make_histogram(b2=5, total=0.1)` has five durations in the third bucket.

    `total` is the sum of the durations in seconds.
    """
    total = counts.pop("total", 0)
    return [[counts.get(f"b{index}", 0) for index in range(len(NO_COUNTS))], total]


class FakeSite:
    """The processes, queues and servers that the sampler sees. A test changes the lists."""

    def __init__(self):
        self.now = time.time()
        self.processes, self.queues, self.servers = [], [], []

    def report(self, kind, pid, numbers=None, **fields):
        """Replace the report of a process."""
        name = f"{kind}:machine.{pid}"
        self.processes = [report for report in self.processes if report["name"] != name]
        common = {"name": name, "kind": kind, "host": "machine", "pid": pid, "at": self.now, "memory": 10**8}
        more = {"release": "one", **fields.pop("more", {})}
        counted = {"numbers": numbers or {}, "cpu": 0.0, "busy_since": None, "silent_seconds": 0.1}
        self.processes.append({**common, **counted, "started_at": self.now - 60, "more": more, **fields})

    def describe_own(self, kind):
        """Return the report of the process that takes the samples."""
        common = {"kind": kind, "host": "machine", "pid": 999, "at": self.now, "started_at": self.now - 100}
        return {**common, "numbers": {}, "cpu": 0.0, "memory": 10**8, "more": {"release": "one"}}

    def die(self, kind, pid, silent):
        """Replace the report of a process by its name alone, as if the report had expired in Redis."""
        name = f"{kind}:machine.{pid}"
        self.processes = [report for report in self.processes if report["name"] != name]
        self.processes.append({"name": name, "silent_seconds": silent})

    def pass_by(self, seconds):
        """Let time pass for the reports that follow."""
        self.now += seconds


@pytest.fixture
def site(monkeypatch):
    """Return a FakeSite with a worker, a queue and a Redis server, which replaces the transport for the sampler."""
    site = FakeSite()
    counters = {"sent": 0, "expired": 0, "full": 0, "lost": 0}
    queue = {"channel": "jobs", "pending": 0, "oldest": 0, "capacity": 100, **counters}
    server = {"server": "redis:6379", "version": "7", "memory": 10, "limit": 0, "clients": 3, "evicted": 0, "trip": 0}
    site.queues, site.servers = [queue], [server]
    monkeypatch.setattr(sampling, "is_shared", lambda: True)
    monkeypatch.setattr(sampling, "read_processes", lambda: list(site.processes))
    monkeypatch.setattr(sampling, "read_queues", lambda: [dict(queue) for queue in site.queues])
    monkeypatch.setattr(sampling, "read_servers", lambda: [dict(server) for server in site.servers])
    monkeypatch.setattr(sampling, "describe_process", site.describe_own)
    site.report("worker", 1, channels=["jobs"])
    return site

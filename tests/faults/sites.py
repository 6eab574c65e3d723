"""A site for the fault tests, with short leases, additional interfaces, and a clock that a test can move."""

import asyncio
import contextlib
import os
import re
import signal
import time
from pathlib import Path
from typing import NamedTuple

import redis

from tests.live.processes import START_SECONDS, Site, answers, wait_until
from tests.valkey import free_port

FAKETIME = next(
    (
        path
        for path in map(
            Path,
            (
                "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
                "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
                "/usr/lib/faketime/libfaketimeMT.so.1",
            ),
        )
        if path.exists()
    ),
    None,
)

# This pattern matches the place before each log record.
RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ )", re.MULTILINE)


class Size(NamedTuple):
    """The size of a test: the full size, or one that lets all tests end within four minutes."""

    name: str
    heartbeat: float  # seconds between two heartbeats of a client
    lease: int  # seconds after which presence ends without a heartbeat
    catch_up: float  # seconds after a fault within which all tabs are complete

    @property
    def is_full(self):
        return self.name == "full"

    def pick(self, short, full):
        """Return one of two values, by the size of the test."""
        return full if self.is_full else short


# After a fault, it may take until the next heartbeat to detect the loss of a room's last message.
SHORT = Size("short", heartbeat=4, lease=12, catch_up=30)
FULL = Size("full", heartbeat=25, lease=75, catch_up=45)


class FaultSite(Site):
    """
    A site whose `start()` restarts killed processes and continues stopped ones.

    `size` sets the leases. `clock` enables `set_clock`. `database` replaces the copy of the template.
    """

    def __init__(self, size=SHORT, database=None, clock=False, **environment):
        self.size = size
        self.others = []
        self._spare_database = None
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "FAULT_LEASE_SECONDS": str(size.lease),
            **environment,
        }
        if database is not None:
            environment["DATABASE_URL"] = database.url
        super().__init__(**environment)
        if database is not None:
            # The environment already names this database. `stop` drops the unused copy of the template.
            self._spare_database, self.database = self.database, database
        if clock:
            self._give_clock()

    def _give_clock(self):
        self.clock = self.folder / "clock"
        self.set_clock("+0")
        fake_clock = {
            # The monotonic clock does not change, as when an operator or ntpd moves the wall clock.
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        for part in self.parts:
            part.environment.update(fake_clock)

    def set_clock(self, offset):
        """Move the clock of all processes at once: "+25h", "-25h", "+0" (in libfaketime's format)."""
        fresh = self.clock.with_suffix(".fresh")
        fresh.write_text(f"{offset}\n")
        os.replace(fresh, self.clock)

    @property
    def parts(self):
        return [*super().parts, *self.others]

    @property
    def mortal_parts(self):
        """Return the processes of the site, without Redis and the database."""
        return [part for part in self.parts if part is not self.valkey]

    def add_interface(self):
        """Return another interface with a `url` of its own. `start()` starts it."""
        port = free_port()
        part = self.make_part(f"web-{len(self.others) + 2}", "interface", "--port", str(port))
        part.url = f"http://127.0.0.1:{port}"
        self.others.append(part)
        return part

    def start(self):
        for part in self.parts:
            if part.is_running:
                os.kill(part.pid, signal.SIGCONT)
        super().start()
        for part in self.others:
            wait_until(lambda part=part: answers(f"{part.url}/readyz", 10), START_SECONDS, part.name)
        return self

    def stop(self):
        if self._spare_database is not None:
            self._spare_database.drop()
            self._spare_database = None
        super().stop()

    def redis(self):
        return redis.StrictRedis.from_url(self.redis_url, socket_timeout=20)

    def wait_for_redis(self):
        def is_there():
            with contextlib.suppress(redis.RedisError):
                return self.redis().ping()

        return wait_until(is_there, START_SECONDS, "Redis")

    def room_offset(self, slug):
        return self.database.query('SELECT "offset" FROM chat_room WHERE slug = %s', slug)[0][0]


def restart(part):
    """Kill a part and start it again, as a supervisor does. Return the seconds until it logged that it listens."""
    part.kill()
    return start_and_wait(part)


def start_and_wait(part, cue="Listening on"):
    """Start a part that has ended. Return the seconds until it logged `cue`."""
    size = part.log.stat().st_size
    started = time.monotonic()
    part.start()
    part.wait_until_logged(cue, size)
    return time.monotonic() - started


@contextlib.contextmanager
def all_survive(site):
    """Check that all processes of the site except Redis survive the `with` block."""
    parts = site.mortal_parts
    pids, sizes = [part.pid for part in parts], site.log_sizes()
    yield
    assert all(part.is_running for part in parts), site.logs(sizes)
    assert [part.pid for part in parts] == pids


def records(site, sizes):
    """Return {part's name: its log records since `sizes`}. A record includes its traceback."""
    logs = {part.name: part.read_log(sizes.get(part.log, 0)) for part in site.mortal_parts}
    return {name: [entry for entry in RECORD.split(text) if RECORD.match(entry)] for name, text in logs.items()}


def pause(part):
    os.kill(part.pid, signal.SIGSTOP)


def resume(part):
    os.kill(part.pid, signal.SIGCONT)


@contextlib.asynccontextmanager
async def supervised(site):
    """Restart processes that end within the `with` block, as a supervisor does."""

    async def watch():
        while True:
            for part in site.parts:
                if not part.is_running:
                    part.start()
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        results = await asyncio.gather(watching, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError), results

"""Helpers of the transport's live tests: sockets that tell consumers what to do, time limits, and checks."""

import asyncio
import contextlib
import itertools
import json
import time
import types

from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.client import Person
from tests.live.processes import START_SECONDS

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.channels_transport.site.settings"}
# The longest interruption of a connection that lost a message: 5 s (tests/channels_transport/test_worker.py checks
# the sum), and a margin for a busy machine.
RESUME_SECONDS = 15
# A connection waits at least three seconds for a lost turn: a lease minus a heartbeat. Other connections wait less.
PROMPT_SECONDS = 2.8
# A process that waits five seconds for a message must stop before that wait ends.
STOP_SECONDS = 4.5
# After Redis answers again, some processes wait for five more seconds. The rest is a margin.
RECOVERY_SECONDS = 25
# A limit for results that have no time limit of their own.
LIMIT_SECONDS = 60

names = (f"room-{number}" for number in itertools.count(1))
numbers = itertools.count(1)


@contextlib.contextmanager
def running(part):
    """Run a process within a `with` block."""
    try:
        yield part.start()
    finally:
        part.kill()


def open_socket(site, room=None, url=None, **options):
    """Return a websocket (an async context manager) in the group of a room; by default of a new room."""
    person = Person(types.SimpleNamespace(url=url or site.url))
    return person.socket(f"/{room or next(names)}/", close_timeout=1, **options)


async def send(socket, do, **frame):
    await socket.send(json.dumps({"do": do, **frame}))


async def receive(socket, seconds=LIMIT_SECONDS):
    async with asyncio.timeout(seconds):
        return json.loads(await socket.recv())


async def ask(socket, do="echo", seconds=LIMIT_SECONDS, **frame):
    await send(socket, do, **frame)
    return await receive(socket, seconds)


async def occupy_worker(socket, site, **frame):
    """Make a worker run a frame of this socket. Return (the worker, a function that lets it finish)."""
    go = site.folder / f"go-{next(numbers)}"
    pid = (await ask(socket, "hold", until=str(go), **frame))["held"]
    return next(worker for worker in site.workers if worker.pid == pid), go.touch


async def is_silent(socket, seconds=0.3):
    """Return True if no message arrives. Raise AssertionError if one arrives."""
    with contextlib.suppress(TimeoutError):
        raise AssertionError(f"unexpected: {await receive(socket, seconds)}")
    return True


@contextlib.asynccontextmanager
async def other_clients(site, count=3, seconds=PROMPT_SECONDS):
    """Keep other connections busy, each in its own room. At the end, check that none waited longer than `seconds`."""
    waits = []

    async def chatter():
        async with open_socket(site) as socket:
            for number in itertools.count():
                started = time.monotonic()
                assert (await ask(socket, number=number))["number"] == number
                waits.append(time.monotonic() - started)
                await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(chatter()) for _ in range(count)]
    await wait(lambda: len(waits) >= count)
    try:
        yield
    finally:
        failed = [task.exception() for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not failed
    assert max(waits) < seconds


async def keep_busy(socket, outstanding=8):
    """Send frames without end, with `outstanding` unanswered, and check the order of the answers."""
    for number in range(outstanding):
        await send(socket, "echo", number=number)
    for number in itertools.count():
        assert (await receive(socket))["number"] == number
        await send(socket, "echo", number=number + outstanding)


async def wait(is_true, seconds=LIMIT_SECONDS, what="it"):
    """Wait until `is_true()` returns a true value, and return this value. Raise AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := is_true()):
        assert time.monotonic() < deadline, f"{what} was not true within {seconds} s"
        await asyncio.sleep(0.02)
    return answer


async def restart(worker):
    """Start a worker that has stopped, and return when it receives messages."""
    start = worker.log.stat().st_size
    worker.start()
    await wait(lambda: "Listening" in worker.read_log(start), START_SECONDS, "a worker that listens")


async def wait_for_new_socket(site):
    """Open new sockets until one works, and return how many seconds that took."""
    started = time.monotonic()
    while True:
        with contextlib.suppress(TimeoutError, OSError, InvalidStatus, ConnectionClosed):
            async with open_socket(site, open_timeout=5) as socket:
                await ask(socket, "join", seconds=5)
                await send(socket, "broadcast", hello=True)
                assert await receive(socket, 5) == {"hello": True}
                return time.monotonic() - started
        assert time.monotonic() - started < LIMIT_SECONDS, "no new socket works"
        await asyncio.sleep(0.1)


@contextlib.contextmanager
def all_survive(site, most_lines=40):
    """Check that workers and interface survive the `with` block, and that their logs stay short."""
    parts = [site.web, *site.workers]
    pids, sizes = [part.pid for part in parts], site.log_sizes()
    yield
    assert all(part.is_running for part in parts), site.logs(sizes)
    assert [part.pid for part in parts] == pids
    for part in parts:
        assert len(part.read_log(sizes[part.log]).splitlines()) <= most_lines, part.read_log(sizes[part.log])


def other_worker(site, worker):
    """Return a worker of the site that is not this worker."""
    return next(other for other in site.workers if other is not worker)

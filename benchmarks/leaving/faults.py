"""The faults: what happens to a site while people talk. Each is a coroutine that gets the site and its Redis."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.leaving.sites import RESTART_SECONDS

HANG_SECONDS = 5
REDIS_DOWN_SECONDS = 2


async def nothing(site, redis):
    """Do nothing: no fault happens."""


async def kill_and_restart(process, seconds=RESTART_SECONDS):
    await asyncio.to_thread(process.kill)
    await asyncio.sleep(seconds)
    process.start()
    await asyncio.to_thread(process.wait_until_started)


async def kill_consumers(site, redis):
    """Kill a process that runs consumers: a worker, or a Daphne process of Channels 4."""
    await kill_and_restart((site.workers or site.fronts)[0])


async def kill_front(site, redis):
    """Kill a process that holds sockets."""
    await kill_and_restart(site.fronts[0])


async def kill_redis(site, redis):
    """Kill Redis. It comes back without its data. A supervisor starts the processes that end because of it."""
    watching = asyncio.create_task(supervise(site))
    await kill_and_restart(redis, REDIS_DOWN_SECONDS)
    await asyncio.sleep(HANG_SECONDS)
    watching.cancel()


async def supervise(site):
    while True:
        for process in site.processes:
            if not process.is_running:
                await asyncio.sleep(RESTART_SECONDS)
                process.start()
        await asyncio.sleep(0.1)


async def hang(site, redis):
    """Stop a process that holds sockets for some seconds, so that its channel fills."""
    os.kill(site.fronts[0].pid, signal.SIGSTOP)
    await asyncio.sleep(HANG_SECONDS)
    os.kill(site.fronts[0].pid, signal.SIGCONT)


class Fault(NamedTuple):
    """
    One fault. Each speaker sends `rate` messages per second, or `burst` messages at once if it is not 0. Each message
    ends with `padding`. With `slow`, one more person is there, who reads nothing.
    """

    name: str
    title: str
    run: Callable
    rate: float = 5
    burst: int = 0
    padding: str = "x" * 20
    slow: bool = False
    capacity: int = 20000


ALL = [
    Fault("none", "no fault", nothing),
    Fault("consumers", "a process that runs consumers is killed", kill_consumers),
    Fault("front", "a process that holds sockets is killed", kill_front),
    Fault("redis", "Redis is killed, and comes back empty after 2 s", kill_redis),
    Fault("hang", "a process that holds sockets hangs for 5 s, capacity 100", hang, capacity=100),
    Fault("burst", "10 people send 100 messages each at once, capacity 100", nothing, burst=100, capacity=100),
    Fault("burst-20000", "the same, capacity 20,000", nothing, burst=100),
    # JSON needs six bytes for this character.
    Fault("slow", "a client reads nothing, 1 MB/s", nothing, rate=4, padding="\u4e16" * 3900, slow=True),
]
BY_NAME = {fault.name: fault for fault in ALL}

"""
Faults of every kind, mixed at random, while twenty clients follow the contract in five rooms.

A seed decides the faults and their order. The test prints it, and FAULT_SEED=... repeats the run.
"""

import asyncio
import os
import random
import signal
import time

from tests.faults.clients import Chatter, fault_ref, report, until
from tests.faults.people import people_in_rooms
from tests.faults.sites import pause, resume, supervised

ROOMS, PEOPLE_IN_EACH = 5, 4


async def a_worker_is_killed(site, people, chance):
    chance.choice(site.workers).kill()


async def all_workers_are_killed(site, people, chance):
    for worker in site.workers:
        worker.kill()


async def an_interface_is_killed(site, people, chance):
    chance.choice([site.web, *site.others]).kill()


async def a_worker_stops(site, people, chance):
    await stop_in_order(chance.choice(site.workers))


async def an_interface_stops(site, people, chance):
    await stop_in_order(chance.choice([site.web, *site.others]))


async def stop_in_order(part):
    # A process that has just started does not handle signals yet.
    await until(lambda: part.is_running and handles_sigterm(part.pid), 30)
    code = await asyncio.to_thread(part.end, signal.SIGTERM, 25)
    assert code == 0, f"{part.name} ended with {code}"


def handles_sigterm(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            caught = next(line for line in file if line.startswith("SigCgt"))
    except OSError:
        return False
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))


async def a_worker_is_frozen(site, people, chance):
    await freeze(chance.choice(site.workers), chance.uniform(1, 6))


async def redis_is_frozen(site, people, chance):
    await freeze(site.valkey, chance.uniform(1, 6))


async def redis_is_killed(site, people, chance):
    site.valkey.kill()


async def redis_loses_its_data(site, people, chance):
    await asyncio.to_thread(site.wait_for_redis)
    await asyncio.to_thread(site.redis().flushall)


async def the_database_is_locked(site, people, chance):
    with site.database.locked():
        await asyncio.sleep(chance.uniform(1, 3))


async def connections_break(site, people, chance):
    for tab in chance.sample(people.tabs, 5):
        tab.cut()


async def a_frame_meets_its_fault(site, people, chance):
    fault = chance.choice(["dies-ack", "dies-early", "vanishes"])
    tab = chance.choice(people.tabs)
    await tab.send("post", ref=fault_ref(fault), body=f"{tab.person.handle}: {fault}")


async def everything_dies(site, people, chance):
    for part in site.parts:
        os.kill(part.pid, signal.SIGKILL)


FAULTS = [
    a_worker_is_killed,
    all_workers_are_killed,
    an_interface_is_killed,
    a_worker_stops,
    an_interface_stops,
    a_worker_is_frozen,
    redis_is_frozen,
    redis_is_killed,
    redis_loses_its_data,
    the_database_is_locked,
    connections_break,
    a_frame_meets_its_fault,
    everything_dies,
]


async def freeze(part, seconds):
    process = part.process
    pause(part)
    try:
        await asyncio.sleep(seconds)
    finally:
        if process.poll() is None:
            resume(part)


async def test_random_faults_cause_no_loss_no_duplicate_and_no_unanswered_frame(make_site, size):
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(10**9))
    print(f"FAULT_SEED={seed}", flush=True)
    chance = random.Random(seed)
    site = make_site()
    second = site.add_interface()
    site.start()
    injected = []
    async with people_in_rooms(site, ROOMS, PEOPLE_IN_EACH, urls=(None, second.url)) as people:
        chatters = [Chatter(tab, random.Random(chance.random()), pause=0.4) for tab in people.tabs]
        async with supervised(site):
            for chatter in chatters:
                chatter.start()
            deadline = time.monotonic() + size.pick(20, 300)
            # No fault is repeated before each fault was injected once. So a short run has as many faults as possible.
            pending = chance.sample(FAULTS, len(FAULTS))
            while time.monotonic() < deadline:
                fault = pending.pop() if pending else chance.choice(FAULTS)
                injected.append(fault.__name__)
                print(f"{time.strftime('%H:%M:%S')} {fault.__name__}", flush=True)
                await fault(site, people, chance)
                await asyncio.sleep(chance.uniform(0.2, 2.5))
            await asyncio.to_thread(site.start)
            for chatter in chatters:
                await chatter.stop()
            took = await people.check_complete()
    report(
        f"FAULT_SEED={seed}: {len(injected)} faults, {people.changes} changes of {len(people.tabs)} clients, complete"
        f" {took:.1f} s after the last fault"
    )

"""
Faults of every kind, mixed at random, while twenty clients keep the contract in five rooms.

What happens, and in which order, follows from a seed that is printed: FAULT_SEED=... runs it again.
"""

import asyncio
import os
import random
import signal
import time

from tests.faults.clients import Chatter, fault_ref, report, until
from tests.faults.company import company
from tests.faults.sites import go_on, pause, supervised

ROOMS, IN_EACH = 5, 4


async def a_worker_is_killed(site, people, chance):
    chance.choice(site.workers).kill()


async def all_workers_are_killed(site, people, chance):
    for worker in site.workers:
        worker.kill()


async def an_interface_is_killed(site, people, chance):
    chance.choice([site.web, *site.others]).kill()


async def a_worker_is_told_to_end(site, people, chance):
    await ends_in_order(chance.choice(site.workers))


async def an_interface_is_told_to_end(site, people, chance):
    await ends_in_order(chance.choice([site.web, *site.others]))


async def ends_in_order(part):
    # One that has just been started does not listen to signals yet.
    await until(lambda: part.is_running and listens_to_sigterm(part.pid), 30)
    code = await asyncio.to_thread(part.end, signal.SIGTERM, 25)
    assert code == 0, f"{part.name} ended with {code}"


def listens_to_sigterm(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            caught = next(line for line in file if line.startswith("SigCgt"))
    except OSError:
        return False
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))


async def a_worker_stands_still(site, people, chance):
    await stand_still(chance.choice(site.workers), chance.uniform(1, 6))


async def redis_stands_still(site, people, chance):
    await stand_still(site.valkey, chance.uniform(1, 6))


async def redis_is_killed(site, people, chance):
    site.valkey.kill()


async def redis_forgets(site, people, chance):
    await asyncio.to_thread(site.wait_for_redis)
    await asyncio.to_thread(site.redis().flushall)


async def the_database_is_locked(site, people, chance):
    with site.database.locked():
        await asyncio.sleep(chance.uniform(1, 3))


async def lines_break(site, people, chance):
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
    a_worker_is_told_to_end,
    an_interface_is_told_to_end,
    a_worker_stands_still,
    redis_stands_still,
    redis_is_killed,
    redis_forgets,
    the_database_is_locked,
    lines_break,
    a_frame_meets_its_fault,
    everything_dies,
]


async def stand_still(part, seconds):
    process = part.process
    pause(part)
    try:
        await asyncio.sleep(seconds)
    finally:
        if process.poll() is None:
            go_on(part)


async def test_random_faults_cause_no_loss_no_duplicate_and_no_unanswered_frame(make_site, size):
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(10**9))
    print(f"FAULT_SEED={seed}", flush=True)
    chance = random.Random(seed)
    site = make_site()
    second = site.add_interface()
    site.start()
    struck = []
    async with company(site, ROOMS, IN_EACH, urls=(None, second.url)) as people:
        chatters = [Chatter(tab, random.Random(chance.random()), pause=0.4) for tab in people.tabs]
        async with supervised(site):
            for chatter in chatters:
                chatter.start()
            deadline = time.monotonic() + size.pick(20, 300)
            # Each of them first, in an order of chance: a short run shall not leave out what it likes.
            coming = chance.sample(FAULTS, len(FAULTS))
            while time.monotonic() < deadline:
                fault = coming.pop() if coming else chance.choice(FAULTS)
                struck.append(fault.__name__)
                print(f"{time.strftime('%H:%M:%S')} {fault.__name__}", flush=True)
                await fault(site, people, chance)
                await asyncio.sleep(chance.uniform(0.2, 2.5))
            await asyncio.to_thread(site.start)
            for chatter in chatters:
                await chatter.stop()
            took = await people.catches_up_and_agrees()
    report(
        f"FAULT_SEED={seed}: {len(struck)} faults, {people.changes} changes of {len(people.tabs)} clients, complete"
        f" {took:.1f} s after the last fault"
    )

"""Run one fault on one site: start it, let people talk, inject the fault, wait until it is quiet, and count."""

import asyncio
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.leaving import counting, sites
from benchmarks.leaving.people import Person
from benchmarks.running import valkey_binary
from benchmarks.stacks import PRODUCT_PYTHON

PEOPLE, SPEAKERS = 30, 10
TALK_SECONDS, FAULT_AT_SECONDS = 12, 3
QUIET_SECONDS, MAX_DRAIN_SECONDS = 2, 30
PROBE_SECONDS = 3
FRONTS, WORKERS = 2, 2


def make_site(kind, folder, redis, fault):
    """Return a site with tables and people, and the keys of the people's sessions."""
    options = {"fronts": FRONTS, "CAPACITY": str(fault.capacity)}
    before = sites.Before(PRODUCT_PYTHON, folder, redis.url, workers=WORKERS, **options)
    after = sites.After(sites.AFTER_PYTHON, folder, redis.url, workers=0, **options)
    sites.make_tables(before, after)
    keys = sites.make_people(before, PEOPLE + 2)
    return {"before": before, "after": after}[kind], keys


def run(kind, fault):
    """Return the figures of one fault on the site `before` or `after`."""
    with tempfile.TemporaryDirectory(prefix="leaving-") as name:
        folder = Path(name)
        redis = sites.Redis(valkey_binary(), folder)
        site, keys = make_site(kind, folder, redis, fault)
        with sites.running(redis, site):
            # Workers have no port to wait for.
            time.sleep(2)
            figures = asyncio.run(talk(site, redis, keys, fault))
            figures["exceptions"] = sum(process.count_tracebacks() for process in site.processes)
            return figures


async def talk(site, redis, keys, fault):
    urls = [site.url(number) for number in range(FRONTS)]
    people = [
        Person(urls[number % FRONTS :] + urls[: number % FRONTS], keys[number], f"p{number}")
        for number in range(PEOPLE)
    ]
    slow = [Person(urls, keys[PEOPLE], "slow", is_slow=True)] if fault.slow else []
    for person in people + slow:
        person.start()
    await asyncio.gather(*(asyncio.wait_for(person.is_joined.wait(), 30) for person in people + slow))
    memory = memory_of(site)
    injecting = asyncio.create_task(inject(site, redis, fault))
    await asyncio.gather(*(speak(person, fault) for person in people[:SPEAKERS]))
    await injecting
    await drain(people)
    grown = memory_of(site) - memory
    silence = max(person.longest_silence for person in people)
    deaf = await probe(urls, keys[PEOPLE + 1], people)
    await ask_all(people)
    figures = counting.count(people, read_rows(site), deaf)
    slow_client = " ".join("dropped" if person.is_dropped else "kept" for person in slow)
    for person in people + slow:
        await person.stop()
    return {**figures, "silence": round(silence, 1), "grown_mb": round(grown / 1e6, 1), "slow_client": slow_client}


async def inject(site, redis, fault):
    await asyncio.sleep(FAULT_AT_SECONDS)
    await fault.run(site, redis)


async def speak(person, fault):
    """Send messages at the fault's rate, or all at once."""
    if fault.burst:
        for number in range(fault.burst):
            await person.say(number, fault.padding)
        return
    started = time.monotonic()
    for number in range(int(TALK_SECONDS * fault.rate)):
        await asyncio.sleep(max(0, started + number / fault.rate - time.monotonic()))
        await person.say(number, fault.padding)


async def drain(people):
    """Wait until each message has its ack and nothing arrives, at most MAX_DRAIN_SECONDS."""
    deadline, before, changed_at = time.monotonic() + MAX_DRAIN_SECONDS, None, time.monotonic()
    while time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        for person in people:
            await person.send_again()
        now = sum(len(person.live) + len(person.asked) for person in people)
        if now != before:
            before, changed_at = now, time.monotonic()
        is_answered = all(len(person.acks) == len(person.sent) for person in people)
        if is_answered and time.monotonic() - changed_at > QUIET_SECONDS:
            return


async def probe(urls, key, people):
    """Let a new client send one message. Return how many open sockets do not receive it."""
    client = Person(urls, key, "probe").start()
    await asyncio.wait_for(client.is_joined.wait(), 30)
    await client.say(0)
    await asyncio.sleep(PROBE_SECONDS)
    await client.stop()
    return sum(person.is_open and not any(ref == "probe-0" for _, _, ref in person.live) for person in people)


async def ask_all(people):
    """Let each client ask once more for what it has missed. Their later messages count as asked."""
    for person in people:
        await person.ask()
    await asyncio.sleep(PROBE_SECONDS)


def read_rows(site):
    connection = sqlite3.connect(site.folder / "talk.sqlite3")
    try:
        return connection.execute("SELECT id, ref FROM talk_message").fetchall()
    finally:
        connection.close()


def memory_of(site):
    """Return the bytes that the processes with sockets have in memory."""
    pages = sum(int(Path(f"/proc/{front.pid}/statm").read_text().split()[1]) for front in site.fronts)
    return pages * 4096


def explain_missing():
    """Return a sentence if something is not installed, or None."""
    missing = [path for path in (sites.AFTER_PYTHON, PRODUCT_PYTHON) if not path.exists()]
    return f"{missing[0]} does not exist: run {sites.HOW_TO_INSTALL}" if missing else None


def say(text):
    print(text, flush=True, file=sys.stderr)

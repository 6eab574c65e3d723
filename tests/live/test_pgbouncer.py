"""
The whole chat behind a PgBouncer in transaction mode, with fewer connections to PostgreSQL than the chat has processes.

The tests also count the connections of each kind of process.
"""

import asyncio
import collections
import time

import pytest

from tests import postgres
from tests.live.client import Person
from tests.live.processes import Site, wait_until

pytestmark = [pytest.mark.no_database, pytest.mark.process]
POOL_SIZE = 2
STATEMENT_SECONDS, LOCK_SECONDS = 20, 1
KINDS = "SELECT application_name, count(*) FROM pg_stat_activity WHERE application_name LIKE 'chat %%' GROUP BY 1"


class PooledSite(Site):
    """
    A site with two workers, a task worker, a monitor and a delay server.

    `url` leads to the PostgreSQL `server`, directly or through PgBouncer.
    """

    def __init__(self, server, url):
        self.server = server
        options = {"DATABASE_STATEMENT_SECONDS": str(STATEMENT_SECONDS), "DATABASE_LOCK_SECONDS": str(LOCK_SECONDS)}
        super().__init__(workers=2, task_workers=1, CHAT_LIMITS="off", DATABASE_URL=url, **options)
        self.others = [self.make_part(name, name) for name in ("monitor", "rundelay")]

    @property
    def parts(self):
        return [*super().parts, *self.others]

    def count_connections(self):
        """Return {kind of process: number of connections to PostgreSQL}."""
        return collections.Counter(dict(self.server.query(KINDS)))


@pytest.fixture(scope="module")
def server():
    postgres.require("pgbouncer")
    server = postgres.Postgres("fsync=off")
    yield server
    server.end()


@pytest.fixture(scope="module")
def bouncer(server):
    bouncer = postgres.Bouncer(server, POOL_SIZE)
    yield bouncer
    bouncer.end()


@pytest.fixture(scope="module")
def pooled(server, bouncer):
    site = PooledSite(server, bouncer.url).start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def alice(pooled):
    return Person(pooled, "Alice", "correct horse")


async def chat(person, slug, seconds, meanwhile):
    """Let two tabs post while `meanwhile` runs. Return the bodies that were acknowledged, and the codes of refusals."""
    async with person.client(slug) as first, person.client(slug) as second:
        posts, end = [], time.monotonic() + seconds
        acting = asyncio.create_task(asyncio.to_thread(meanwhile))
        while time.monotonic() < end or not acting.done():
            tab = (first, second)[len(posts) % 2]
            body = f"message {len(posts)}"
            posts.append((tab, body, await tab.send("post", body=body)))
            await asyncio.sleep(0.05)
        await acting
        for tab, _, ref in posts:
            await tab.until(lambda tab=tab, ref=ref: ref in tab.answers)
        codes = {event["code"] for tab in (first, second) for event in tab.events if event["type"] == "rejected"}
        assert all(tab.answers[ref]["type"] == "ack" for tab, _, ref in posts)
    return [body for _, body, _ in posts], codes


def stored_bodies(person, slug):
    return [message["body"] for message in person.history(slug).values()]


async def test_nothing_is_lost_or_doubled_when_pgbouncer_and_postgresql_restart(pooled, server, bouncer, alice):
    slug = await asyncio.to_thread(alice.make_room)

    def restart_both():
        time.sleep(0.5)
        bouncer.kill()
        time.sleep(1)
        bouncer.start()
        time.sleep(1)
        server.stop()
        time.sleep(1)
        server.start()

    bodies, codes = await chat(alice, slug, 1, restart_both)
    assert codes <= {"unavailable"}
    assert sorted(await asyncio.to_thread(stored_bodies, alice, slug)) == sorted(bodies)
    assert sum(server_connections(server)) <= POOL_SIZE


def server_connections(server):
    return [number for _, number in server.query(KINDS)]


async def test_a_wait_for_a_lock_ends_with_unavailable_and_the_message_is_stored_once(pooled, server, alice):
    slug = await asyncio.to_thread(alice.make_room)

    def lock():
        with server.locked():
            time.sleep(LOCK_SECONDS + 1.5)

    with pooled.without_tracebacks():
        bodies, codes = await chat(alice, slug, 0.5, lock)
    assert codes == {"unavailable"}
    assert sorted(await asyncio.to_thread(stored_bodies, alice, slug)) == sorted(bodies)


async def test_a_task_runs_behind_pgbouncer(pooled, alice):
    slug = await asyncio.to_thread(alice.make_room)
    async with alice.client(slug) as client:
        await client.post("to be exported")
        params = {"format": "json", "from": None, "to": None}
        assert (await client.ask("start", task="export", params=params))["type"] == "ack"
        await client.until(lambda: any(event["type"] == "task" and event["state"] == "done" for event in client.events))


def test_each_process_that_needs_the_database_has_one_connection(pooled, server, bouncer):
    # The task worker opens its connection for its first task, and the interface only while it answers /metrics.
    expected = {"chat worker": 2, "chat monitor": 1, "chat delay": 1}
    # Without PgBouncer, PostgreSQL sees each process.
    pooled.stop()
    bouncer.kill()
    site = PooledSite(server, server.url).start()
    try:
        bob = Person(site, "Bob", "correct horse")
        slug, found = bob.make_room(), []

        def is_complete():
            bob.post(slug, "hello")
            bob.call("GET", "/metrics")
            found.append(site.count_connections())
            return found[-1] == expected

        wait_until(is_complete, what="one connection for each process")
        server.stop()
        server.start()
        wait_until(lambda: bob.post(slug, "hello again").status_code == 201)
        wait_until(is_complete, what="one connection for each process after the restart")
    finally:
        site.stop()

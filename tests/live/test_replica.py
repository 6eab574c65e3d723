"""A replica for reads: which reads use it, and what happens if it is behind, down, or promoted."""

import asyncio
import re
import time

import pytest

from tests import postgres
from tests.live.client import Person
from tests.live.processes import Site, wait_until

pytestmark = [pytest.mark.no_database, pytest.mark.process]
LAG_SECONDS = 2
MESSAGES = 12
# The workers check the replica each second, and retry 5 s after a failure. This limit includes a wide margin.
RECOVERY_SECONDS = 20
BAD, GOOD = "The replica of the database gets no reads", "The replica of the database gets reads again"


class ReplicatedSite(Site):
    """A site whose database has a replica."""

    def __init__(self):
        self.primary = postgres.Postgres("fsync=off")
        self.replica = postgres.Replica(self.primary, "log_statement=all", "fsync=off")
        urls = {"DATABASE_URL": self.primary.url, "DATABASE_REPLICA_URL": self.replica.url}
        super().__init__(workers=1, DATABASE_REPLICA_LAG_SECONDS=str(LAG_SECONDS), CHAT_LIMITS="off", **urls)

    def stop(self):
        super().stop()
        self.replica.end()
        self.primary.end()

    def uses_replica(self, function):
        """Return whether statements about the chat's tables ran on the replica while `function` ran."""
        before = len(self.replica.read_log())
        function()
        return bool(re.search(r"statement:[^\n]*SELECT[^;]*chat_", self.replica.read_log()[before:]))


@pytest.fixture(scope="module")
def replicated():
    postgres.require()
    site = ReplicatedSite().start()
    yield site
    site.stop()


class Reader:
    """A person in a room with MESSAGES messages."""

    def __init__(self, site):
        self.site, self.person = site, Person(site, "Alice", "correct horse")
        self.slug = self.person.make_room()
        for number in range(1, MESSAGES + 1):
            self.person.post(self.slug, f"message walnut{number}")

    def get(self, path, expected=200):
        return self.person.call("GET", path, expected=expected).json()

    def page(self, **query):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return self.get(f"/api/rooms/{self.slug}/messages/?{text}")["messages"]

    def find(self, word):
        return self.get(f"/api/search/?q={word}")["results"]

    def wait_until_used(self):
        def is_used():
            time.sleep(0.2)
            return self.site.uses_replica(lambda: self.page(before=3))

        wait_until(is_used, RECOVERY_SECONDS, "the replica is used")


@pytest.fixture(scope="module")
def alice(replicated):
    return Reader(replicated)


@pytest.fixture
def reader(replicated, alice):
    """Yield a person whose reads use the replica."""
    alice.wait_until_used()
    with replicated.without_tracebacks():
        yield alice


def test_older_messages_and_searches_use_the_replica_and_other_reads_use_the_primary_server(replicated, reader):
    for query in ({"before": 9}, {"around": 5}):
        assert replicated.uses_replica(lambda query=query: reader.page(**query)), query
    for query in ({}, {"after": 0}, {"after": MESSAGES}):
        assert not replicated.uses_replica(lambda query=query: reader.page(**query)), query
    assert not replicated.uses_replica(lambda: reader.person.post(reader.slug, "message almond"))
    assert not replicated.uses_replica(lambda: reader.get("/api/rooms/"))
    wait_until(lambda: reader.find("walnut7"), what="the message is found")
    assert replicated.uses_replica(lambda: reader.find("walnut7"))


async def test_a_replica_that_is_behind_shows_no_removed_message(replicated, reader):
    await asyncio.to_thread(wait_until, lambda: reader.find("walnut4"))
    async with reader.person.client(reader.slug) as client:
        await asyncio.to_thread(replicated.replica.pause)
        try:
            assert (await client.ask("remove", id=4))["type"] == "ack"
            assert (await asyncio.to_thread(reader.page, before=5))[-1]["removed"]
            assert await asyncio.to_thread(reader.find, "walnut4") == []
            posted = await client.post("message chestnut")
            assert (await asyncio.to_thread(reader.page, around=posted["id"]))[-1]["body"] == "message chestnut"
        finally:
            await asyncio.to_thread(replicated.replica.resume)


def test_a_replica_that_is_behind_finds_nothing_for_a_person_who_was_banned(replicated, reader):
    bob = Person(replicated, f"Bob {len(reader.slug)}", "correct horse")
    bob.post(reader.slug, "hello")
    path = f"/api/search/?room={reader.slug}&q=walnut5"
    wait_until(lambda: bob.call("GET", path).json()["results"], what="the message is found")
    replicated.replica.pause()
    try:
        replicated.manage("moderate", reader.slug, bob.handle, "ban")
        assert bob.call("GET", path).status_code in (403, 404)
        assert bob.call("GET", "/api/search/?q=walnut5", expected=200).json()["results"] == []
        assert bob.call("GET", f"/api/rooms/{reader.slug}/messages/?before=5").status_code in (403, 404)
    finally:
        replicated.replica.resume()


def test_a_replica_that_is_far_behind_gets_no_reads_until_it_has_recovered(replicated, reader):
    worker = replicated.workers[0]
    start = len(worker.read_log())
    other = reader.person.make_room()
    reader.wait_until_used()
    replicated.replica.pause()
    try:
        deadline = time.monotonic() + LAG_SECONDS + 4
        while time.monotonic() < deadline:
            reader.person.post(other, "one more")
            reader.page(before=3)
            time.sleep(0.3)
        assert not replicated.uses_replica(lambda: reader.page(before=3))
    finally:
        replicated.replica.resume()
    reader.wait_until_used()
    assert (worker.read_log(start).count(BAD), worker.read_log(start).count(GOOD)) == (1, 1)


def test_without_the_replica_the_primary_server_answers(replicated, reader):
    worker = replicated.workers[0]
    start = len(worker.read_log())
    replicated.replica.kill()
    began = time.monotonic()
    for _ in range(5):
        assert reader.page(before=3)
    assert time.monotonic() - began < 10
    assert reader.find("walnut7")
    replicated.replica.start()
    reader.wait_until_used()
    assert (worker.read_log(start).count(BAD), worker.read_log(start).count(GOOD)) == (1, 1)


def test_a_replica_that_was_promoted_gets_no_reads(replicated, reader):
    replicated.replica.promote()

    def is_noticed():
        reader.page(before=3)
        return "promoted" in replicated.workers[0].read_log()

    wait_until(is_noticed, RECOVERY_SECONDS)
    assert not replicated.uses_replica(lambda: reader.page(before=3))
    reader.person.post(reader.slug, "the primary server is the only one")
    assert reader.page()[-1]["body"] == "the primary server is the only one"

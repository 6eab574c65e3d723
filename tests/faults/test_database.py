"""A database that is locked, stopped, killed with everything else, or restored from a copy."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.faults.checks import shown_messages, stored_messages
from tests.faults.clients import Tab, make_person, report
from tests.faults.people import people_in_rooms
from tests.faults.sites import all_survive

OUTAGE_CODES = {"unavailable"}


async def test_a_locked_database_causes_delay_but_no_loss(site, size):
    async with people_in_rooms(site, rooms=2, each=2) as people:
        with all_survive(site):
            async with people.chatting(pause=0.3):
                with site.database.locked():
                    await asyncio.sleep(size.pick(5, 12))
            took = await people.check_complete()
        codes = {event["code"] for tab in people.tabs for event in tab.heard("rejected")}
        assert codes <= OUTAGE_CODES | {"not_found"}
        slowest = max(tab.slowest() for tab in people.tabs)
        report(
            f"database locked for {size.pick(5, 12)} s: slowest ack {slowest:.1f} s, refused with"
            f" {sorted(codes) or 'nothing'}, complete {took:.1f} s after"
        )


async def test_a_stopped_postgresql_causes_no_loss_and_workers_reconnect(make_site, make_postgres, size):
    server = await asyncio.to_thread(make_postgres)
    site = make_site(database=server).start()
    async with people_in_rooms(site, rooms=2, each=2) as people:
        with all_survive(site):
            async with people.chatting(pause=0.3):
                await asyncio.sleep(1)
                await asyncio.to_thread(server.stop)
                response = await asyncio.to_thread(people.tabs[0].person.http.get, f"{site.url}/api/rooms/", timeout=60)
                await asyncio.sleep(size.pick(4, 20))
                back = time.monotonic()
                await asyncio.to_thread(server.start)
            took = await people.check_complete()
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        refused = [event for tab in people.tabs for event in tab.heard("rejected") if event["code"] != "not_found"]
        assert {event["code"] for event in refused} == OUTAGE_CODES
        report(
            f"PostgreSQL stopped for {size.pick(4, 20)} s: {len(refused)} frames answered `unavailable`,"
            f" {people.changes} changes complete {time.monotonic() - back:.1f} s after its start ({took:.1f} s after"
            f" the last change)"
        )


@pytest.fixture(params=["as configured", pytest.param("own PostgreSQL", marks=pytest.mark.long)])
def doomed_site(request, make_site):
    if request.param == "as configured":
        return make_site(), lambda: None, lambda: None
    server = request.getfixturevalue("make_postgres")()
    return make_site(database=server), server.kill, server.start


async def test_after_a_kill_of_all_processes_acked_messages_remain_and_clients_resume(doomed_site, size):
    site, kill_database, start_database = doomed_site
    site.start()
    for _ in range(size.pick(1, 5)):
        async with people_in_rooms(site, rooms=2, each=2) as people:
            async with people.chatting(pause=0.02):
                await asyncio.sleep(2)
                kill_everything(site, kill_database)
                killed = time.monotonic()
                acked = {ref for tab in people.tabs for ref, answer in tab.answers.items() if answer["type"] == "ack"}
                await asyncio.to_thread(start_database)
                kept = {ref for (ref,) in await asyncio.to_thread(site.database.query, "SELECT ref FROM chat_change")}
                assert acked <= kept, f"{len(acked - kept)} acked changes are gone"
                await asyncio.to_thread(site.start)
                await asyncio.sleep(1)
            await people.check_complete()
            assert all(tab.close_codes for tab in people.tabs)
            report(
                f"everything killed: {len(acked)} acked changes all kept; {people.changes} complete"
                f" {time.monotonic() - killed:.1f} s after the kill"
            )


def kill_everything(site, kill_database):
    for part in site.parts:
        os.kill(part.pid, signal.SIGKILL)
    kill_database()
    for part in site.parts:
        part.process.wait()


# The next test makes a backup and restores it, as docs/operations.md describes.

COPY_SQLITE = (
    "import sqlite3, sys; source, copy = map(sqlite3.connect, sys.argv[1:]); source.backup(copy); copy.close()"
)


class SQLiteCopy:
    """A copy of the SQLite database of a site."""

    def __init__(self, site):
        self.path, self.copy = site.database.path, site.folder / "copy.sqlite3"

    def take(self):
        subprocess.run([sys.executable, "-c", COPY_SQLITE, self.path, self.copy], check=True)

    def put_back(self):
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.path}{suffix}")
        os.replace(self.copy, self.path)


class PostgresCopy:
    """A dump of the PostgreSQL database of a site."""

    def __init__(self, site):
        self.server, self.copy = site.database, site.folder / "copy.dump"

    def _run(self, command, *arguments):
        path = self.server._bin / command
        subprocess.run([path, *arguments], check=True, capture_output=True)

    def take(self):
        self._run("pg_dump", "--format=custom", f"--file={self.copy}", self.server.url)

    def put_back(self):
        self._run("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", self.server.url, self.copy)


@pytest.fixture(params=["as configured", pytest.param("own PostgreSQL", marks=pytest.mark.long)])
def copied_site(request, make_site):
    if request.param == "own PostgreSQL":
        return make_site(database=request.getfixturevalue("make_postgres")()), PostgresCopy
    site = make_site()
    if site.database.server is not None:
        pytest.skip("this run's database server does not belong to the test")
    return site, SQLiteCopy


@pytest.mark.long
async def test_clients_ahead_of_a_restored_database_are_reset_and_agree_with_it(copied_site):
    site, make_copy = copied_site
    site.start()
    copy = make_copy(site)
    owner = await asyncio.to_thread(make_person, site, "Owner", "correct horse")
    slug = await asyncio.to_thread(owner.make_room)
    async with Tab(owner, slug, 4) as client, Tab(owner, slug, 4) as other:
        for number in range(5):
            await client.post(f"before the copy {number}")
        await asyncio.to_thread(copy.take)
        for number in range(5):
            await client.post(f"after the copy {number}")
        await other.until(lambda: other.cursor == 10)
        for part in site.mortal_parts:
            await asyncio.to_thread(part.end)
        await asyncio.to_thread(copy.put_back)
        await asyncio.to_thread(site.start)
        for tab in (client, other):
            await tab.until(lambda tab=tab: tab.is_joined and tab.cursor == 5, 30)
            assert any(event.get("reset") for event in tab.heard("joined"))
            assert shown_messages(tab) == await asyncio.to_thread(stored_messages, site, slug)
        # New messages get offsets above the offsets in the copy.
        assert (await client.post("after the restore"))["offset"] == 6
        await other.until(lambda: other.cursor == 6)
        assert shown_messages(other) == await asyncio.to_thread(stored_messages, site, slug)

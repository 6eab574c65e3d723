"""The monitor of a live site: it sends events, another monitor takes over, and it survives outages."""

import asyncio
import contextlib
import json
import signal
import time

import pytest
import redis
from websockets.asyncio.client import connect

from chatproj import is_healthy
from tests.live.client import Person, new_ref
from tests.live.processes import wait_until
from tests.valkey import free_port

# The promised time, and a margin for a busy machine.
TAKEOVER_SECONDS, SLOWNESS_SECONDS = 15, 15
CHECK_SECONDS = 0.2
SOME_CHECKS_SECONDS = 3 * CHECK_SECONDS


@pytest.fixture
def monitor(frail_site):
    """Yield a function that makes monitors: `monitor("a")` returns a monitor that works or stands by."""
    frail_site.start()
    chat_redis(frail_site).delete("chat:lease:monitor")
    made = []

    def make(name, *options, **environment):
        part = frail_site.make_part(f"monitor-{name}", "monitor", "--interval", str(CHECK_SECONDS), *options)
        part.environment = {**part.environment, **environment}
        made.append(part.start())
        wait_until(lambda: is_working(part) or is_standing_by(part), 60, f"the start of {part.name}")
        return part

    yield make
    for part in made:
        if part.is_running:
            part.process.send_signal(signal.SIGCONT)
        part.end()
        assert "Traceback" not in part.read_log(), part.read_log()


def states(part):
    """Return the log lines of a monitor about its own state."""
    lines = part.read_log(part.log_start).splitlines()
    return [
        state for line in lines for state in ("Working", "Standing by") if f"chat.management.monitor: {state}" in line
    ]


def is_working(part):
    return states(part)[-1:] == ["Working"]


def is_standing_by(part):
    return states(part)[-1:] == ["Standing by"]


def chat_redis(site):
    return redis.StrictRedis.from_url(site.redis_url)


class Lobby:
    """A tab in the lobby that reconnects by itself. It fetches the list of rooms after each event."""

    def __init__(self, site, slug=None):
        self.site, self.slug = site, slug
        self.updates, self.openings = 0, 0
        self.online = None  # the number of people in the room `slug` in the last list

    async def __aenter__(self):
        self._task = asyncio.create_task(self._run())
        await self.until(lambda: self.openings)
        return self

    async def __aexit__(self, *exception):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self):
        while True:
            with contextlib.suppress(Exception):
                async with Person(self.site).socket("/lobby/") as socket:
                    self.openings += 1
                    async for text in socket:
                        assert json.loads(text) == {"type": "updated"}
                        await self._fetch()
                        self.updates += 1
            await asyncio.sleep(0.1)

    async def _fetch(self):
        if self.slug is not None:
            path = f"/api/rooms/?q={self.slug}"
            [room] = (await asyncio.to_thread(Person(self.site).call, "GET", path, expected=200)).json()["rooms"]
            self.online = room["online"]

    async def until(self, is_true, seconds=60):
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, f"waited {seconds} s without success: {self.updates} updates"
            await asyncio.sleep(0.01)

    async def count_updates(self, change):
        """Make a change, wait for its event, and return the number of events after some more checks."""
        self.updates = 0
        result = change()
        if asyncio.iscoroutine(result):
            await result
        await self.until(lambda: self.updates)
        await asyncio.sleep(SOME_CHECKS_SECONDS)
        return self.updates


async def test_the_lobby_gets_one_event_for_each_kind_of_change(frail_site, monitor):
    owner = Person(frail_site, "Owner of monitored rooms", "correct horse")
    slug, database = owner.make_room(), frail_site.database
    async with Lobby(frail_site) as lobby:
        # A monitor sends an event after its first check, because it does not know what changed before.
        await lobby.count_updates(lambda: monitor("a") and None)
        new = 'INSERT INTO chat_room (slug, name, topic, access, "offset", created_at, changed_at)'
        now = "2026-01-01 00:00:00+00:00"
        values = "VALUES (%s, %s, '', 'public', 0, %s, %s)"
        row = "by-others", "By others", now, now
        assert await lobby.count_updates(lambda: database.query(f"{new} {values}", *row)) == 1
        changed = "UPDATE chat_room SET topic = %s, changed_at = %s WHERE slug = %s"
        later = "2036-01-01 00:00:00+00:00"
        assert await lobby.count_updates(lambda: database.query(changed, "Frost", later, slug)) == 1
        assert await lobby.count_updates(lambda: owner.post(slug, "Hello")) == 1
        client = owner.client(slug)
        assert await lobby.count_updates(client.__aenter__) == 1
        assert await lobby.count_updates(lambda: client.__aexit__(None, None, None)) == 1
        assert await lobby.count_updates(lambda: database.query("DELETE FROM chat_room WHERE slug = 'by-others'")) == 1
        # The service sends an event at once, and the monitor's next check may send another.
        assert await lobby.count_updates(owner.make_room) <= 2
        lobby.updates = 0
        await asyncio.sleep(SOME_CHECKS_SECONDS)
        assert lobby.updates == 0


async def test_another_monitor_takes_over_from_a_killed_one_and_reports_lost_members(frail_site, monitor):
    owner = Person(frail_site, "Owner at two interfaces", "correct horse")
    slug, port = owner.make_room(), free_port()
    first, second = monitor("a"), monitor("b")
    assert (states(first), states(second)) == (["Working"], ["Standing by"])
    interface = frail_site.make_part("web-2", "interface", "--port", str(port)).start()
    try:
        interface.wait_until_logged("Listening on endpoint")
        async with Lobby(frail_site, slug) as lobby, connect_to(port, owner, slug) as socket:
            await socket.recv()
            await lobby.until(lambda: lobby.online == 1)
            killed_at = time.monotonic()
            interface.kill(), first.kill()
            await lobby.until(lambda: is_working(second), 120)
            assert time.monotonic() - killed_at < TAKEOVER_SECONDS + SLOWNESS_SECONDS
            await lobby.until(lambda: lobby.online == 0, 120)
    finally:
        interface.kill()


def connect_to(port, person, slug):
    """Return a room's bare websocket at another interface of the site."""
    origin = f"http://127.0.0.1:{port}"
    headers = {"Origin": origin, "Cookie": person.headers["Cookie"]}
    return connect(f"ws://127.0.0.1:{port}/chat/{slug}/", additional_headers=headers, open_timeout=20)


def test_another_monitor_takes_over_at_once_when_one_stops(frail_site, monitor):
    first, second = monitor("a"), monitor("b")
    assert (is_working(first), is_standing_by(second)) == (True, True)
    assert first.end() == 0
    wait_until(lambda: is_working(second), 60, "the take-over")


def test_a_monitor_that_was_paused_stands_by_when_another_works(frail_site, monitor):
    first, second = monitor("a"), monitor("b")
    assert is_working(first)
    first.process.send_signal(signal.SIGSTOP)
    # This ends the monitor's lease at once.
    chat_redis(frail_site).delete("chat:lease:monitor")
    wait_until(lambda: is_working(second), 60, "the take-over")
    first.process.send_signal(signal.SIGCONT)
    wait_until(lambda: is_standing_by(first), 60, "its standing by")
    assert is_working(second) and second.end(signal.SIGINT) == 0
    wait_until(lambda: is_working(first), 60, "the take-over")


def test_a_monitor_stops_cleanly_while_redis_or_the_database_hangs(frail_site, monitor):
    assert monitor("a", "--sweep-interval", "0.3").end() == 0
    assert not chat_redis(frail_site).exists("chat:lease:monitor")
    hung_on_redis, hung_on_rows = monitor("a"), monitor("b", "--sweep-interval", "0.3")
    chat_redis(frail_site).delete("chat:lease:monitor")
    frail_site.valkey.process.send_signal(signal.SIGSTOP)
    try:
        assert hung_on_redis.end() == 0
    finally:
        frail_site.valkey.process.send_signal(signal.SIGCONT)
    wait_until(lambda: is_working(hung_on_rows), 60, "the take-over")
    with frail_site.database.locked():
        time.sleep(1)
        began = time.monotonic()
        assert hung_on_rows.end() == 0
        # SQLite's own timeout is 20 s.
        assert time.monotonic() - began < 15


def post_with_retries(person, slug):
    """Post, and retry while the site answers that it is unavailable."""
    ref = new_ref()
    wait_until(lambda: person.post(slug, "Are you there?", ref).status_code in (200, 201), 60, "the post")


async def test_a_monitor_survives_outages_of_redis_and_the_database(frail_site, monitor):
    owner = Person(frail_site, "Owner of outages", "correct horse")
    slug = owner.make_room()
    part = monitor("a", "--sweep-interval", "0.3")
    await asyncio.to_thread(frail_site.valkey.kill)
    await asyncio.to_thread(part.wait_until_logged, "The monitor waits")
    if frail_site.database.server:
        frail_site.database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s",
            frail_site.database.name,
        )
    await asyncio.to_thread(frail_site.start)
    async with Lobby(frail_site) as lobby:
        assert await lobby.count_updates(lambda: post_with_retries(owner, slug)) >= 1
        # Now Redis runs, but loses its data.
        openings = lobby.openings
        chat_redis(frail_site).flushall()
        await lobby.until(lambda: lobby.openings > openings)
        assert await lobby.count_updates(lambda: post_with_retries(owner, slug)) >= 1
    assert part.is_running and part.read_log().count("The monitor waits") <= 4


def test_a_probe_notices_a_monitor_that_hangs(monitor, tmp_path):
    """Workers and delay servers touch the file in the same way. Their pauses are longer, so they need more time."""
    part = monitor("probed", ALIVE_FILE=str(tmp_path / "alive"))

    def is_alive():
        return is_healthy.main(["3"], part.environment)

    wait_until(is_alive, what="the file")
    part.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: not is_alive(), what="the age of the file")
    part.process.send_signal(signal.SIGCONT)
    wait_until(is_alive, what="the file again")

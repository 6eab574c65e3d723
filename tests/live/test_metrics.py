"""
The metrics of a running site with all of its processes: they are those of the documentation, and faults show in them.

The tests of faults compute the expressions of the alerts with the metrics before and after a fault. Prometheus' own
promtool computes them.
"""

import asyncio
import contextlib
import signal
import socket
import time

import pytest
import redis
import requests

from tests.deploy.prometheus import (
    Scrape,
    find_families,
    find_labels,
    find_true_alerts,
    read_alerts,
    read_documented,
    read_panel_expressions,
    run_promtool,
)
from tests.live.client import Person, new_ref, read_until
from tests.live.processes import Part, Site, answers, wait_until
from tests.valkey import free_port

# The site waits for a lock of the database in the same way on PostgreSQL.
pytestmark = pytest.mark.no_database

# These families have no samples in the first test, because nothing of their kind happens in it.
NOT_USED = {
    "chat_consumer_failures_total",
    "chat_database_errors_total",
    "chat_hook_deliveries_total",
    "chat_interface_gathered_total",
    "chat_link_previews_total",
    "chat_pushes_total",
    "chat_refusals_total",
    "chat_removed_total",
    "chat_tasks",
    "chat_upload_bytes_total",
    "chat_uploads_total",
}
REPORT_SECONDS = 1.2  # each worker reports once a second


def read(url):
    response = requests.get(f"{url}/metrics", timeout=20)
    assert response.status_code == 200
    return Scrape(response.text)


def read_within_a_second(url):
    """Return the metrics. One of three answers must come within a second: this machine may be busy with other tests."""
    for _ in range(3):
        began = time.monotonic()
        found = read(url)
        if time.monotonic() - began < 1:
            return found
    raise AssertionError("no answer within a second")


class WatchedSite(Site):
    """A site with all processes. `scrape()` reads its metrics after the workers have reported."""

    def start(self):
        super().start()
        wait_until(lambda: self.read().get("chat_workers") == 2, what="the reports of both processes")
        return self

    @property
    def others(self):
        if not hasattr(self, "_others"):
            self._others = [self.make_part("delay", "rundelay"), self.make_part("monitor", "monitor")]
        return self._others

    @property
    def parts(self):
        return [*super().parts, *self.others]

    def read(self):
        return read(self.url)

    def scrape(self):
        time.sleep(REPORT_SECONDS)
        return self.read()


@pytest.fixture(scope="module")
def watched():
    site = WatchedSite(workers=1).start()
    yield site
    site.stop()


async def use(site):
    """Use the functions of the site that count something, except for NOT_USED. Return the metrics afterwards."""
    alice = Person(site, f"Alice {new_ref()[:8]}", "correct horse")
    room = alice.make_room()
    requests.get(f"{site.url}/nowhere/", timeout=20)
    alice.call("GET", "/api/search/?q=hello", expected=200)
    Person(site).call("POST", "/api/session/", handle="Nobody", password="wrong", expected=401)
    async with alice.socket("/lobby/"):
        pass
    async with alice.client(room) as client, alice.socket("/me/") as own, alice.socket("/lobby/"):
        await read_until(own, lambda event: event["type"] == "workspace")
        await client.post("hello")
        await client.ask("edit", id=1, body="hello again")
        assert (await client.ask("post", body=7))["type"] == "rejected"
        # The worker counts the room of a message after it has answered the message.
        for _ in range(25):
            scrape = site.scrape()
            if scrape.get("chat_rooms_active") == 1:
                break
            await asyncio.sleep(0.2)
        return scrape


async def test_the_metrics_are_those_of_the_documentation_and_a_healthy_site_has_no_alert(watched, tmp_path):
    before = watched.scrape()
    scrape, documented = await use(watched), read_documented()
    assert scrape.kinds.keys() == documented.keys()
    for family, labels in documented.items():
        found = scrape.find_labels(family)
        assert found in (None, labels), family
        assert (scrape.kinds[family] == "counter") == family.endswith("_total")
    assert {family for family in documented if scrape.find_labels(family) is None} == NOT_USED
    for expression in [*read_panel_expressions(), *(rule["expr"] for rule in read_alerts().values())]:
        families = find_families(expression)
        assert families <= scrape.kinds.keys()
        assert find_labels(expression) <= set().union(*(documented[family] for family in families))
    assert scrape.get("chat_people_online") == 1 and scrape.get("chat_rooms_active") == 1
    assert {kind: scrape.get("chat_interface_sockets", kind=kind) for kind in ("room", "me", "lobby", "board")} == {
        "room": 1,
        "me": 1,
        "lobby": 1,
        "board": 0,
    }
    assert scrape.get("chat_message_changes_total", change="post") == 1
    assert scrape.get("chat_sign_in_failures_total", reason="wrong_password") == 1
    assert scrape.get("chat_interface_broadcast_seconds_count") >= 2
    assert 0 < scrape.get("chat_interface_broadcast_seconds_sum") < 60
    assert find_true_alerts(tmp_path, before, scrape) == set()
    run_promtool("check", "metrics", text=scrape.text)


@contextlib.contextmanager
def paused(part):
    part.process.send_signal(signal.SIGSTOP)
    yield
    part.process.send_signal(signal.SIGCONT)


def test_a_redis_that_hangs_is_a_part_that_is_down(watched, tmp_path):
    before = watched.scrape()
    with paused(watched.valkey):
        during = read_within_a_second(watched.url)
    assert during.get("chat_up", part="redis") == 0 and during.get("chat_up", part="database") == 1
    assert during.get("chat_rooms") >= 1 and "chat_workers" not in during.kinds
    assert find_true_alerts(tmp_path, before, during) == {"ChatPartDown"}
    wait_until(watched.is_ready)


def test_a_redis_that_is_nearly_full_is_an_alert(watched, tmp_path):
    before, server = watched.scrape(), redis.StrictRedis.from_url(watched.redis_url)
    limit = int(before.get("chat_redis_memory_bytes") * 1.08)
    server.config_set("maxmemory", limit)
    after = watched.read()
    server.config_set("maxmemory", 0)
    assert after.get("chat_redis_memory_limit_bytes") == limit
    assert find_true_alerts(tmp_path, before, after) == {"ChatRedisNearlyFull"}


@contextlib.contextmanager
def silent_server():
    """Yield the port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


def test_an_interface_answers_within_a_second_while_everything_else_hangs(watched):
    with silent_server() as port:
        environment = {
            **watched.environment,
            "DATABASE_URL": f"postgres://chat:secret@127.0.0.1:{port}/chat",
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        }
        own_port = free_port()
        command = [*watched.web.command[:-1], str(own_port)]
        alone = Part("alone", command, environment, watched.folder).start()
        wait_until(lambda: answers(f"http://127.0.0.1:{own_port}/healthz"))
        found = read_within_a_second(f"http://127.0.0.1:{own_port}")
        alone.kill()
    assert found.get("chat_up") == 0 and found.get("chat_interface_responses_total", status="200") >= 1


@pytest.fixture
def alice(watched):
    return Person(watched, f"Alice {new_ref()[:8]}", "correct horse")


async def test_a_slow_database_is_an_alert(watched, alice, tmp_path):
    async with alice.client(alice.make_room()) as client:
        before = watched.scrape()
        with watched.database.locked():
            ref = await client.send("post", body="hello")
            await asyncio.sleep(1.2)
            read_within_a_second(watched.url)
        await client.until(lambda: ref in client.answers)
        after = watched.scrape()
    assert find_true_alerts(tmp_path, before, after) == {"ChatDatabaseSlow", "ChatRepliesSlow"}


async def test_a_killed_worker_and_the_messages_that_nobody_reads_are_alerts(watched, alice, tmp_path):
    # This test is the last one, because nothing starts the worker again.
    async with alice.client(alice.make_room()) as client:
        before = watched.scrape()
        with watched.database.locked():
            await client.send("post", body="hello")
            wait_until(lambda: watched.read().get("chat_worker_busy_seconds") > 0)
            watched.workers[0].kill()
        await client.send("post", body="hello again")
        after = wait_until(lambda: find_waiting(watched))
    assert after.get("chat_channel_receivers", channel="websocket.receive") == 0
    assert after.get("chat_channel_receivers", channel="asgi.delay") == 1
    assert find_true_alerts(tmp_path, before, after) == {"ChatMessagesLost", "ChatMessagesWait", "ChatNoWorkers"}


def find_waiting(site):
    """Return the metrics if a message has waited for more than five seconds, and another one was lost."""
    scrape = site.read()
    has_waited = any(value > 5 for name, _, value in scrape.samples if name == "chat_channel_oldest_seconds")
    return scrape if has_waited and scrape.get("chat_channel_lost_total") else None

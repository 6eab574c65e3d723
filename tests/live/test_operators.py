"""The delay server survives faults. The doctor and the health pages name faults. The echo follows its contract."""

import signal
import time

import pytest
import requests

from channels_transport.layer import RedisChannelLayer
from tests.live.client import Person, close_code, later
from tests.live.doctor import doctor
from tests.live.processes import Site, wait_until
from tests.valkey import free_port

# A delay server takes over the messages of a killed delay server only after the heartbeat of that server has expired.
LONG_SECONDS = 120


@pytest.fixture(scope="module")
def own_site():
    site = Site()
    site.delay = site.make_part("delay", "rundelay")
    site.monitor = site.make_part("monitor", "monitor")
    site.start()
    start_delay(site)
    site.monitor.start()
    yield site
    for part in (site.delay, site.monitor):
        part.kill()
    site.stop()


@pytest.fixture(scope="module")
def alice(own_site):
    return Person(own_site, "Alice", "correct horse")


def make_layer(site):
    """Return a channel layer of a site, with which a test sends what the site's own processes never send."""
    return RedisChannelLayer(hosts=[site.redis_url], prefix="asgi:", stats_prefix="asgi-meta:")


def start_delay(site):
    site.delay.start()
    site.delay.wait_until_logged("Listening on asgi.delay", site.delay.log_start)


# The next tests are about the delay server.


async def test_a_scheduled_message_arrives_among_malformed_ones(own_site, alice):
    layer = make_layer(own_site)
    for malformed in (
        {},
        {"channel": "chat.scheduled", "content": [], "delay": 1},
        {"channel": "no name", "content": {}, "delay": 1},
        {"channel": "chat.scheduled", "content": {}, "delay": -1},
    ):
        layer.send("asgi.delay", malformed)
    room = alice.make_room()
    async with alice.client(room) as client:
        sent_at = time.time()
        ack = await client.ask("schedule", body="As I said", at=later(1))
        assert ack["scheduled_id"] > 0 and client.bodies() == []
        await client.until(lambda: client.bodies() == ["As I said"])
        assert time.time() - sent_at >= 1
    assert own_site.delay.is_running and own_site.delay.read_log().count("is dropped") == 4


async def test_a_cancelled_message_is_not_posted_and_others_are_posted_once(own_site, alice):
    layer = make_layer(own_site)
    room, cancelled = alice.make_room(), set()
    async with alice.client(room) as client:
        acks = [await client.ask("schedule", body=f"number {number}", at=later(1.5)) for number in range(30)]
        ids = {ack["scheduled_id"]: f"number {number}" for number, ack in enumerate(acks)}
        await client.until(lambda: client.messages)
        for scheduled_id in ids:
            for _ in range(3):
                layer.send("chat.scheduled", {"scheduled": scheduled_id})
        for scheduled_id in reversed(ids):
            response = alice.call("DELETE", f"/api/rooms/{room}/scheduled/{scheduled_id}/")
            assert response.status_code in (204, 404)
            if response.status_code == 204:
                cancelled.add(ids[scheduled_id])
        await client.until(lambda: len(client.messages) + len(cancelled) == 30)
        assert sorted([*client.bodies(), *cancelled]) == sorted(ids.values())


async def test_a_killed_delay_server_loses_nothing(own_site, alice):
    room = alice.make_room()
    async with alice.client(room) as client:
        for number in range(40):
            await client.ask("schedule", body=f"number {number}", at=later(1 + number * 0.05))
            if number == 10:
                own_site.delay.kill()
            if number == 20:
                start_delay(own_site)
        await client.until(lambda: len(client.messages) > 5)
        own_site.delay.kill()
        start_delay(own_site)
        await client.until(lambda: len(client.messages) == 40, LONG_SECONDS)
        assert sorted(client.bodies()) == sorted(f"number {number}" for number in range(40))
    assert own_site.delay.is_running


def test_the_delay_server_stops_with_exit_code_zero_on_sigterm(own_site):
    began = time.monotonic()
    assert own_site.delay.end() == 0
    assert time.monotonic() - began < 4.5, "the signal ends the server's wait of five seconds"
    start_delay(own_site)


# The next test is about the echo.


async def test_the_echo_follows_its_contract(own_site, alice):
    async with alice.socket("/echo/") as echo:
        await echo.send("")
        await echo.send(b"binary")
        texts = ["a", "x" * 65536, *(f"number {number}" for number in range(500)), "ü" * 32768]
        for text in texts:
            await echo.send(text)
        for text in texts:
            assert await echo.recv() == text
        await echo.send("x" * 65537)
        assert await close_code(echo) == 1009


# The next tests are about the doctor.


def test_the_doctor_finds_no_problem_on_a_healthy_site(own_site):
    found = wait_until(lambda: (found := doctor(own_site))[0] == 0 and found, what="a healthy site")
    assert "by the echo websocket" in found[2]


def test_the_doctor_names_frozen_workers_and_waiting_messages(own_site):
    for part in (*own_site.workers, own_site.delay):
        part.process.send_signal(signal.SIGSTOP)
    try:
        layer = make_layer(own_site)
        for _ in range(5):  # each frozen worker may take one message, because it was waiting for messages
            layer.send("chat.scheduled", {"scheduled": 0})
        # The workers' reports are outdated after the slow check of the interface.
        code, problems, _ = doctor(own_site)
    finally:
        for part in (*own_site.workers, own_site.delay):
            part.process.send_signal(signal.SIGCONT)
    assert code == 1 and set(problems) == {"interface", "workers", "queues"}, problems
    assert "whether workers and Redis run" in problems["interface"]
    for channel in (
        "http.request",
        "websocket.receive",
        "chat.scheduled",
        "start `manage.py runworker`",
        "asgi.delay: start `manage.py rundelay`",
    ):
        assert channel in problems["workers"]
    assert "On chat.scheduled the oldest message" in problems["queues"]
    wait_until(lambda: requests.get(f"{own_site.url}/healthz", timeout=60).ok)


def test_without_workers_the_health_pages_answer_within_a_second(own_site):
    """Ask again while Redis is frozen: a load balancer must get its response without waiting for Redis."""

    def ask(path):
        started = time.monotonic()
        response = requests.get(own_site.url + path, timeout=60)
        assert time.monotonic() - started < 2, path  # a second, and the time of a busy machine
        return response

    frozen = [*own_site.workers]
    for part in frozen:
        part.process.send_signal(signal.SIGSTOP)
    try:
        assert ask("/healthz").json() == {"status": "ok"}
        ready = ask("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "failing", "missing": ["worker"]})
        numbers = ask("/metrics").text
        assert "\nchat_rooms " in numbers and 'chat_channel_pending{channel="http.request"}' in numbers
        frozen.append(own_site.valkey)
        own_site.valkey.process.send_signal(signal.SIGSTOP)
        assert ask("/healthz").json() == {"status": "ok"}
        ready = ask("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "failing", "missing": ["redis"]})
        numbers = ask("/metrics").text
        assert "\nchat_rooms " in numbers and 'chat_up{part="redis"} 0.0' in numbers
    finally:
        for part in frozen:
            part.process.send_signal(signal.SIGCONT)
    wait_until(own_site.is_ready)


def test_the_doctor_names_missing_tables_and_an_address_without_a_server(own_site, tmp_path):
    nowhere = f"http://127.0.0.1:{free_port()}"
    code, problems, _ = doctor(own_site, nowhere, DATABASE_URL=f"sqlite:///{tmp_path}/fresh.sqlite3")
    assert code == 1 and set(problems) == {"interface", "migrations"}, problems
    assert "manage.py migrate" in problems["migrations"] and "manage.py interface" in problems["interface"]


def test_the_doctor_names_a_redis_and_a_database_that_are_down(own_site):
    own_site.valkey.kill()
    try:
        database = f"postgres://nobody:nothing@127.0.0.1:{free_port()}/none"
        code, problems, _ = doctor(own_site, DATABASE_URL=database)
    finally:
        own_site.start()
    assert code == 1 and "answers 503" in problems["interface"], problems
    assert "does not answer" in problems["redis"] and "correct DATABASE_URL" in problems["database"]
    assert "nothing" not in str(problems), "no password is shown"

"""Operators receive the state of a real site on their socket, with right numbers and within seconds."""

import asyncio
import json

import pytest
import requests

from tests.live.client import Person
from tests.live.processes import Site

SOON_SECONDS = 10
LONG_SECONDS = 30


@pytest.fixture(scope="module")
def own_site():
    site = Site()
    site.monitor = site.make_part("monitor", "monitor", "--interval", "1")
    site.delay = site.make_part("delay", "rundelay")
    site.start()
    for part in (site.monitor, site.delay):
        part.start()
    site.delay.wait_until_logged("Listening on asgi.delay")
    yield site
    for part in (site.monitor, site.delay):
        part.kill()
    site.stop()


@pytest.fixture(scope="module")
def olga(own_site):
    person = Person(own_site, "Olga", "correct horse")
    own_site.database.query("UPDATE chat_person SET is_staff = %s WHERE handle = %s", True, person.handle)
    return person


async def receive_until(socket, is_true, seconds=LONG_SECONDS):
    """Return the first {point, state} for which `is_true(state)`. Raise TimeoutError after some seconds."""

    async def receive():
        while True:
            frame = json.loads(await socket.recv())
            assert frame["stream"] == "health"
            if is_true(frame["payload"]["state"]):
                return frame["payload"]

    return await asyncio.wait_for(receive(), seconds)


def find_process(state, pid):
    return next((process for process in state["processes"] if process["pid"] == pid), None)


async def test_operators_see_what_happens_within_seconds(own_site, olga):
    room = olga.make_room()
    async with olga.socket("/operators/health/") as health, olga.client(room) as client:
        kinds = ["delay server", "interface", "monitor", "worker", "worker"]

        def is_complete(state):
            return [process["kind"] for process in state["processes"]] == kinds and state["now"]["people"]

        found = await receive_until(health, is_complete)
        state = found["state"]
        assert state["problems"] == [] and state["now"]["people"] == 1 and state["now"]["sockets"] == 2
        assert {process["state"] for process in state["processes"]} == {"alive"}
        assert state["receivers"]["websocket.receive"] == 2 and state["receivers"]["asgi.delay"] == 1

        for number in range(100):
            await client.ask("post", body=f"number {number}")
        found = await receive_until(
            health, lambda state: [row["messages"] for row in state["rooms"]] == [100], SOON_SECONDS
        )
        consumers = {row["consumer"]: row for row in found["state"]["consumers"]}
        assert any(row["channel"] == "websocket.receive" and row["count"] >= 100 for row in consumers.values())

        stopped, killed = own_site.workers
        stopped.end()
        await receive_until(health, lambda state: find_process(state, stopped.pid) is None, SOON_SECONDS)
        killed.kill()
        found = await receive_until(
            health, lambda state: find_process(state, killed.pid)["state"] == "dead", SOON_SECONDS
        )
        codes = {problem["condition"] for problem in found["state"]["problems"]}
        assert {"process_dead", "no_worker"} <= codes


def test_without_a_worker_the_interface_answers_with_a_page_that_says_so(own_site):
    for worker in own_site.workers:
        if worker.is_running:
            worker.kill()
    response = requests.get(f"{own_site.url}/operations/", headers={"Accept-Language": "de"}, timeout=30)
    assert response.status_code == 503 and "Kein Worker antwortet" in response.text
    assert "Content-Security-Policy" in response.headers

"""All processes of the Procfile together: if one of them fails, another does its work."""

import pytest

from tests.live import rooms
from tests.live.client import Person, later, new_ref
from tests.live.doctor import doctor
from tests.live.processes import Site, wait_until

COUNT = 10_000


@pytest.fixture(scope="module")
def whole_site():
    site = Site(workers=1, task_workers=1, CHAT_TASK_LOCK_SECONDS="3")
    site.delay = site.make_part("delay", "rundelay")
    site.monitor = site.make_part("monitor", "monitor", "--interval", "0.5", "--sweep-interval", "1")
    yield site
    for part in (site.delay, site.monitor):
        if part.is_running:
            part.kill()
    site.stop()


@pytest.fixture
def site(whole_site):
    """Return a site with all processes running."""
    whole_site.start()
    for part, first_line in ((whole_site.delay, "Listening on asgi.delay"), (whole_site.monitor, "Working")):
        if not part.is_running:
            part.start()
            part.wait_until_logged(first_line, part.log_start)
    return whole_site


@pytest.fixture(scope="module")
def owner(whole_site):
    whole_site.start()
    return Person(whole_site, "Owner", "correct horse")


@pytest.fixture(scope="module")
def bob(whole_site, owner):
    return Person(whole_site, "Bob")


async def check_due_messages(owner, bob):
    """Mute Bob for a second and schedule a message. Check that the mute ends and the message arrives."""
    room = owner.make_room()
    async with bob.client(room) as at_bob, owner.client(room) as at_owner:
        owner.call("PUT", f"/api/rooms/{room}/members/Bob/", role="muted", seconds=1, expected=200)
        await at_owner.ask("schedule", body="As I said", at=later(1))
        await at_bob.until(lambda: [event["role"] for event in at_bob.heard("member")] == ["muted", "guest"])
        await at_bob.until(lambda: at_bob.bodies() == ["As I said"])


async def test_the_delay_server_needs_no_monitor(site, owner, bob):
    assert site.monitor.end() == 0
    await check_due_messages(owner, bob)


async def test_the_monitor_needs_no_delay_server(site, owner, bob):
    assert site.delay.end() == 0
    await check_due_messages(owner, bob)


def test_the_monitor_gives_the_task_of_a_killed_worker_to_another_worker(site, owner):
    owner.make_room("archive")
    rooms.fill(site, "archive", COUNT)
    params = {"format": "html", "from": None, "to": None}
    task = owner.call("POST", "/api/rooms/archive/tasks/", expected=201, ref=new_ref(), task="export", params=params)
    path = f"/api/tasks/{task.json()['task_id']}/"
    [worker] = site.task_workers
    wait_until(lambda: owner.call("GET", path).json()["state"] == "running", what="the start of the task")
    worker.kill()
    worker.start()
    wait_until(lambda: owner.call("GET", path).json()["state"] == "done", 120, "the end of the task")
    assert site.database.query("SELECT attempt FROM chat_task WHERE id = %s", task.json()["task_id"]) == [(2,)]


def test_the_doctor_finds_no_problem(site):
    code, problems, _ = doctor(site)
    assert (code, problems) == (0, {})

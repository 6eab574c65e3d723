"""Background tasks on their own workers: they finish, move from a dead worker to another, and need little memory."""

import asyncio
import json
import signal
import time
from datetime import UTC, datetime

import pytest

from tests.live import rooms
from tests.live.client import Person, new_ref
from tests.live.processes import Site, wait_until

# A worker needs about a second for this number, and stores many parts.
COUNT = 20_000
JSON = {"format": "json", "from": None, "to": None}
# After this time, a worker that died loses its task. A live worker renews its lock each second.
LOCK_SECONDS = 4


@pytest.fixture(scope="module")
def tasks_site():
    site = Site(workers=1, task_workers=2, CHAT_TASK_LOCK_SECONDS=str(LOCK_SECONDS)).start()
    yield site
    site.stop()


@pytest.fixture
def site(tasks_site):
    """Yield a site with all processes running. After the test, its logs must contain no traceback."""
    tasks_site.start()
    with tasks_site.without_tracebacks() as site:
        yield site


@pytest.fixture(scope="module")
def owner(tasks_site):
    """Return a person with a room of 20,000 messages."""
    person = Person(tasks_site, "Owner of the archive", "correct horse")
    person.make_room("archive")
    rooms.fill(tasks_site, "archive", COUNT)
    return person


def start(person, task="export", params=JSON, slug="archive"):
    body = {"ref": new_ref(), "task": task, "params": params}
    return person.call("POST", f"/api/rooms/{slug}/tasks/", expected=201, **body).json()


def find(person, task, *states):
    """Return a task as the API now describes it if its state is one of `states`, else None."""
    found = person.call("GET", f"/api/tasks/{task['task_id']}/", expected=200).json()
    assert found["state"] != "failed", found
    return found if found["state"] in states else None


def wait_until_done(person, task):
    return wait_until(lambda: find(person, task, "done"), 120, f"the end of task {task['task_id']}")


def name_of(site, task):
    """Return the name of a task's result."""
    [(name,)] = site.database.query("SELECT result_file FROM chat_task WHERE id = %s", task["task_id"])
    return name


def stored_names(site):
    """Return the names of all results, also of unfinished ones: in the directory with SQLite, else in the database."""
    if site.database.server is not None:
        return {name for (name,) in site.database.query("SELECT name FROM chat_storedfile")}
    root = site.folder / "files"
    return {str(path.relative_to(root)).removesuffix(".new") for path in root.rglob("*") if not path.is_dir()}


def wait_until_begun(site, task):
    """Wait until a task has begun to store its result. Return the process that runs it."""
    wait_until(lambda: name_of(site, task) in stored_names(site), what="the first part")
    [(worker,)] = site.database.query("SELECT locked_by FROM chat_task WHERE id = %s", task["task_id"])
    return {str(part.pid): part for part in site.task_workers}[worker.rpartition(":")[2]]


def freeze(site, worker, task):
    """Freeze a worker between two of its transactions."""
    worker.process.send_signal(signal.SIGSTOP)
    while site.database.is_locked("chat_task", task["task_id"]):
        worker.process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
        worker.process.send_signal(signal.SIGSTOP)


def sweep_when_locks_have_ended(site, count):
    """Wait until the locks of `count` running tasks have ended, and put these tasks back on the channel."""

    def have_ended():
        query = "SELECT count(*) FROM chat_task WHERE state = 'running' AND locked_until < %s"
        return site.database.query(query, datetime.now(UTC).isoformat(sep=" ")) == [(count,)]

    wait_until(have_ended, what="the end of the locks")
    assert site.manage("shell", "-c", "from chat.services import tasks; print(tasks.sweep_tasks())") == f"{count}\n"


def check_result(site, person, task):
    """Check that the archive's export is complete, contains each message once, and is from one attempt."""
    response = person.http.get(site.url + task["result"], timeout=60)
    assert response.status_code == 200 and len(response.content) == task["size"]
    assert [message["id"] for message in json.loads(response.content)["messages"]] == list(range(1, COUNT + 1))
    names = site.database.query("SELECT result_file FROM chat_task WHERE result_file IS NOT NULL")
    assert name_of(site, task) in stored_names(site) <= {name for (name,) in names}


def attempts(site, task):
    """Return (attempt, tries) of a task: the number of claims, and of claims that no worker gave back."""
    return site.database.query("SELECT attempt, tries FROM chat_task WHERE id = %s", task["task_id"])[0]


async def test_a_task_worker_exports_a_room_and_only_its_person_can_download_it(site, owner):
    stranger = Person(site, "A stranger", "correct horse")
    async with (
        owner.client("archive") as tab,
        owner.client("archive") as other,
        stranger.client("archive") as third,
    ):
        ack = await tab.ask("start", task="export", params={"format": "json", "from": None, "to": None})
        assert ack["type"] == "ack" and ack["task_id"]
        await tab.until(lambda: tab.heard("task") and tab.heard("task")[-1]["state"] == "done")
        await other.until(lambda: other.heard("task") and other.heard("task")[-1]["state"] == "done")
        assert third.heard("task") == []
    heard = tab.heard("task")
    assert [event["state"] for event in heard][:2] == ["queued", "running"]
    progress = [event["progress"] for event in heard]
    assert progress == sorted(progress) and progress[-1] == 100
    assert {event["ref"] for event in heard} == {ack["ref"]}
    response = owner.http.get(site.url + heard[-1]["result"], timeout=60)
    assert [message["id"] for message in json.loads(response.content)["messages"]] == list(range(1, COUNT + 1))
    unknown = stranger.call("GET", "/api/tasks/999999/result/", expected=404).text
    assert stranger.call("GET", heard[-1]["result"], expected=404).text == unknown
    Person(site).call("GET", heard[-1]["result"], expected=401)
    async with owner.client("archive") as again:
        await again.until(lambda: again.heard("task"))
        assert again.heard("task") == [heard[-1]]


async def test_a_task_resent_on_another_connection_starts_once(site, owner):
    event = {"type": "start", "ref": new_ref(), "task": "statistics", "params": {}}
    async with owner.client("archive") as first, owner.client("archive") as second:
        acks = await asyncio.gather(*(client.ask(**event) for client in (first, second, first, second)))
        assert all(ack == acks[0] for ack in acks)
        await first.until(lambda: any(event["state"] == "done" for event in first.heard("task")))
    assert site.database.query("SELECT count(*) FROM chat_task WHERE ref = %s", event["ref"]) == [(1,)]


def test_another_worker_finishes_tasks_of_a_killed_and_a_frozen_worker(site, owner):
    begun = [start(owner), start(owner)]
    killed, frozen = [wait_until_begun(site, task) for task in begun]
    try:
        freeze(site, frozen, begun[1])
        killed.kill()
        killed.start()
        sweep_when_locks_have_ended(site, 2)
        done = [wait_until_done(owner, task) for task in begun]
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    # The frozen worker notices the loss of its task, and does not overwrite the other worker's result.
    frozen.wait_until_logged(f"Task {begun[1]['task_id']} is no longer held by this worker", frozen.log_start)
    for task in done:
        assert find(owner, task, "done") == task
        check_result(site, owner, task)
        assert attempts(site, task) == (2, 2)


def test_a_worker_that_stops_puts_its_task_back_for_another_worker(site, owner):
    task = start(owner)
    worker = wait_until_begun(site, task)
    assert worker.end() == 0
    check_result(site, owner, wait_until_done(owner, task))
    # The second claim did not wait for the end of the lock, and the first does not count as a try.
    assert attempts(site, task) == (2, 1)


def test_only_task_workers_run_tasks(site, owner):
    for worker in site.task_workers:
        assert worker.end() == 0
    task = start(owner, "statistics", {})
    # The other worker answers each of these requests, and does not run the task.
    for _ in range(20):
        assert find(owner, task, "queued")
    site.start()
    wait_until_done(owner, task)


def test_memory_does_not_grow_with_the_room(site, owner):
    html = {"format": "html", "from": None, "to": None}
    # After the first export, the processes have loaded their modules and caches.
    wait_until_done(owner, start(owner, params={**html, "to": "2000-01-01"}))
    before = {}
    for part in (*site.task_workers, *site.workers):
        rooms.reset_peak_memory(part.pid)
        before[part] = rooms.memory_mb(part.pid)
    task = wait_until_done(owner, start(owner, params=html))
    text = owner.http.get(site.url + task["result"], timeout=60).text
    assert text.count("<article ") == COUNT and text.endswith("</html>\n")
    # All messages as objects take about 60 MB, and one page of messages takes one or two MB.
    growth = {part.name: rooms.memory_mb(part.pid, "VmHWM") - memory for part, memory in before.items()}
    assert max(growth.values()) < 30, growth


def test_posts_are_answered_while_a_room_is_exported(site, owner):
    slug = owner.make_room()
    task = start(owner)
    wait_until_begun(site, task)
    posts = 0
    while find(owner, task, "running") and posts < 20:
        assert owner.post(slug, "meanwhile").status_code == 201
        posts += 1
    assert posts
    name = name_of(site, task)
    owner.call("DELETE", f"/api/tasks/{task['task_id']}/", expected=200)
    owner.call("GET", f"/api/tasks/{task['task_id']}/", expected=404)
    wait_until(lambda: name not in stored_names(site), what="the deletion of its result")

"""Background tasks: who may ask for what, one worker at a time, and a result that only one person can fetch."""

import json
from datetime import timedelta

import pytest
import redis
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast
from chat.models import Member, Room, Task, TaskPart
from chat.protocol import ChatError
from chat.services import rooms, tasks
from chat.services.tasks import claims, registry, results, running, sweeping
from chat.services.tasks import job as jobs
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"format": "json", "from": None, "to": None}


@pytest.fixture
def no_workers(monkeypatch):
    """Jobs are taken off the channel, and nobody does them."""
    jobs = []
    monkeypatch.setattr(tasks, "run_task", jobs.append)
    return jobs


@pytest.fixture
def make_kind(monkeypatch):
    """Makes a kind of task of a generator function, for this test."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    return lambda function: registry.task("trial", lambda params: params)(function)


@pytest.fixture
def stopping(monkeypatch):
    """Tells the worker to stop: `stopping()`."""
    told = []
    monkeypatch.setattr(jobs, "is_stopping", lambda: bool(told))
    return lambda: told.append(True)


def start(socket, ref="x1", task="export", params=JSON):
    return socket.ask("start", ref=ref, task=task, params=params)


def states(socket, ref="x1"):
    return [event["state"] for event in socket.seen("task") if event["ref"] == ref]


def get(browser, path):
    """Returns the status and what was answered, whole."""
    response = browser.get(path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, content


# Asking.


def test_a_task_is_acked_and_then_told_until_it_is_done(alice, enter):
    socket = enter(alice)
    socket.post("r1", "Hello")
    answer = start(socket)
    task = Task.objects.get()
    assert answer == {"type": "ack", "ref": "x1", "id": None, "offset": None, "task_id": task.id}
    assert [event["type"] for event in socket.events[-4:]] == ["ack", "task", "task", "task"]
    assert states(socket) == ["queued", "running", "done"]
    last = socket.seen("task")[-1]
    assert last == {
        "type": "task",
        "ref": "x1",
        "task_id": task.id,
        "task": "export",
        "params": JSON,
        "state": "done",
        "progress": 100,
        "result": f"/api/tasks/{task.id}/result/",
        "size": task.result_size,
    }
    status, content = get(socket.browser, last["result"])
    assert status == 200 and len(content) == last["size"]
    assert [message["body"] for message in json.loads(content)["messages"]] == ["Hello"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"task": "export"}, "missing_field"),
        ({"params": JSON}, "missing_field"),
        ({"task": "export", "params": {}}, "missing_field"),
        ({"task": "export", "params": {"from": None, "to": None}}, "missing_field"),
        ({"task": "bake", "params": JSON}, "invalid_field"),
        ({"task": 7, "params": JSON}, "invalid_field"),
        ({"task": "export", "params": []}, "invalid_field"),
        ({"task": "export", "params": None}, "invalid_field"),
        ({"task": "export", "params": {"format": "pdf"}}, "invalid_field"),
        ({"task": "export", "params": {"format": ["json"]}}, "invalid_field"),
        ({"task": "export", "params": {"format": None}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "from": "yesterday"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "from": 1700000000}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "2026-02-30"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "2026-11-20T25:00:00Z"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "2026-11-20T10:00:00"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "9999-12-31"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "from": "2026-11-20", "to": "2026-11-19"}}, "invalid_field"),
    ],
)
def test_what_cannot_be_done_is_rejected_before_anything_starts(alice, enter, event, code):
    socket = enter(alice)
    answer = socket.ask("start", ref="x1", **event)
    assert (answer["type"], answer["code"]) == ("rejected", code)
    assert not Task.objects.exists() and socket.seen("task") == []
    # And the ref is not used up.
    assert start(socket)["type"] == "ack"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T09:30Z", "2026-11-20T09:30:00.000Z"),
        ("2026-11-20", None),
        (None, "2026-11-20T09:30:00Z"),
    ],
)
def test_days_and_times_are_taken(alice, enter, start, end):
    answer = enter(alice).ask("start", ref="x1", task="export", params={"format": "csv", "from": start, "to": end})
    assert answer["type"] == "ack"


def test_a_ref_sent_again_gets_the_same_ack_and_hears_the_state(alice, enter, no_workers):
    socket = enter(alice)
    first = start(socket)
    assert start(socket) == first
    assert start(enter(alice), params={"format": "json", "and": "what nobody knows"}) == first
    assert Task.objects.count() == 1 and len(no_workers) == 1
    assert states(socket) == ["queued"] * 3
    assert start(socket, params={**JSON, "format": "csv"})["code"] == "ref_conflict"
    assert start(socket, task="statistics", params={})["code"] == "ref_conflict"
    assert socket.ask("post", ref="x1", body="Hello")["code"] == "ref_conflict"


def test_a_ref_whose_task_was_forgotten_gets_the_same_ack(alice, enter):
    socket = enter(alice)
    first = start(socket)
    tasks.delete_task(alice, first["task_id"])
    assert start(socket) == first
    assert not Task.objects.exists()


@pytest.mark.parametrize("role", [Member.GUEST, Member.MUTED, Member.MEMBER, Member.MODERATOR])
def test_whoever_may_read_may_start(bob, enter, role):
    rooms.apply_role(rooms.join_room(bob, "garden") if enter(bob) else None, role)
    assert start(enter(bob))["type"] == "ack"


def test_nobody_starts_tasks_in_a_boards_room(alice, enter):
    socket = enter(alice)
    Room.objects.update(access=Room.BOARD)
    assert start(socket)["code"] == "forbidden"


def test_only_so_many_tasks_wait_or_run_for_one_person(alice, bob, enter, no_workers, settings):
    settings.CHAT_MAX_UNFINISHED_TASKS = 2
    socket = enter(alice)
    first = start(socket, "x1")
    start(socket, "x2")
    refusal = start(socket, "x3")
    assert (refusal["code"], refusal["retry_after"]) == ("rate_limited", 10.0)
    assert start(socket, "x1") == first, "a resend is no new one"
    assert start(enter(bob), "x1")["type"] == "ack"
    Task.objects.filter(ref="x1").update(state=Task.FAILED)
    assert start(socket, "x3")["type"] == "ack"


def test_load_tests_have_no_limit(alice, enter, no_workers, settings):
    settings.CHAT_LIMITS_ON = False
    socket = enter(alice)
    assert all(start(socket, f"x{number}")["type"] == "ack" for number in range(5))


def test_all_tabs_of_the_person_hear_and_nobody_else(alice, bob, enter):
    mine, other, bobs = enter(alice), enter(alice), enter(bob)
    start(mine)
    assert states(other) == states(mine) == ["queued", "running", "done"]
    assert bobs.seen("task") == []


def test_who_comes_back_hears_of_unfinished_and_finished_tasks_after_the_backlog(alice, bob, enter, no_workers):
    socket = enter(alice)
    start(socket, "x1")
    start(socket, "x2")
    running.run_task(Task.objects.get(ref="x1").id)
    again = enter(alice)
    assert [event["type"] for event in again.events[-3:]] == ["synced", "task", "task"]
    assert [(event["ref"], event["state"]) for event in again.seen("task")] == [("x1", "done"), ("x2", "queued")]
    Task.objects.filter(ref="x1").update(expires_at=timezone.now())
    assert states(enter(alice), "x1") == []
    assert enter(bob).seen("task") == []


def test_coming_back_costs_one_statement_for_the_tasks_where_there_are_any(alice, room):
    browser = wire.browser_of(alice)
    member = rooms.join_room(alice, "garden")
    for number in range(30):
        Task.objects.create(
            person=alice,
            room=room,
            kind="export",
            ref=f"x{number}",
            params="{}",
            upto=0,
            expires_at=timezone.now() + timedelta(hours=1),
        )
    with CaptureQueriesContext(connection) as queries:
        socket = wire.Socket("/chat/garden/", browser).connect()
    assert len([query for query in queries if 'FROM "chat_task"' in query["sql"]]) == 1
    # The newest, the oldest of them first.
    assert [event["ref"] for event in socket.seen("task")] == [f"x{number}" for number in range(20, 30)]
    assert member.role == Member.OWNER


# By HTTP.


def test_a_task_is_started_listed_shown_and_forgotten_by_http(alice, room):
    browser = wire.browser_of(alice)
    body = {"ref": "x1", "task": "export", "params": JSON}
    answer = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201
    task_id = answer.json()["task_id"]
    assert (answer.json()["ref"], answer.json()["state"]) == ("x1", "queued")
    wire.work()
    answer = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    [listed] = browser.get("/api/rooms/garden/tasks/").json()["tasks"]
    assert listed == browser.get(f"/api/tasks/{task_id}/").json()
    assert listed["result"] == f"/api/tasks/{task_id}/result/"
    assert browser.delete(f"/api/tasks/{task_id}/").json() == {"task_id": task_id}
    assert browser.get(f"/api/tasks/{task_id}/").status_code == 404
    assert get(browser, listed["result"])[0] == 404
    assert browser.get("/api/rooms/garden/tasks/").json() == {"tasks": []}
    answer = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"ref": "x1", "task_id": task_id})


def test_a_refusal_by_http_has_its_ref_and_status(alice, room):
    browser = wire.browser_of(alice)
    body = {"ref": "x1", "task": "bake", "params": {}}
    answer = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"], answer.json()["ref"]) == (400, "invalid_field", "x1")
    answer = browser.post("/api/rooms/nowhere/tasks/", json.dumps({**body, "task": "export"}), "application/json")
    assert answer.status_code == 404


def test_strangers_guests_and_other_members_find_no_task_of_mine(alice, bob, charlie, enter, client):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    for person in (bob, charlie):
        other = wire.browser_of(person)
        unknown = get(other, "/api/tasks/999999/result/")
        assert get(other, f"/api/tasks/{task_id}/result/") == unknown and unknown[0] == 404
        assert other.get(f"/api/tasks/{task_id}/").status_code == 404
        assert other.delete(f"/api/tasks/{task_id}/").status_code == 404
        assert other.get("/api/rooms/garden/tasks/").json() == {"tasks": []}
    assert client.get(f"/api/tasks/{task_id}/result/").status_code == 401
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 200


def test_who_was_banned_can_fetch_nothing_any_more(bob, enter):
    socket = enter(bob)
    task_id = start(socket)["task_id"]
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    for path in (f"/api/tasks/{task_id}/", f"/api/tasks/{task_id}/result/", "/api/rooms/garden/tasks/"):
        assert get(socket.browser, path)[0] == 403
    answer = socket.browser.post(
        "/api/rooms/garden/tasks/", '{"ref": "x2", "task": "statistics", "params": {}}', content_type="application/json"
    )
    assert answer.status_code == 403
    assert socket.browser.delete(f"/api/tasks/{task_id}/").status_code == 200


def test_who_left_a_private_room_can_fetch_nothing_any_more(bob, enter):
    socket = enter(bob)
    task_id = start(socket)["task_id"]
    Room.objects.update(access=Room.PRIVATE)
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 200
    rooms.delete_member(rooms.join_room(bob, "garden"))
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 404


@pytest.mark.parametrize("task_id", [0, 2**31, 2**63, 10**30])
def test_an_id_that_is_none_is_not_found(alice, room, task_id):
    browser = wire.browser_of(alice)
    for path in (f"/api/tasks/{task_id}/", f"/api/tasks/{task_id}/result/"):
        assert get(browser, path)[0] == 404
    assert browser.delete(f"/api/tasks/{task_id}/").status_code == 404


def test_a_result_comes_with_headers_under_which_nothing_in_it_runs(alice, enter):
    socket = enter(alice)
    export = start(socket, "x1", params={"format": "html"})["task_id"]
    statistics = start(socket, "x2", task="statistics", params={})["task_id"]
    for task_id, disposition in [
        (export, 'attachment; filename="garden.html"'),
        (statistics, 'inline; filename="garden-statistics.html"'),
    ]:
        answer = socket.browser.get(f"/api/tasks/{task_id}/result/")
        assert answer["Content-Disposition"] == disposition
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert int(answer["Content-Length"]) == len(b"".join(answer.streaming_content))


def test_there_is_no_result_before_the_end(alice, enter, no_workers):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 404
    claims.claim_task(task_id)
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 404


def test_an_expired_result_is_not_found_and_then_deleted(alice, enter):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    assert TaskPart.objects.exists()
    Task.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    status, content = get(socket.browser, f"/api/tasks/{task_id}/result/")
    assert status == 404 and "expired" in json.loads(content)["detail"]
    assert sweeping.sweep_tasks() == 1
    assert not Task.objects.exists() and not TaskPart.objects.exists()
    assert socket.seen("task")[-1]["forgotten"]


class Interface:
    """A layer whose interface takes a part each time that somebody looks."""

    def __init__(self, waiting):
        self.waiting = waiting

    def count_waiting(self, channel):
        self.waiting -= 1
        return self.waiting + 1


def test_a_result_waits_for_its_interface_and_not_for_ever(monkeypatch, clock):
    monkeypatch.setattr(broadcast, "time", clock)
    layer = Interface(broadcast.MAX_WAITING_PARTS + 10)
    monkeypatch.setattr(broadcast, "_layer", lambda: layer)
    broadcast.wait_for_room("daphne.response.abc!x")
    assert layer.waiting == broadcast.MAX_WAITING_PARTS - 1
    layer.waiting = 10**6
    broadcast.wait_for_room("daphne.response.abc!x")
    assert clock.now > 1000 + broadcast.LONGEST_WAIT_SECONDS


def test_one_person_fetches_only_so_much(alice, enter, settings):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "downloads": (2, 0.01)}
    answers = [get(socket.browser, f"/api/tasks/{task_id}/result/")[0] for _ in range(3)]
    assert answers == [200, 200, 429]


# Running.


def queue(person, ref="x1", kind="trial", params="{}"):
    member = rooms.join_room(person, "garden")
    return Task.objects.create(
        person=person,
        room=member.room,
        kind=kind,
        ref=ref,
        params=params,
        upto=member.room.offset,
        expires_at=timezone.now() + timedelta(days=1),
    )


def let_lock_end(task):
    Task.objects.filter(id=task.id).update(locked_until=timezone.now() - timedelta(seconds=1))


def test_a_task_is_claimed_once(alice, room):
    task = queue(alice)
    mine = claims.claim_task(task.id)
    assert (mine.state, mine.attempt) == ("running", 1)
    assert claims.claim_task(task.id) is None
    let_lock_end(task)
    assert claims.claim_task(task.id).attempt == 2
    assert claims.claim_task(999999) is None


def test_a_job_that_comes_twice_runs_once(alice, room, make_kind):
    runs = []

    @make_kind
    def trial(job):
        runs.append(job.task.attempt)
        tasks.run_task(job.task.id)  # the same job, to another worker
        yield 0.5

    task = queue(alice)
    tasks.run_task(task.id)
    tasks.run_task(task.id)
    assert runs == [1]


def test_a_worker_that_lost_its_lock_writes_nothing_over_the_others_result(alice, room, make_kind):
    @make_kind
    def trial(job):
        job.write(f"attempt {job.task.attempt}, ")
        yield 0.5
        if job.task.attempt == 1:
            # It is held up for longer than its lock, and another worker does all of it meanwhile.
            let_lock_end(job.task)
            tasks.run_task(job.task.id)
        job.write("to its end")

    task = queue(alice)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert (task.state, task.attempt) == ("done", 2)
    assert b"".join(tasks.read_result(task)) == b"attempt 2, to its end"
    assert TaskPart.objects.count() == 1


def test_a_worker_that_lost_its_lock_stores_no_part(alice, room):
    task = queue(alice)
    late = jobs.Job(claims.claim_task(task.id))
    let_lock_end(task)
    claims.claim_task(task.id)
    with pytest.raises(claims.TaskLost):
        late.write("x" * results.PART_BYTES)
    with pytest.raises(claims.TaskLost):
        late.finish()
    running._fail(late.task, "It failed.")
    running._put_back(late.task)
    task.refresh_from_db()
    assert (task.state, task.attempt) == ("running", 2) and not TaskPart.objects.exists()


def test_a_worker_that_lost_its_lock_deletes_nothing_of_the_others(alice, room, make_kind):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 1

    task = queue(alice)
    late = jobs.Job(claims.claim_task(task.id))
    let_lock_end(task)
    tasks.run_task(task.id)
    running._run_claimed(late.task)
    running._fail(late.task, "It failed.")
    running._put_back(late.task)
    task.refresh_from_db()
    assert (task.state, task.attempt) == ("done", 2)
    assert len(b"".join(tasks.read_result(task))) == results.PART_BYTES


def test_a_lock_that_ended_and_that_nobody_took_is_renewed(alice, room, make_kind):
    @make_kind
    def trial(job):
        let_lock_end(job.task)
        job.write("x" * results.PART_BYTES)
        yield 1

    task = queue(alice)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert task.state == "done"


def test_what_an_earlier_attempt_left_is_deleted(alice, room, make_kind):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        job.write("the end")
        yield 1

    task = queue(alice)
    jobs.Job(claims.claim_task(task.id)).write("y" * results.PART_BYTES)
    let_lock_end(task)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert [data[:1] for data in tasks.read_result(task)] == [b"x", b"t"]
    assert TaskPart.objects.count() == 2


def test_progress_is_told_and_the_lock_renewed_once_a_second(alice, enter, make_kind, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    locks = []

    @make_kind
    def trial(job):
        for step in range(1, 11):
            clock[0] += 0.25
            let_lock_end(job.task)
            yield step / 10
            locks.append(Task.objects.get().locked_until > timezone.now())

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    told = [(event["state"], event["progress"]) for event in socket.seen("task")]
    assert told == [("running", 0), ("running", 40), ("running", 80), ("done", 100)]
    assert locks == [False, False, False, True] * 2 + [False, False]


def test_progress_leaves_while_the_consumer_runs(alice, enter, make_kind):
    socket = enter(alice)
    heard = []

    @make_kind
    def trial(job):
        heard.extend(socket.read())
        yield 1

    broadcast.start_job(broadcast.TASKS_CHANNEL, {"task": queue(alice).id})
    wire.work()
    assert [event["state"] for event in heard] == ["running"]


def test_an_exception_fails_the_task_with_a_sentence_and_a_trace_in_the_log(alice, enter, make_kind, caplog):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 0.5
        raise ValueError("a secret of the server")

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"]) == ("failed", running.SERVER_ERROR)
    assert "result" not in last and not TaskPart.objects.exists()
    assert "a secret of the server" in caplog.text
    assert sweeping.sweep_tasks() == 0


def test_a_kind_may_fail_with_a_sentence_of_its_own(alice, enter, make_kind):
    @make_kind
    def trial(job):
        yield 0.5
        raise ChatError("invalid_field", "There is too little to say.")

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    assert socket.seen("task")[-1]["error"] == "There is too little to say."


def test_a_task_of_somebody_who_was_banned_meanwhile_fails(bob, room):
    task = queue(bob, kind="export", params=json.dumps(JSON))
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert (task.state, task.error) == ("failed", "You are banned from this room. Ask its moderators to lift the ban.")


def test_a_worker_that_is_told_to_stop_hands_its_task_back(alice, enter, make_kind, stopping):
    @make_kind
    def trial(job):
        stopping()
        yield 0.5
        raise AssertionError("it goes on")

    socket = enter(alice)
    task = queue(alice)
    tasks.run_task(task.id)
    assert states(socket) == ["running", "queued"]
    task.refresh_from_db()
    assert (task.tries, task.locked_until) == (0, None)
    assert wire.layer().receive(["chat.tasks"]) == ("chat.tasks", {"task": task.id})


def test_a_cancelled_task_stops_at_its_next_step(alice, enter, make_kind, monkeypatch):
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0)

    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        tasks.delete_task(alice, job.task.id)
        yield 0.5
        raise AssertionError("it goes on")

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"], last["forgotten"]) == ("failed", "This task was cancelled.", True)
    assert not Task.objects.exists() and not TaskPart.objects.exists()


def test_forgetting_a_result_is_told_to_all_tabs(alice, enter):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    tasks.delete_task(alice, task_id)
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"], last["forgotten"]) == ("failed", "This result was deleted.", True)
    assert "result" not in last


def test_an_outage_leaves_the_task_to_be_tried_again(alice, room, make_kind):
    @make_kind
    def trial(job):
        yield 0.1
        if job.task.attempt == 1:
            raise OperationalError("the database is away")
        job.write("done")

    task = queue(alice)
    tasks.run_task(task.id)
    assert Task.objects.get().state == "running"
    let_lock_end(task)
    tasks.sweep_tasks()
    wire.work()
    assert Task.objects.get().state == "done"


def test_a_state_that_cannot_be_told_fails_nothing(alice, room, make_kind, monkeypatch):
    def fail(*args, **kwargs):
        raise redis.ConnectionError("away")

    @make_kind
    def trial(job):
        job.write("done")
        yield 1

    monkeypatch.setattr(broadcast.Group, "send", fail)
    tasks.run_task(queue(alice).id)
    assert Task.objects.get().state == "done"


def test_the_consumer_lets_no_outage_out(alice, room, monkeypatch):
    def fail(task_id):
        raise OperationalError("the database is away")

    task = queue(alice)
    monkeypatch.setattr(tasks, "run_task", fail)
    broadcast.start_job(broadcast.TASKS_CHANNEL, {"task": task.id})
    wire.work()


def test_a_job_that_cannot_be_sent_is_sent_by_the_sweep(alice, enter, monkeypatch):
    def fail(*args):
        raise redis.ConnectionError("away")

    socket = enter(alice)
    with monkeypatch.context() as patch:
        patch.setattr(broadcast, "start_job", fail)
        assert start(socket)["type"] == "ack"
    assert tasks.sweep_tasks() == 0, "a job may take its time"
    Task.objects.update(sent_at=timezone.now() - timedelta(seconds=sweeping.JOB_SECONDS + 1))
    assert tasks.sweep_tasks() == 1
    assert tasks.sweep_tasks() == 0, "it is under way again"
    wire.work()
    assert states(socket) == ["queued", "running", "done"]


# The sweep.


def test_the_sweep_gives_a_dead_workers_task_to_another(alice, enter, make_kind):
    @make_kind
    def trial(job):
        job.write("done")
        yield 1

    socket = enter(alice)
    task = queue(alice)
    claims.claim_task(task.id)
    assert tasks.sweep_tasks() == 0
    let_lock_end(task)
    assert tasks.sweep_tasks() == 1
    assert states(socket) == ["queued"]
    wire.work()
    assert states(socket) == ["queued", "running", "done"]


def test_the_sweep_gives_up_what_failed_too_often(alice, enter):
    socket = enter(alice)
    task = queue(alice)
    for _ in range(sweeping.MAX_TRIES):
        assert claims.claim_task(task.id)
        let_lock_end(task)
    assert claims.claim_task(task.id) is None
    assert tasks.sweep_tasks() == 1
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"]) == ("failed", sweeping.GIVEN_UP)
    assert tasks.sweep_tasks() == 0


def test_the_sweep_costs_the_same_however_many_tasks_are_well(alice, room):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert tasks.sweep_tasks() == 0
        return len(queries)

    before = count()
    for number in range(20):
        queue(alice, ref=f"x{number}")
    assert count() == before


def test_a_worker_that_gets_free_sends_again_what_waited_for_longer_than_a_job_lasts(alice, room, make_kind):
    done = []

    @make_kind
    def trial(job):
        done.append(job.task.ref)
        yield 1

    first, second = queue(alice, ref="x1"), queue(alice, ref="x2")
    Task.objects.filter(id=second.id).update(sent_at=timezone.now() - timedelta(seconds=sweeping.JOB_SECONDS + 1))
    tasks.run_task(first.id)
    wire.work()
    assert done == ["x1", "x2"]


def test_only_a_persons_newest_results_are_kept(alice, bob, enter, settings):
    settings.CHAT_MAX_RESULTS_PER_PERSON = 2
    socket = enter(alice)
    start(enter(bob), "x0")
    for number in range(4):
        start(socket, f"x{number}")
    assert list(Task.objects.filter(person=alice).order_by("id").values_list("ref", flat=True)) == ["x2", "x3"]
    assert Task.objects.filter(person=bob).exists()
    [first, second] = [event for event in socket.seen("task") if event.get("forgotten")]
    assert (first["ref"], first["error"], second["ref"]) == (
        "x0",
        "This result was deleted, because you have newer ones.",
        "x1",
    )


def test_the_oldest_results_go_where_all_together_are_too_large(alice, enter, settings):
    socket = enter(alice)
    for number in range(3):
        start(socket, f"x{number}")
    assert tasks.sweep_tasks() == 0
    settings.CHAT_MAX_RESULTS_BYTES = Task.objects.latest("id").result_size * 2
    assert tasks.sweep_tasks() == 1
    assert list(Task.objects.order_by("id").values_list("ref", flat=True)) == ["x1", "x2"]
    assert tasks.sweep_tasks() == 0


def test_a_deleted_room_takes_its_tasks_along(alice, enter, room):
    start(enter(alice))
    rooms.delete_room(room)
    assert not Task.objects.exists() and not TaskPart.objects.exists()

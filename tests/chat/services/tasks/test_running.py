"""Running tasks: progress, failures, stops and outages."""

import json

import pytest
import redis
from django.db import OperationalError
from django.utils import timezone

from chat import broadcast
from chat.models import Member, Task, TaskPart
from chat.protocol import ChatError
from chat.services import files, rooms, tasks
from chat.services.tasks import job as jobs
from chat.services.tasks import results, running, sweeping
from tests import wire
from tests.chat.services.tasks.helpers import JSON, expire_lock, queue, start, states, stored_results
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


def test_progress_is_published_and_the_lock_renewed_once_a_second(alice, enter, make_kind, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    locks = []

    @make_kind
    def trial(job):
        for step in range(1, 11):
            clock[0] += 0.25
            expire_lock(job.task)
            yield step / 10
            locks.append(Task.objects.get().locked_until > timezone.now())

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    updates = [(event["state"], event["progress"]) for event in socket.seen("task")]
    assert updates == [("running", 0), ("running", 40), ("running", 80), ("done", 100)]
    assert locks == [False, False, False, True] * 2 + [False, False]


def test_a_long_task_shows_at_each_step_that_its_worker_works(alice, room, make_kind, monkeypatch):
    touches = []
    monkeypatch.setattr(jobs, "touch_alive_file", lambda: touches.append(True))

    @make_kind
    def trial(job):
        yield from (0.2, 0.4, 0.6)

    tasks.run_task(queue(alice).id)
    assert len(touches) == 3


def test_progress_is_published_while_the_consumer_runs(alice, enter, make_kind):
    socket = enter(alice)
    received = []

    @make_kind
    def trial(job):
        received.extend(socket.read())
        yield 1

    broadcast.start_job(broadcast.TASKS_CHANNEL, {"task": queue(alice).id})
    wire.work()
    assert [event["state"] for event in received] == ["running"]


def test_a_task_that_raises_an_exception_fails_and_is_logged(alice, enter, make_kind, caplog):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 0.5
        raise ValueError("a secret of the server")

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"]) == ("failed", running.SERVER_ERROR)
    assert "result" not in last and not stored_results()
    assert "a secret of the server" in caplog.text
    assert sweeping.sweep_tasks() == 0


def test_a_kind_of_task_can_fail_with_its_own_error_text(alice, enter, make_kind):
    @make_kind
    def trial(job):
        yield 0.5
        raise ChatError("invalid_field", "There is too little to say.")

    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    assert socket.seen("task")[-1]["error"] == "There is too little to say."


def test_a_task_of_a_banned_person_fails(bob, room):
    task = queue(bob, kind="export", params=json.dumps(JSON))
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert (task.state, task.error) == ("failed", "You are banned from this room. Ask its moderators to lift the ban.")


def test_a_stopping_worker_returns_its_task_to_the_queue(alice, enter, make_kind, stopping):
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
    assert not Task.objects.exists() and not stored_results()


def test_a_deleted_result_is_published_to_all_tabs(alice, enter):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    tasks.delete_task(alice, task_id)
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"], last["forgotten"]) == ("failed", "This result was deleted.", True)
    assert "result" not in last


def test_a_task_is_tried_again_after_an_outage(alice, room, make_kind):
    @make_kind
    def trial(job):
        yield 0.1
        if job.task.attempt == 1:
            raise OperationalError("the database is away")
        job.write("done")

    task = queue(alice)
    tasks.run_task(task.id)
    assert Task.objects.get().state == "running"
    expire_lock(task)
    tasks.sweep_tasks()
    wire.work()
    assert Task.objects.get().state == "done"


def test_a_task_succeeds_even_if_its_state_cannot_be_published(alice, room, make_kind, monkeypatch):
    @make_kind
    def trial(job):
        job.write("done")
        yield 1

    monkeypatch.setattr(broadcast.Group, "send", fail_with(redis.ConnectionError("away")))
    tasks.run_task(queue(alice).id)
    assert Task.objects.get().state == "done"


def test_an_outage_of_the_database_does_not_end_the_consumer_with_an_exception(alice, room, monkeypatch):
    task = queue(alice)
    monkeypatch.setattr(tasks, "run_task", fail_with(OperationalError("the database is away")))
    broadcast.start_job(broadcast.TASKS_CHANNEL, {"task": task.id})
    wire.work()


def test_a_result_that_becomes_too_large_fails_with_a_sentence_and_is_deleted(alice, enter, make_kind, settings):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 0.5
        job.write("x" * results.PART_BYTES)

    settings.CHAT_MAX_RESULTS_BYTES = results.PART_BYTES + 1
    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    assert socket.seen("task")[-1]["error"] == running.TOO_LARGE
    assert stored_results() == []


def test_a_full_disk_fails_a_task_with_a_sentence_and_is_logged(
    alice, enter, make_kind, settings, tmp_path, monkeypatch, caplog
):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 0.5
        monkeypatch.setattr(files.directory, "RESERVED_BYTES", 1 << 62)
        job.write("x" * results.PART_BYTES)

    settings.CHAT_FILES = str(tmp_path)
    socket = enter(alice)
    tasks.run_task(queue(alice).id)
    assert socket.seen("task")[-1]["error"] == running.NO_SPACE
    assert stored_results() == [] and "the disk is full" in caplog.text


def test_an_outage_at_the_end_does_not_delete_the_result(alice, room, make_kind, monkeypatch):
    @make_kind
    def trial(job):
        job.write("done")
        yield 1

    def commit_and_fail(job):
        finish(job)
        raise OperationalError("the answer to the commit was lost")

    finish = jobs.Job.finish
    monkeypatch.setattr(jobs.Job, "finish", commit_and_fail)
    tasks.run_task(queue(alice).id)
    task = Task.objects.get()
    assert task.state == "done" and b"".join(tasks.read_result(task)) == b"done"


def test_a_result_that_a_worker_of_an_earlier_version_finished_can_be_read(alice, room):
    task = queue(alice)
    # A worker of this version began the task, and its file is deleted. The worker of the earlier version, which does
    # not know `result_file`, finished the task.
    columns = {"state": Task.DONE, "attempt": 2, "result_size": 3, "result_file": files.make_name("results")}
    Task.objects.filter(id=task.id).update(**columns)
    TaskPart.objects.create(task_id=task.id, attempt=2, number=0, data=b"old")
    task.refresh_from_db()
    assert b"".join(tasks.read_result(task)) == b"old"

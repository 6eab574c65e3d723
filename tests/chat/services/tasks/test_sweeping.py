"""The sweep of tasks: lost jobs, dead workers, and results that are deleted."""

from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast
from chat.models import Task, TaskPart
from chat.services import rooms, tasks
from chat.services.tasks import claims, sweeping
from tests import wire
from tests.chat.services.tasks.helpers import expire_lock, queue, start, states
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_sweep_sends_a_job_that_could_not_be_sent(alice, enter, monkeypatch):
    socket = enter(alice)
    with monkeypatch.context() as patch:
        patch.setattr(broadcast, "start_job", fail_with(redis.ConnectionError("away")))
        assert start(socket)["type"] == "ack"
    assert tasks.sweep_tasks() == 0, "a young job is not sent again"
    Task.objects.update(sent_at=timezone.now() - timedelta(seconds=sweeping.JOB_SECONDS + 1))
    assert tasks.sweep_tasks() == 1
    assert tasks.sweep_tasks() == 0, "the job was sent just now"
    wire.work()
    assert states(socket) == ["queued", "running", "done"]


def test_the_sweep_gives_a_dead_workers_task_to_another_worker(alice, enter, make_kind):
    @make_kind
    def trial(job):
        job.write("done")
        yield 1

    socket = enter(alice)
    task = queue(alice)
    claims.claim_task(task.id)
    assert tasks.sweep_tasks() == 0
    expire_lock(task)
    assert tasks.sweep_tasks() == 1
    assert states(socket) == ["queued"]
    wire.work()
    assert states(socket) == ["queued", "running", "done"]


def test_the_sweep_fails_tasks_that_have_no_tries_left(alice, enter):
    socket = enter(alice)
    task = queue(alice)
    for _ in range(sweeping.MAX_TRIES):
        assert claims.claim_task(task.id)
        expire_lock(task)
    assert claims.claim_task(task.id) is None
    assert tasks.sweep_tasks() == 1
    last = socket.seen("task")[-1]
    assert (last["state"], last["error"]) == ("failed", sweeping.GIVEN_UP)
    assert tasks.sweep_tasks() == 0


def test_the_sweeps_queries_do_not_grow_with_the_number_of_tasks(alice, room):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert tasks.sweep_tasks() == 0
        return len(queries)

    before = count()
    for number in range(20):
        queue(alice, ref=f"x{number}")
    assert count() == before


def test_a_worker_sends_expired_jobs_again_after_each_task(alice, room, make_kind):
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


def test_the_oldest_results_are_deleted_if_their_total_size_is_above_the_limit(alice, enter, settings):
    socket = enter(alice)
    for number in range(3):
        start(socket, f"x{number}")
    assert tasks.sweep_tasks() == 0
    settings.CHAT_MAX_RESULTS_BYTES = Task.objects.latest("id").result_size * 2
    assert tasks.sweep_tasks() == 1
    assert list(Task.objects.order_by("id").values_list("ref", flat=True)) == ["x1", "x2"]
    assert tasks.sweep_tasks() == 0


def test_deleting_a_room_deletes_its_tasks(alice, enter, room):
    start(enter(alice))
    rooms.delete_room(room)
    assert not Task.objects.exists() and not TaskPart.objects.exists()

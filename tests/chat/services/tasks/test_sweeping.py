"""The sweep of tasks: lost jobs, dead workers, and results that are deleted."""

import contextlib
import time
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast
from chat.models import FilePart, Task
from chat.services import rooms, tasks
from chat.services.tasks import claims, results, sweeping
from tests import wire
from tests.chat.services.tasks.helpers import expire_lock, queue, start, states, stored_results
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)
needs_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")


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


@contextlib.contextmanager
def locked_by_another(task):
    """Lock a task's row from another connection within a `with` block. A statement that waits for the lock fails."""
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor, connection.cursor() as own:
        cursor.execute("SELECT 1 FROM chat_task WHERE id = %s FOR UPDATE", [task.id])
        own.execute("SET lock_timeout = '3s'")
        yield
        own.execute("RESET lock_timeout")
    other.rollback()
    other.close()


def abandon(task):
    """Set a task to the state in which a worker that died or is frozen leaves it."""
    assert claims.claim_task(task.id)
    expire_lock(task)


def exhaust(task):
    abandon(task)
    Task.objects.filter(id=task.id).update(tries=sweeping.MAX_TRIES)


def lose_job(task):
    Task.objects.filter(id=task.id).update(sent_at=timezone.now() - timedelta(seconds=sweeping.JOB_SECONDS + 1))


def expire(task):
    Task.objects.filter(id=task.id).update(expires_at=timezone.now() - timedelta(seconds=1))


@needs_postgres
@pytest.mark.parametrize("change", [abandon, exhaust, lose_job, expire])
def test_a_sweep_leaves_a_locked_task_to_a_later_sweep_and_does_not_wait(alice, room, change):
    held, free = queue(alice, ref="x1"), queue(alice, ref="x2")
    for task in (held, free):
        change(task)
    with locked_by_another(held):
        assert tasks.sweep_tasks() == 1
    assert tasks.sweep_tasks() == 1
    assert tasks.sweep_tasks() == 0


@needs_postgres
def test_a_worker_that_freezes_in_a_transaction_loses_its_lock_on_the_row(
    alice, room, make_kind, settings, monkeypatch
):
    settings.CHAT_TASK_LOCK_SECONDS = 1
    create = FilePart.objects.create

    def freeze(**columns):
        time.sleep(1.5)
        return create(**columns)

    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 1

    task = queue(alice)
    with monkeypatch.context() as patch:
        patch.setattr(FilePart.objects, "create", freeze)
        tasks.run_task(task.id)
    assert not FilePart.objects.exists()
    # The sweep after the run has put the task back: its lock had ended meanwhile.
    wire.work()
    assert Task.objects.get().state == Task.DONE


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


def test_a_worker_sends_expired_jobs_again_after_a_task(alice, room, make_kind):
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
    assert not Task.objects.exists() and not stored_results()

"""Claims of tasks: one worker at a time, under a lock that expires."""

import pytest

from chat.services import tasks
from chat.services.tasks import claims, results, running
from chat.services.tasks import job as jobs
from tests.chat.services.tasks.helpers import expire_lock, queue, stored_results

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_task_is_claimed_once(alice, room):
    task = queue(alice)
    claimed = claims.claim_task(task.id)
    assert (claimed.state, claimed.attempt) == ("running", 1)
    assert claims.claim_task(task.id) is None
    expire_lock(task)
    assert claims.claim_task(task.id).attempt == 2
    assert claims.claim_task(999999) is None


def test_a_job_that_is_delivered_twice_runs_once(alice, room, make_kind):
    runs = []

    @make_kind
    def trial(job):
        runs.append(job.task.attempt)
        tasks.run_task(job.task.id)  # as another worker that receives the same job does
        yield 0.5

    task = queue(alice)
    tasks.run_task(task.id)
    tasks.run_task(task.id)
    assert runs == [1]


def test_a_worker_that_lost_its_lock_does_not_overwrite_the_result(alice, room, make_kind):
    @make_kind
    def trial(job):
        job.write(f"attempt {job.task.attempt}, ")
        yield 0.5
        if job.task.attempt == 1:
            # This worker pauses for longer than its lock lasts, and another worker runs the whole task meanwhile.
            expire_lock(job.task)
            tasks.run_task(job.task.id)
        job.write("to its end")

    task = queue(alice)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert (task.state, task.attempt) == ("done", 2)
    assert b"".join(tasks.read_result(task)) == b"attempt 2, to its end"
    assert stored_results() == [task.result_file]


def test_a_worker_that_lost_its_lock_stores_no_part(alice, room):
    task = queue(alice)
    stale = jobs.Job(claims.claim_task(task.id))
    expire_lock(task)
    claims.claim_task(task.id)
    with pytest.raises(claims.TaskLost):
        stale.write("x" * results.PART_BYTES)
    with pytest.raises(claims.TaskLost):
        stale.finish()
    running._fail(stale.task, "It failed.")
    running._put_back(stale.task)
    task.refresh_from_db()
    assert (task.state, task.attempt) == ("running", 2) and not stored_results()


def test_a_worker_that_lost_its_lock_does_not_delete_the_result(alice, room, make_kind):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        yield 1

    task = queue(alice)
    stale = jobs.Job(claims.claim_task(task.id))
    expire_lock(task)
    tasks.run_task(task.id)
    running._run_claimed(stale.task)
    running._fail(stale.task, "It failed.")
    running._put_back(stale.task)
    task.refresh_from_db()
    assert (task.state, task.attempt) == ("done", 2)
    assert len(b"".join(tasks.read_result(task))) == results.PART_BYTES


def test_an_expired_lock_without_a_new_owner_is_renewed(alice, room, make_kind):
    @make_kind
    def trial(job):
        expire_lock(job.task)
        job.write("x" * results.PART_BYTES)
        yield 1

    task = queue(alice)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert task.state == "done"


def test_the_parts_of_an_earlier_attempt_are_deleted(alice, room, make_kind):
    @make_kind
    def trial(job):
        job.write("x" * results.PART_BYTES)
        job.write("the end")
        yield 1

    task = queue(alice)
    jobs.Job(claims.claim_task(task.id)).write("y" * results.PART_BYTES)
    expire_lock(task)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert [data[:1] for data in tasks.read_result(task)] == [b"x", b"t"]
    assert stored_results() == [task.result_file]


def test_an_empty_result_after_an_earlier_attempt_has_no_file(alice, room, make_kind):
    @make_kind
    def trial(job):
        yield 1

    task = queue(alice)
    jobs.Job(claims.claim_task(task.id)).write("y" * results.PART_BYTES)
    expire_lock(task)
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert (task.state, task.result_file, list(tasks.read_result(task))) == ("done", None, [])
    assert stored_results() == []

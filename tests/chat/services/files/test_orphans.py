"""The sweep deletes the files that no row names, and no result that somebody can download."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import StoredFile, Task, TaskPart
from chat.services import files, people, removed, rooms, tasks, uploads
from chat.services.files import orphans
from chat.services.tasks import claims
from chat.services.tasks import job as jobs
from tests.chat.services.tasks.helpers import queue, run, stored_results

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["directory", "database"], autouse=True)
def store(request, settings, tmp_path):
    settings.CHAT_FILES = "database:" if request.param == "database" else str(tmp_path / "files")


def make_old(seconds=orphans.ORPHAN_SECONDS + 60):
    """Change the times of all files to this many seconds ago, by default to more than ORPHAN_SECONDS ago."""
    old = timezone.now() - timedelta(seconds=seconds)
    StoredFile.objects.update(changed_at=old)
    root = files.find_directory()
    for path in root.rglob("*") if root else ():
        os.utime(path, (old.timestamp(), old.timestamp()))


def export(person):
    run(person, "export", format="json")
    return Task.objects.latest("id")


def leave_file():
    """Store a file that no row names, and return its name."""
    writer = files.create(files.make_name("results"))
    writer.write(b"left")
    writer.finish()
    return writer.name


def test_an_old_file_without_a_row_is_deleted_and_a_result_stays(alice, room):
    task, left = export(alice), leave_file()
    assert files.sweep_files() == 0, "the file is young"
    make_old()
    assert files.sweep_files() == 1 and removed.read_removed() == {"files": 1}
    assert stored_results() == [task.result_file] != [left]
    assert b'"messages"' in b"".join(tasks.read_result(task))


def test_an_upload_that_takes_hours_is_not_deleted(alice, room):
    member = rooms.join_room(alice, "garden")
    permission = uploads.allow_upload(member)
    writer = files.create(permission.name, permission.most_bytes)
    writer.write(b"begin ")
    for data in (b"middle ", b"end"):
        make_old(20 * 3600)
        assert files.sweep_files() == 0
        writer.write(data)
    writer.finish()
    make_old(20 * 3600)
    assert files.sweep_files() == 0
    upload = uploads.finish_upload(member, permission.name, "notes.txt", writer.size)
    make_old()
    assert files.sweep_files() == 0 and b"".join(files.read(upload.stored)) == b"begin middle end"


def test_a_file_that_a_worker_still_writes_is_not_deleted(alice, room):
    job = jobs.Job(claims.claim_task(queue(alice).id))
    job.write("x" * jobs.PART_BYTES)
    make_old()
    assert files.sweep_files() == 0
    job.write("the end")
    job.finish()
    assert b"".join(tasks.read_result(Task.objects.get())) == b"x" * jobs.PART_BYTES + b"the end"


def test_a_sweep_stops_after_its_time_and_the_next_one_continues(alice, room, monkeypatch):
    for _ in range(3):
        leave_file()
    make_old()
    monkeypatch.setattr(orphans, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(orphans, "SWEEP_SECONDS", 0)
        assert files.sweep_files() == 0
    assert files.sweep_files() == 3


def test_the_deletion_of_a_room_deletes_the_results_of_its_tasks(alice, room):
    export(alice)
    rooms.delete_room(room)
    assert stored_results() == []


def test_the_deletion_of_an_account_deletes_its_results(alice, bob, room):
    export(bob)
    kept = export(alice)
    people.deletion._delete_rows(bob)
    assert stored_results() == [kept.result_file]


def test_a_result_stays_if_the_deletion_of_its_row_is_rolled_back(alice, room):
    from django.db import transaction

    task = export(alice)
    with pytest.raises(RuntimeError), transaction.atomic():
        tasks.delete_task(alice, task.id)
        raise RuntimeError
    assert stored_results() == [task.result_file] and list(tasks.read_result(task))


def test_a_file_that_could_not_be_deleted_does_not_bring_the_task_back(alice, room, monkeypatch):
    task = export(alice)
    with monkeypatch.context() as patch:
        patch.setattr(files.stores, "find_stores", lambda: 1 / 0)
        tasks.delete_task(alice, task.id)
    assert not Task.objects.exists() and stored_results() == [task.result_file]
    make_old()
    assert files.sweep_files() == 1 and stored_results() == []


def test_a_result_of_an_earlier_version_is_read_and_deleted(alice, room):
    task = queue(alice)
    Task.objects.filter(id=task.id).update(state=Task.DONE, attempt=1, result_size=8)
    for number, data in enumerate([b"part", b"part"]):
        TaskPart.objects.create(task=task, attempt=1, number=number, data=data)
    assert b"".join(tasks.read_result(tasks.get_result(alice, task.id))) == b"partpart"
    tasks.delete_task(alice, task.id)
    assert not TaskPart.objects.exists()

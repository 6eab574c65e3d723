"""Exports with the files of messages: a zip file, written as a stream, whose transcript refers to the files in it."""

import csv
import io
import json
import os
import re
import tracemalloc
import zipfile
from urllib.parse import unquote

import pytest
from django.utils import timezone

from chat.models import Task
from chat.protocol import Remove
from chat.services import files, rooms, tasks, uploads
from chat.services.tasks import job as jobs
from chat.services.tasks import packing
from chat.services.tasks.archive import Archive, is_compressed, shorten_name
from tests.chat.helpers import assert_refused
from tests.chat.services.tasks.helpers import queue, run, run_for_bytes, stored_results
from tests.chat.services.uploads.helpers import make_image, names_in_store, post, upload, upload_picture

pytestmark = pytest.mark.django_db

CONTENT = b"Some notes, some notes, some notes"


@pytest.fixture
def member(alice, room):
    return rooms.join_room(alice, "garden")


@pytest.fixture(autouse=True)
def short_wait(monkeypatch):
    monkeypatch.setattr(packing, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(packing, "WAIT_SECONDS", 0.05)


def export(person, file_format="json", **params):
    """Export the room with its files. Return the archive, after a test of all its entries."""
    archive = zipfile.ZipFile(io.BytesIO(run_for_bytes(person, "export", format=file_format, files=True, **params)))
    assert archive.testzip() is None
    return archive


def read_messages(archive):
    return json.loads(archive.read("messages.json"))["messages"]


def run_failing(person):
    """Export the room with its files, and return the task, which has failed."""
    task = queue(person, kind="export", params=json.dumps({"format": "json", "from": None, "to": None, "files": True}))
    tasks.run_task(task.id)
    task.refresh_from_db()
    assert task.state == Task.FAILED and not stored_results_of_tasks()
    return task


def stored_results_of_tasks():
    return [name for name in stored_results() if name.startswith("results/")]


def test_the_archive_contains_the_files_and_the_transcript_has_their_paths(alice, member):
    notes, photo = upload(member, "my notes.txt", CONTENT), upload_picture(member)
    post(member, "r1", notes, photo, body="Hello")
    archive = export(alice)
    task = Task.objects.get()
    assert (task.result_name, task.result_type) == ("garden.zip", "application/zip")
    [message] = read_messages(archive)
    first, second = message["files"]
    assert first["path"] == f"files/{notes.key}/my notes.txt" and archive.read(first["path"]) == CONTENT
    assert second["path"] == f"files/{photo.key}/photo.png" and second["width"] == 40
    assert archive.read(second["path"]) == b"".join(files.read(photo.stored))
    assert sorted(archive.namelist()) == sorted([first["path"], second["path"], "messages.json"])
    kinds = {entry.filename: entry.compress_type for entry in archive.infolist()}
    assert kinds[first["path"]] == zipfile.ZIP_DEFLATED and kinds[second["path"]] == zipfile.ZIP_STORED


def test_without_the_parameter_an_export_has_no_files(alice, member):
    post(member, "r1", upload(member), body="Hello")
    [file] = json.loads(run(alice, "export", format="json"))["messages"][0]["files"]
    assert "path" not in file and "missing" not in file
    assert_refused("invalid_field", lambda: tasks.get_kind("export").check({"format": "json", "files": "yes"}))


def test_the_page_shows_pictures_and_links_to_the_other_files(alice, member):
    notes = upload(member, "a&b <i> ü.txt", CONTENT)
    photo = upload_picture(member, name='"><script>.png')
    post(member, "r1", notes, photo)
    archive = export(alice, "html")
    page = archive.read("messages.html").decode()
    [picture] = re.findall('<img src="([^"]*)"', page)
    links = re.findall('<li><a href="(files/[^"]*)"', page)
    assert len(links) == 2 and links[1] == picture
    assert {unquote(link) for link in links} | {"messages.html"} == set(archive.namelist())
    assert "img-src data: 'self' file:" in page and "<script>" not in page and "a&amp;b" in page
    assert "file:" not in run(alice, "export", format="html")


def test_the_table_has_relative_addresses(alice, member):
    post(member, "r1", upload(member, "my notes.txt"), upload(member, "b.txt"))
    archive = export(alice, "csv")
    [row] = csv.DictReader(io.StringIO(archive.read("messages.csv").decode("utf-8-sig")))
    assert {unquote(path) for path in row["files"].split()} | {"messages.csv"} == set(archive.namelist())


def test_only_files_of_messages_of_the_period_are_in_the_archive(alice, bob, member):
    post(member, "r1", upload(member, "shown.txt"))
    post(member, "r2", upload(member, "removed.txt"))
    rooms.remove_message(member, Remove("d1", 2))
    upload(member, "unused.txt")
    assert [name.rpartition("/")[2] for name in export(alice).namelist()] == ["shown.txt", "messages.json"]
    assert export(alice, **{"from": "2999-01-01"}).namelist() == ["messages.json"]


def test_all_files_of_many_messages_are_in_the_archive(alice, member, monkeypatch):
    monkeypatch.setattr("chat.services.uploads.exported.BLOCK", 4)
    for number in range(5):
        post(member, f"r{number}", *(upload(member, f"{number}-{part}.txt") for part in range(3)))
    archive = export(alice)
    paths = [file["path"] for message in read_messages(archive) for file in message["files"]]
    assert [*paths, "messages.json"] == archive.namelist() and len(paths) == 15


def test_a_lost_file_and_a_picture_that_is_not_ready_are_missing(alice, member):
    lost = upload(member, "lost.txt")
    waiting = upload(member, "waiting.png", make_image())
    post(member, "r1", lost, waiting, upload(member, "here.txt"))
    files.delete(lost.stored)
    archive = export(alice)
    found = {file["name"]: file for file in read_messages(archive)[0]["files"]}
    assert {name: file.get("missing", False) for name, file in found.items()} == {
        "lost.txt": True,
        "waiting.png": True,
        "here.txt": False,
    }
    assert "path" not in found["lost.txt"] and found["lost.txt"]["url"].endswith("/lost.txt")
    assert "waiting.png</bdi> <i>(file missing)</i>" in export(alice, "html").read("messages.html").decode()


def test_the_export_waits_for_a_picture(alice, member, monkeypatch):
    waiting = upload(member, "waiting.png", make_image())
    post(member, "r1", waiting, upload(member, "here.txt"))
    monkeypatch.setattr(packing, "WAIT_SECONDS", 60)
    monkeypatch.setattr(packing.time, "sleep", lambda seconds: uploads.process_picture(waiting.id))
    archive = export(alice)
    assert len(archive.namelist()) == 3 and not any(file.get("missing") for file in read_messages(archive)[0]["files"])


def test_a_picture_that_is_removed_while_the_export_waits_ends_the_wait(alice, member, monkeypatch):
    post(member, "r1", upload(member, "waiting.png", make_image()))
    monkeypatch.setattr(packing, "WAIT_SECONDS", 60)
    monkeypatch.setattr(packing.time, "sleep", lambda seconds: rooms.remove_message(member, Remove("d1", 1)))
    assert export(alice).namelist() == ["messages.json"]


def test_a_file_that_is_deleted_while_it_is_read_is_not_in_the_archive(alice, member, monkeypatch):
    broken, whole = upload(member, "broken.txt", b"1" * 300_000), upload(member, "whole.txt", CONTENT)
    post(member, "r1", broken, whole)
    read = files.read

    def read_half(name):
        parts = read(name)
        yield next(parts)
        if name == broken.stored:
            raise files.FileLost(name)
        yield from parts

    with monkeypatch.context() as patch:
        patch.setattr(packing.files, "read", read_half)
        task = queue(
            alice, kind="export", params=json.dumps({"format": "json", "from": None, "to": None, "files": True})
        )
        tasks.run_task(task.id)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(tasks.read_result(tasks.get_result(alice, task.id)))))
    assert archive.testzip() is None and len(archive.namelist()) == 2
    assert [file.get("missing", False) for file in read_messages(archive)[0]["files"]] == [True, False]


def test_an_export_whose_files_are_too_large_fails_at_once(alice, member, settings):
    post(member, "r1", upload(member, content=os.urandom(2_500_000)))
    settings.CHAT_MAX_RESULTS_BYTES = 2e6
    assert run_failing(alice).error == (
        "The files of these messages have 2.5 MB, and this site allows results of 2 MB. Choose a shorter period, or"
        " export without files."
    )


def test_an_archive_that_becomes_too_large_fails(alice, member, settings):
    post(member, "r1", upload(member, content=os.urandom(999_950)))
    settings.CHAT_MAX_RESULTS_BYTES = 1e6
    assert "larger than this site allows" in run_failing(alice).error


def test_the_progress_counts_the_bytes_of_files(alice, member, monkeypatch):
    post(member, "r1", *(upload(member, f"{number}.bin", os.urandom(400_000)) for number in range(3)))
    seen = []
    monkeypatch.setattr(jobs.Job, "report_progress", lambda job, fraction: seen.append(fraction))
    export(alice)
    # The database returns each of these files in one part, a directory in several.
    assert seen == sorted(seen) and len(seen) >= 5 and any(0.2 < part < 0.5 for part in seen) and seen[-1] == 1


def test_a_cancelled_export_leaves_nothing(alice, member, monkeypatch):
    post(member, "r1", *(upload(member, f"{number}.bin", os.urandom(400_000)) for number in range(3)))
    kept = names_in_store()
    report = jobs.Job.report_progress

    def cancel(job, fraction):
        report(job, fraction)
        if fraction > 0.3 and Task.objects.exists():
            tasks.delete_task(alice, job.task.id)

    monkeypatch.setattr(jobs.Job, "report_progress", cancel)
    tasks.run_task(queue(alice, kind="export", params='{"format": "html", "from": null, "to": null, "files": true}').id)
    assert not Task.objects.exists() and not stored_results_of_tasks() and names_in_store() == kept


def test_an_interrupted_export_begins_anew(alice, member, monkeypatch, stopping):
    post(member, "r1", upload(member, "a.bin", os.urandom(500_000)))
    task = queue(alice, kind="export", params='{"format": "json", "from": null, "to": null, "files": true}')
    stopping()
    tasks.run_task(task.id)
    assert not stored_results_of_tasks()
    monkeypatch.setattr(jobs, "is_stopping", lambda: False)
    tasks.run_task(task.id)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(tasks.read_result(tasks.get_result(alice, task.id)))))
    assert archive.testzip() is None and len(archive.namelist()) == 2


def test_the_memory_does_not_grow_with_the_files(alice, member):
    parts = [os.urandom(1_000_000) for _ in range(5)]
    for number in range(5):
        post(member, f"r{number}", uploads.store_upload(member, f"{number}.bin", parts * 2))
    task = queue(alice, kind="export", params='{"format": "json", "from": null, "to": null, "files": true}')
    tracemalloc.start()
    try:
        tasks.run_task(task.id)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert tasks.get_result(alice, task.id).result_size > 50_000_000
    # In a directory, and in SQLite, the peak is below 4 MB. The driver of PostgreSQL copies each part of 1 MB.
    assert peak < 10_000_000, f"{peak:,} bytes"


@pytest.mark.parametrize(
    "name, expected",
    [
        ("notes.txt", "notes.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("console.txt", "console.txt"),
        ("ü" * 200 + ".txt", "ü" * 73 + ".txt"),
        ("x" * 300, "x" * 150),
        ("a." + "b" * 200, "a." + "b" * 148),
    ],
)
def test_every_system_can_unpack_the_names(name, expected):
    assert shorten_name(name) == expected


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "C:\\x\\..\\y", "a/../b", "."])
def test_no_path_leaves_the_folder_of_its_file(name):
    folder, id, base = packing.make_path("abc", name).split("/")
    assert (folder, id) == ("files", "abc") and base.strip(".") and not set(base) & set("\\:")


def test_a_compressed_file_is_not_compressed_again():
    compressed = ["image/png", "video/mp4", "audio/mpeg", "application/zip"]
    assert all(map(is_compressed, compressed))
    assert not any(map(is_compressed, ["image/svg+xml", "text/plain", "application/json", "audio/x-wav"]))


def test_an_archive_is_not_completed_after_an_exception():
    written = []
    with pytest.raises(KeyError), Archive(written.append) as archive:
        with archive.add("a.txt", timezone.now(), 5) as entry:
            entry.write(b"Hello")
            raise KeyError
    assert b"PK\x05\x06" not in b"".join(written)

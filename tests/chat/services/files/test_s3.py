"""
Files in a bucket: the same promises as in a directory, in bounded memory, on servers with the interface of S3.

The build runs these tests on moto, and `bin/test tests/chat/services/files -m long` on Swift: see tests/swift.py.
"""

import os
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
import requests
from botocore.exceptions import ClientError
from django.utils import timezone

from channels_transport import OUTAGES
from chat.services import files
from chat.services.files import orphans, s3
from tests.chat.services.files.helpers import content, find_problem, save
from tests.chat.services.files.s3_server import BUCKET

pytestmark = pytest.mark.django_db


ADDRESS = f"s3://{BUCKET}"


@pytest.mark.parametrize("parts", [[], [b""], [b"one, ", b"", b"two"], [b"x" * s3.READ_BYTES * 2 + b"y"]])
def test_a_file_is_read_as_it_was_written_and_deleted(bucket, parts):
    name = save(*parts)
    assert content(name) == b"".join(parts) and files.has(name)
    [info] = bucket.find("results")
    assert (info.name, info.size, info.is_complete) == (name, len(b"".join(parts)), True)
    assert abs(info.changed_at - timezone.now()) < timedelta(minutes=1)
    assert files.delete(name) and not files.delete(name) and not files.has(name)
    for read in (files.read, lambda name: files.read_range(name, 0, 1), lambda name: files.read_range(name, 0, 0)):
        with pytest.raises(files.FileLost):
            read(name)


def test_a_large_file_is_sent_in_parts_and_not_kept_in_memory(bucket, small_parts):
    part = os.urandom(1024 * 1024)
    writer = files.create(files.make_name("results"))
    for _ in range(13):
        writer.write(part)
        assert len(writer._part) == s3.PART_BYTES
    with pytest.raises(files.FileLost):
        files.read(writer.name)
    assert [(info.name, info.is_complete) for info in bucket.find("results")] == [(writer.name, False)]
    writer.finish()
    assert content(writer.name) == part * 13
    read = files.read_range(writer.name, 5 * 1024 * 1024 - 3, 7)
    assert b"".join(read) == (part * 13)[5 * 1024 * 1024 - 3 :][:7]


def test_a_long_list_has_several_pages(bucket, small_parts):
    """A server sends at most 1000 entries in one response. In this test, it sends two."""
    names = [save(b"text") for _ in range(5)]
    writers = [files.create(files.make_name("results")) for _ in range(3)]
    for writer in writers:
        writer.write(b"x" * s3.PART_BYTES)
    events = bucket.client.meta.events
    events.register("before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2))
    events.register("before-parameter-build.s3.ListMultipartUploads", lambda params, **_: params.update(MaxUploads=2))
    found = [(info.name, info.is_complete) for info in bucket.find("results")]
    s3.connect.cache_clear()
    assert sorted(found) == sorted([(name, True) for name in names] + [(writer.name, False) for writer in writers])


def test_a_bucket_needs_no_prefix_and_a_sweep_lists_only_some_folders(server, settings):
    settings.CHAT_FILES = f"s3://{BUCKET}"
    bucket = files.find_bucket()
    names = {save(b"text") for _ in range(20)}
    assert {info.name for info in bucket.find("results")} == names
    assert {info.name for info in bucket.find("results", folders=1)} < names
    assert all(files.delete(name) for name in names) and list(bucket.find("results")) == []


def test_an_upload_that_is_discarded_leaves_nothing(bucket, small_parts):
    for size in (100, 6 * 1024 * 1024):
        writer = files.create(files.make_name("results"))
        writer.write(b"x" * size)
        writer.discard()
        writer.discard()
        assert list(bucket.find("results")) == []
    writer = files.create(files.make_name("results"))
    writer.finish()
    writer.discard()
    assert not files.has(writer.name)


@pytest.mark.parametrize(
    "code, error",
    [
        ("NoSuchUpload", files.FileLost),
        ("QuotaExceeded", files.NoSpace),
        ("SlowDown", files.StoreUnavailable),
        ("AccessDenied", ClientError),
    ],
)
def test_errors_mean_the_same_as_in_a_directory(code, error):
    """moto has no such errors: it answers 500 for an upload that was deleted meanwhile."""
    with pytest.raises(error), s3.translated_errors("a name"):
        raise ClientError({"Error": {"Code": code}}, "UploadPart")


@pytest.mark.parametrize("first, length", [(0, 4), (3, 1), (2, 99), (9, 1), (10, 5), (99, 1), (5, 0)])
def test_a_range_has_exactly_its_bytes(bucket, first, length):
    assert b"".join(files.read_range(save(b"0123456789"), first, length)) == b"0123456789"[first : first + length]


def test_a_file_that_becomes_too_large_is_refused(bucket):
    writer = files.create(files.make_name("results"), 10)
    with pytest.raises(files.FileTooLarge):
        writer.write(b"12345678901")


@pytest.mark.parametrize("name", ["", "../secret", "results/../../x", "results/ab/" + "cd" * 16])
def test_other_names_are_refused(bucket, name):
    for use in (bucket.read, bucket.has, bucket.delete, lambda name: bucket.create(name, 10)):
        with pytest.raises(ValueError):
            use(name)


def test_the_sweep_deletes_files_and_uploads_that_no_row_names(bucket, small_parts, monkeypatch):
    name = save(b"old")
    writer = files.create(files.make_name("results"))
    writer.write(b"x" * 6 * 1024 * 1024)
    monkeypatch.setattr(orphans, "BUCKET_FOLDERS", None)
    files.sweep_files()
    assert files.has(name), "it is young"
    monkeypatch.setattr(orphans, "ORPHAN_SECONDS", -60)
    files.sweep_files()
    assert list(bucket.find("results")) == []


def test_a_backup_has_no_files_of_a_bucket_and_a_restored_file_goes_into_it(bucket):
    name = save(b"before")
    assert list(files.find_paths()) == []
    files.put(name, [b"after"])
    assert content(name) == b"after"


def test_everybody_with_the_address_can_read_a_file_for_a_while(bucket, server):
    url = bucket.make_url(save(b"text"), 60, {"Content-Disposition": 'attachment; filename="a.txt"'})
    assert "X-Amz-Signature=" in url and "X-Amz-Expires=60" in url
    with server.without_checks():  # moto cannot check a signature in the address
        response = requests.get(url, timeout=10)
    assert response.content == b"text" and response.headers["Content-Disposition"] == 'attachment; filename="a.txt"'


def test_a_bucket_that_cannot_be_reached_is_an_outage(server, settings, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    settings.CHAT_FILES = ADDRESS
    s3.connect.cache_clear()
    for use in (files.read, files.delete, lambda name: list(files.find_bucket().find("results"))):
        with pytest.raises(OUTAGES, match="cannot be used"):
            use(files.make_name("results"))
    s3.connect.cache_clear()


# What doctor says.


def test_doctor_finds_no_problem_in_a_bucket_that_works(server, settings, monkeypatch):
    assert find_problem(monkeypatch, settings, ADDRESS) is None
    assert list(files.find_bucket().find("results")) == []


def test_doctor_has_a_sentence_for_each_mistake(server, settings, monkeypatch):
    assert "no bucket other" in find_problem(monkeypatch, settings, "s3://other")
    with monkeypatch.context() as patch:
        assert "refuses the keys" in find_problem(patch, settings, ADDRESS, AWS_SECRET_ACCESS_KEY="wrong")
    with monkeypatch.context() as patch:
        assert "refuses the keys" in find_problem(patch, settings, ADDRESS, AWS_ACCESS_KEY_ID="wrong")
    with monkeypatch.context() as patch:
        assert server.refusal in find_problem(patch, settings, ADDRESS, **server.limited_keys)
    with monkeypatch.context() as patch:
        assert "cannot be reached" in find_problem(patch, settings, ADDRESS, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    with monkeypatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        assert "There are no keys" in find_problem(patch, settings, ADDRESS)


@pytest.mark.parametrize(
    "status, code, sentence",
    [
        (503, "ServiceUnavailable", "does not work (ServiceUnavailable)"),
        (400, "AuthorizationHeaderMalformed", "in another region"),
        (413, "EntityTooLarge", "is full (EntityTooLarge)"),
    ],
)
def test_doctor_says_why_a_server_refuses_a_file(bucket, settings, status, code, sentence):
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    refuse = lambda **_: (SimpleNamespace(status_code=status), response)  # noqa: E731
    bucket.client.meta.events.register("before-call.s3.PutObject", refuse)
    try:
        assert sentence in files.find_problem()
    finally:
        s3.connect.cache_clear()


def test_doctor_has_a_sentence_for_missing_packages(settings, monkeypatch):
    monkeypatch.setattr(s3, "find_spec", lambda name: None)
    settings.CHAT_FILES = "s3://chat-files"
    assert "install requirements-s3.txt" in files.find_problem()


def test_other_stores_do_not_load_the_packages_of_s3():
    assert "boto3" not in vars(s3) and "storages" not in vars(s3) and "chat.services.files.s3" in sys.modules

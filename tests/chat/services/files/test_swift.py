"""
Files in a bucket of Swift: failures of a real service, which moto does not have.

`bin/test tests/chat/services/files -m long` runs these tests, and those of test_s3.py on Swift.
"""

import os

import pytest

from channels_transport import OUTAGES
from chat.services import files
from chat.services.files import s3
from tests.chat.services.files import s3_server
from tests.chat.services.files.helpers import content, find_problem, save
from tests.chat.services.files.s3_server import BUCKET

pytestmark = [pytest.mark.django_db, pytest.mark.long, pytest.mark.process]


@pytest.fixture(scope="module")
def server(swift):
    with s3_server.use_swift(swift) as server:
        yield server


def test_an_upload_that_was_deleted_while_it_was_written_is_not_finished(bucket, swift, small_parts):
    for rest in (s3.PART_BYTES, 0):  # the next part fails, or the end of the upload
        writer = files.create(files.make_name("results"))
        writer.write(b"x" * s3.PART_BYTES)
        assert files.delete(writer.name)
        with pytest.raises(files.FileLost):
            writer.write(b"x" * rest)
            writer.finish()
        writer.discard()
    assert list(bucket.find("results")) == []


def test_a_full_bucket_raises_no_space(bucket, swift, small_parts):
    name = save(b"x" * 1000)
    with swift.limit(BUCKET, 1010):
        with pytest.raises(files.NoSpace):
            save(b"x" * 20)
        assert content(name) == b"x" * 1000
    with swift.limit(f"{BUCKET}+segments", 1_000_000):  # where Swift stores the parts of uploads
        writer = files.create(files.make_name("results"))
        with pytest.raises(files.NoSpace):
            writer.write(b"x" * s3.PART_BYTES)
        writer.discard()
    assert [info.name for info in bucket.find("results")] == [name]


def test_a_service_that_fails_is_an_outage(bucket, swift, small_parts):
    name = save(os.urandom(1000))
    swift.parts["object"].kill()
    try:
        for use in (files.read, lambda name: save(b"x"), lambda name: save(b"x" * s3.PART_BYTES)):
            with pytest.raises(OUTAGES, match="cannot be used"):
                use(name)
        assert "does not work (ServiceUnavailable)" in files.find_problem()
        swift.parts["container"].kill()
        for use in (files.delete, lambda name: list(bucket.find("results"))):
            with pytest.raises(OUTAGES, match="cannot be used"):
                use(name)
    finally:
        swift.start()
    assert len(content(name)) == 1000


def test_a_download_that_breaks_off_raises_an_error(bucket, swift):
    name = save(os.urandom(30 * 1024 * 1024))
    parts = files.read(name)
    assert len(next(parts)) > 0
    swift.parts["proxy"].kill()
    try:
        with pytest.raises(OUTAGES, match="cannot be used"):
            list(parts)
    finally:
        swift.start()


def test_doctor_has_a_sentence_for_a_wrong_region(server, settings, monkeypatch):
    """boto3 finds the right region after some failed requests. So only the first request shows the mistake."""
    address = f"s3://{BUCKET}"
    assert "in another region" in find_problem(monkeypatch, settings, address, AWS_DEFAULT_REGION="eu-central-1")

"""Fixtures of the tests of buckets. tests/chat/services/files/s3_server.py starts the servers."""

import pytest


@pytest.fixture(scope="module", params=["moto", pytest.param("swift", marks=[pytest.mark.long, pytest.mark.process])])
def server(request):
    """Yield a server with a bucket. The tests of a module run once on moto, and with `-m long` also on Swift."""
    from tests.chat.services.files import s3_server

    if request.param == "moto":
        running = s3_server.run_moto()
    else:
        running = s3_server.use_swift(request.getfixturevalue("swift"))
    with running as server:
        yield server


@pytest.fixture
def bucket(server, settings):
    from chat.services import files
    from tests.chat.services.files.s3_server import BUCKET

    settings.CHAT_FILES = f"s3://{BUCKET}/prefix/of/files"
    bucket = files.find_bucket()
    yield bucket
    for info in list(bucket.find("results")):
        bucket.delete(info.name)


@pytest.fixture
def small_parts(monkeypatch):
    """Let a part have 5 MiB, the least that S3 accepts."""
    monkeypatch.setattr("chat.services.files.s3.PART_BYTES", 5 * 1024 * 1024)

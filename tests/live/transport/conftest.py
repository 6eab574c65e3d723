"""A site without the chat. All of its processes run before each test."""

import os
import signal

import pytest
import redis

from tests.live.processes import START_SECONDS, Site, answers, wait_until
from tests.live.transport.sockets import SETTINGS, running
from tests.valkey import free_port


@pytest.fixture(scope="package")
def lasting_site():
    site = Site(**SETTINGS).start()
    yield site
    site.stop()


@pytest.fixture
def site(lasting_site):
    """Yield the site. All of its processes run before each test and after it."""
    restore(lasting_site)
    yield lasting_site
    restore(lasting_site)


def restore(site):
    for part in site.parts:
        if part.is_running:
            os.kill(part.pid, signal.SIGCONT)
    site.start()


@pytest.fixture
def valkey(site):
    return redis.StrictRedis.from_url(site.redis_url)


@pytest.fixture
def second_web(site):
    """Yield a second interface server; `url` is its address."""
    port = free_port()
    part = site.make_part("web-2", "interface", "--port", str(port))
    part.url = f"http://127.0.0.1:{port}"
    with running(part):
        part.wait_until_logged("Listening on endpoint")
        wait_until(lambda: answers(f"{part.url}/readyz"), START_SECONDS)
        yield part

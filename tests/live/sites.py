"""The site and the Swift that tests share. This module is separate because tests/conftest.py imports its fixtures."""

import pytest


@pytest.fixture(scope="session")
def shared_site():
    """Yield the site of most live tests, which has no rate limits. Each test process has one."""
    # Most runs of unit tests need none of these modules.
    from tests.live import processes

    site = processes.Site(CHAT_LIMITS="off").start()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def swift():
    """Yield a running Swift, or skip the test if it is not installed. Each test process has one."""
    from tests.swift import Swift, require

    require()
    service = Swift()
    try:
        yield service.start()
    finally:
        service.stop()

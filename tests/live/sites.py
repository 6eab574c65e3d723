"""The site that all live tests share. It is in a module of its own because tests/conftest.py imports its fixture."""

import pytest


@pytest.fixture(scope="session")
def shared_site():
    """Return the site of most live tests, which has no limits. Each test process has one."""
    # Most runs of unit tests need none of these modules.
    from tests.live import processes

    site = processes.Site(CHAT_LIMITS="off").start()
    yield site
    site.stop()

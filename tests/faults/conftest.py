"""
The fixtures of the fault tests: sites of two sizes, and the hooks that run `async def` tests.

Tests that take minutes are marked `long`. They run only if `-m` names this mark: `-m long`, or `-m "long or not long"`
for all tests.
"""

import contextlib

import pytest

from tests import postgres
from tests.faults import sites
from tests.live import hooks

# Only a test that hangs reaches one of these limits, even on a busy machine.
SHORT_SECONDS, LONG_SECONDS = 200, 900


def pytest_collection_modifyitems(config, items):
    ours = [item for item in items if "/tests/faults/" in str(item.path)]
    for item in ours:
        item.add_marker(pytest.mark.live)
        item.add_marker(pytest.mark.alone)
        # This limit includes the fixtures. The coroutine has a shorter limit, because its failure shows more.
        item.add_marker(pytest.mark.timeout(seconds_for(item) + 60))
    if "long" in (config.option.markexpr or ""):
        return
    left_out = [item for item in ours if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def seconds_for(item):
    return LONG_SECONDS if item.get_closest_marker("long") else SHORT_SECONDS


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return hooks.run_coroutine_test(pyfuncitem, seconds_for(pyfuncitem))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    hooks.note_logs(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    hooks.add_logs((yield).get_result(), item)


@pytest.fixture(params=[sites.SHORT, pytest.param(sites.FULL, marks=pytest.mark.long)], ids=lambda size: size.name)
def size(request):
    """Return the short size, or the full size (marked `long`)."""
    return request.param


@pytest.fixture(scope="session")
def lasting_sites():
    """Yield a dict of sites by size. Each is created at its first use."""
    with contextlib.ExitStack() as stack:
        yield LastingSites(stack)


class LastingSites(dict):
    """Sites by size. Each site is created at its first use."""

    def __init__(self, stack):
        super().__init__()
        self._stack = stack

    def __missing__(self, size):
        self[size] = sites.FaultSite(size)
        self._stack.callback(self[size].stop)
        return self[size]


@pytest.fixture
def site(lasting_sites, size):
    """Yield the site of a test's size. All of its processes run before the test and after it."""
    yield lasting_sites[size].start()
    lasting_sites[size].start()


@pytest.fixture
def make_site(size):
    """Yield a function that makes sites for one test: `make_site(clock=True)`. The test starts them."""
    with contextlib.ExitStack() as stack:

        def make(**options):
            site = sites.FaultSite(size, **options)
            stack.callback(site.stop)
            return site

        yield make


@pytest.fixture
def make_postgres():
    """Yield a function that makes PostgreSQL servers, which the test may stop and kill."""
    if not postgres.is_here():
        pytest.skip("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
    with contextlib.ExitStack() as stack:

        def make():
            server = postgres.Postgres()
            stack.callback(server.end)
            return server

        yield make

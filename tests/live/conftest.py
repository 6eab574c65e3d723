"""Sites and people for the live tests, and the hooks that run `async def` tests."""

import itertools

import pytest

from tests.live import hooks, processes
from tests.live.client import Person

# This limit is longer than any test that passes. Pytest's own limit is longer, and includes the fixtures.
TEST_SECONDS = 240
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/live/" in str(item.path):
            item.add_marker(pytest.mark.live)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return hooks.run_coroutine_test(pyfuncitem, TEST_SECONDS)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    hooks.note_logs(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    hooks.add_logs((yield).get_result(), item)


@pytest.fixture
def site(shared_site):
    """Yield the site of most tests. No test may break it: after the test, its logs must contain no traceback."""
    with shared_site.without_tracebacks() as site:
        yield site


@pytest.fixture(scope="module")
def owner(shared_site):
    """Return a person with an account, who can make rooms."""
    return Person(shared_site, f"Owner {next(_numbers)}", "correct horse")


@pytest.fixture
def room(owner):
    return owner.make_room()


@pytest.fixture
def person(site):
    """Return a function that makes people: `person("Alice")`. A number makes each handle unique."""

    def make(name, password=None):
        return Person(site, f"{name} {next(_numbers)}", password)

    return make


@pytest.fixture
def alice(person):
    return person("Alice")


@pytest.fixture
def bob(person):
    return person("Bob")


@pytest.fixture
def charlie(person):
    return person("Charlie")


@pytest.fixture(scope="module")
def frail_site():
    """Yield a site whose processes a test may kill, with the default limits. `site.start()` restarts processes."""
    site = processes.Site().start()
    yield site
    site.stop()

"""
The fixtures of the security tests.

Tests over real sockets, except test_floods.py, share the site of the live tests (tests/live/sites.py).
"""

import itertools

import pytest

from tests.live import hooks
from tests.live.client import Person

# No test that passes takes this long.
TEST_SECONDS = 120
_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return hooks.run_coroutine_test(pyfuncitem, TEST_SECONDS)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    hooks.note_logs(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    hooks.add_logs((yield).get_result(), item)


@pytest.fixture(scope="module")
def live_site(shared_site):
    """Yield the shared site. Its logs must contain no traceback after the tests of a module."""
    with shared_site.without_tracebacks() as site:
        yield site


@pytest.fixture(scope="module")
def make_person(live_site):
    """
    Return a function that makes people of the shared site: `make_person("Alice")`.

    With a password, the person gets an account; without one, the person is a guest.
    """

    def make(name, password=None):
        return Person(live_site, f"{name} of the tables {next(_numbers)}", password)

    return make


@pytest.fixture(scope="module")
def live_operator(live_site, make_person):
    """Return an operator of the shared site, who owns the room `live_operator.room` and `live_operator.board`."""
    root = make_person("Root", "correct horse")
    live_site.database.query("UPDATE chat_person SET is_staff = %s WHERE handle = %s RETURNING 1", True, root.handle)
    root.room = root.make_room()
    headers = {"X-CSRFToken": root.http.cookies["csrftoken"], "Accept": "application/json"}
    root.board = root.http.post(f"{live_site.url}/new_board", headers=headers, timeout=60).json()
    return root

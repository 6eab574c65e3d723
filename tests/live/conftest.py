"""Sites and people for the live tests, and how their `async def` tests run."""
import asyncio
import inspect
import itertools
import threading

import pytest

from tests.live import processes
from tests.live.client import Person

# Nobody waits so long for a test that passes; pytest's own limit, for fixtures too, lies behind it.
TEST_SECONDS = 240
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/live/" in str(item.path):
            item.add_marker(pytest.mark.live)


class LoopThread:
    """
    Runs coroutines in one thread that lives as long as the tests.

    Not in the main thread: what runs a browser leaves a loop running there. Not in a thread for each: the kernel
    kills the processes of a site together with the thread that has started them.
    """

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="live tests", daemon=True).start()

    def run(self, coroutine):
        future = asyncio.run_coroutine_threadsafe(self._run(coroutine), self.loop)
        try:
            return future.result()
        finally:
            future.cancel()

    @staticmethod
    async def _run(coroutine):
        try:
            return await asyncio.wait_for(coroutine, TEST_SECONDS)
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


_loop_thread = None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    global _loop_thread
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    _loop_thread = _loop_thread or LoopThread()
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    _loop_thread.run(pyfuncitem.obj(**arguments))
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.log_sizes = {}
    for site in processes.running_sites:
        item.log_sizes.update(site.log_sizes())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        for site in processes.running_sites:
            report.sections.append((f"logs of {site.url}", site.logs(item.log_sizes)))


@pytest.fixture(scope="session")
def shared_site():
    site = processes.Site(CHAT_LIMITS="off").start()
    yield site
    site.stop()


@pytest.fixture
def site(shared_site):
    """The site of most tests. None of them may break it, so afterwards its logs must hold no traceback."""
    sizes = shared_site.log_sizes()
    yield shared_site
    logs = shared_site.logs(sizes)
    assert "Traceback" not in logs, logs


@pytest.fixture(scope="module")
def owner(shared_site):
    """Somebody with an account, who makes rooms."""
    return Person(shared_site, f"Owner {next(_numbers)}", "correct horse")


@pytest.fixture
def room(owner):
    return owner.make_room()


@pytest.fixture
def person(site):
    """Makes people: `person("Alice")`. The handle gets a number, since it is theirs for ever."""

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
    """The site of tests that kill its parts, with the limits of a real one. `site.start()` mends it."""
    site = processes.Site().start()
    yield site
    site.stop()

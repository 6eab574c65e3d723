"""Hooks for tests with real processes: they run `async def` tests in one loop, and add logs to failures."""

import asyncio
import inspect
import threading

from tests.live import processes


class LoopThread:
    """
    Runs coroutines in one thread that lives as long as the tests.

    The main thread cannot run coroutines, because the browser tests leave a loop running there. Tests must share one
    thread, because the kernel kills the processes of a site when the thread that started them ends.
    """

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="live tests", daemon=True).start()

    def run(self, coroutine, seconds):
        future = asyncio.run_coroutine_threadsafe(self._run(coroutine, seconds), self.loop)
        try:
            return future.result()
        finally:
            future.cancel()

    @staticmethod
    async def _run(coroutine, seconds):
        try:
            return await asyncio.wait_for(coroutine, seconds)
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


_loop_thread = None


def run_coroutine_test(pyfuncitem, seconds):
    """Run an `async def` test for at most `seconds`, for `pytest_pyfunc_call`. Return None for any other test."""
    global _loop_thread
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    _loop_thread = _loop_thread or LoopThread()
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    _loop_thread.run(pyfuncitem.obj(**arguments), seconds)
    return True


def note_logs(item):
    """Note the size of each log before the test, for `pytest_runtest_setup`."""
    item.log_sizes = {}
    for site in processes.running_sites:
        item.log_sizes.update(site.log_sizes())


def add_logs(report, item):
    """Add the log lines of the test to a failure, for `pytest_runtest_makereport`."""
    if report.failed:
        for site in processes.running_sites:
            report.sections.append((f"logs of {site.url}", site.logs(item.log_sizes)))

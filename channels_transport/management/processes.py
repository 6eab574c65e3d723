"""
Runs several copies of a command in processes of their own, for `runworker --threads`.

If a process ends by itself, the parent starts it again. The parent passes SIGTERM and SIGINT on. It does no other work.
`run_all` must be called before the command opens connections or starts threads.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from channels_transport.backoff import Backoff
from channels_transport.signals import STOP_SIGNALS

logger = logging.getLogger(__name__)

# A process that has run for this time has started well. After an earlier failure, the parent waits before a new start.
STARTED_SECONDS = 10


class Processes:
    """Runs a function in `count` processes until a signal tells them to stop."""

    def __init__(self, count: int, run: Callable[[], object]) -> None:
        self.count, self.run = count, run
        self.started_at: dict[int, float] = {}  # for each pid, the time by the monotonic clock
        self.is_stopping = False
        # If a setting is wrong, each process ends with exit code 1 at its start, and another start would not help. This
        # becomes True when a process ends with another exit code, or ends later.
        self.have_started = False
        self.backoff = Backoff(longest=10)
        # Only the parent keeps the writing end open, so the children notice when the parent is killed.
        self.parent_reads, self.parent_writes = os.pipe()

    def run_all(self) -> int:
        """
        Start the processes, keep them running until a signal, and return the exit code when all have ended.

        The result is the first exit code other than 0 after the stop began, or else 0. An end by SIGTERM counts as 0.
        If the first process that ends has the exit code 1 and ended at its start, stop all processes.
        """
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)
        for _ in range(self.count):
            self._start()
        exit_code = 0
        while self.started_at:
            pid, status = os.wait()
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
            seconds = time.monotonic() - self.started_at.pop(pid, 0)
            if code == 1 and not self.have_started and seconds < STARTED_SECONDS:
                self._stop(signal.SIGTERM)
            if self.is_stopping:
                # SIGTERM itself ends a process that has not installed its handler yet.
                exit_code = exit_code or (0 if code == 128 + signal.SIGTERM else code)
            else:
                self._start_again(pid, code, seconds)
        return exit_code

    def _start_again(self, pid: int, code: int, seconds: float) -> None:
        self.have_started = True
        if code:
            logger.warning("The worker process %d ended with exit code %d; the next one starts", pid, code)
        if not code or seconds >= STARTED_SECONDS:
            self.backoff.reset()
        else:
            self.backoff.wait(lambda: self.is_stopping)
        if not self.is_stopping:
            self._start()

    def _start(self) -> None:
        sys.stdout.flush()
        # A signal between the fork and the entry in `started_at` would not reach the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        pid = os.fork()
        if pid == 0:
            self._run_child()
        self.started_at[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def _run_child(self) -> None:
        code = 1
        try:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
            os.close(self.parent_writes)
            threading.Thread(target=self._stop_with_the_parent, name="parent", daemon=True).start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            self.run()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            logger.exception("A worker process failed")
        finally:
            # `os._exit` keeps the child from running the parent's code after the fork. `os._exit` flushes no buffers,
            # so these three lines flush them first.
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _stop_with_the_parent(self) -> None:
        os.read(self.parent_reads, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _stop(self, number: int, frame: FrameType | None = None) -> None:
        self.is_stopping = True
        for pid in list(self.started_at):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # it has just ended

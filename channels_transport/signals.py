"""
SIGTERM and SIGINT: they tell a process to stop, and end its wait for Redis.

Python delivers a signal between two bytecodes, and a system call that waits for Redis may last for seconds. So each
signal also writes into a pipe, which the waiting code watches beside its sockets. A handler stops nothing by itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# A plain flag, because a signal handler may interrupt code that holds a lock.
_is_stopping = False


def install_signal_handlers(stop: Callable[[int, FrameType | None], None]) -> int:
    """
    Call `stop` on SIGTERM and SIGINT. Only the main thread may do this.

    Return a file descriptor that becomes readable at each signal.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    return reading


def ignore_signals() -> None:
    """Ignore SIGTERM and SIGINT from now on: a second signal must not interrupt a shutdown."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def set_stopping(is_stopping: bool) -> None:
    """Note whether this process' worker was told to stop. Only the worker calls this."""
    global _is_stopping
    _is_stopping = is_stopping


def is_stopping() -> bool:
    """
    Return whether this process' worker was told to stop and only waits for the running consumer.

    A long-running consumer calls this, and then leaves the rest of its work to another worker.
    """
    return _is_stopping

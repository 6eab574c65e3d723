"""
The monitor checks the lobby's list, so that no browser has to poll the list. The monitor also indexes new messages for
the search, and deletes expired data, including the data of killed processes. It takes the samples for operators.

Any number of monitors may run. The monitor that holds the lease works. The others stand by, and one of them takes over
when the lease ends. The monitor decides nothing about rooms and people: the services do.
"""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import close_old_connections

from channels_transport import OUTAGES, LogThrottle, touch_alive_file
from channels_transport.site_state import ProcessReport
from chat.management.sampling import Sampling
from chat.services.lobby import LobbyWatch
from chat.services.search import MONITOR_LEASE, index_changes
from chat.services.sweeps import SWEEPS
from chat.store import store

logger = logging.getLogger(__name__)

LEASE_SECONDS = 10  # if a monitor is killed, another one takes over after this time
TURN_SECONDS = 1  # the longest pause between two turns
LONG_SWEEP_SECONDS = 60
SHUTDOWN_SECONDS = 1  # the longest time that each step of a shutdown waits for Redis or the database


class Monitor:
    """
    One monitor in a thread of its own. From `start()` to `stop()` it works or stands by.

    A working monitor checks the lobby's list and indexes new messages for the search every `check_seconds`. It runs
    `sweeps` every `sweep_seconds`.
    """

    def __init__(
        self, check_seconds: float, sweep_seconds: float, sweeps: Sequence[Callable[[], object]] = SWEEPS
    ) -> None:
        self.holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._check_seconds, self._sweep_seconds, self._sweeps = check_seconds, sweep_seconds, sweeps
        self._throttle = LogThrottle(logger)
        self._failures = LogThrottle(logger, LogThrottle.ONCE)
        self._is_working: bool | None = None  # not known before the first attempt to get the lease
        self._watch: LobbyWatch | None = None
        self._check_at = self._sweep_at = self._lease_ends_at = 0.0
        self._report = ProcessReport("monitor")
        self._is_over = threading.Event()
        # The thread is a daemon: if Redis or the database blocks the thread, the process can still end.
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._sampling = Sampling(self.holder, self._works_still, lambda: self._watch.people if self._watch else None)

    def start(self) -> None:
        """Start the thread of the monitor and the thread of the samples."""
        self._thread.start()
        self._sampling.start()

    def _works_still(self) -> bool:
        # A long sweep may outlast the lease. Another monitor then takes over, and later the samples too.
        return bool(self._is_working) and time.monotonic() < self._lease_ends_at + LONG_SWEEP_SECONDS

    def wait(self) -> None:
        """Wait until the thread has ended: after `stop()`, or because of a bug."""
        self._thread.join()

    def stop(self) -> None:
        """Stop, and release the lease. Even in an outage this takes at most 2 * SHUTDOWN_SECONDS."""
        self._is_over.set()
        self._sampling.stop()
        self._thread.join(SHUTDOWN_SECONDS)
        releasing = threading.Thread(target=self._attempt, args=["release", self._release], daemon=True)
        releasing.start()
        releasing.join(SHUTDOWN_SECONDS)

    def _release(self):
        self._report.end()
        self._sampling.release()
        store.release_lease(MONITOR_LEASE, self.holder)

    def _run(self):
        while not self._is_over.is_set():
            # This closes a broken or old connection to the database. The next statement opens another one.
            self._attempt("connections", close_old_connections)
            self.take_turn()
            self._attempt("report", self._report.write)
            self._is_over.wait(min(TURN_SECONDS, self._check_seconds))

    def take_turn(self) -> None:
        """Try to get the lease. If this monitor holds it, do the work that is due."""
        if not self._attempt("lease", self._acquire_lease):
            return
        if time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + self._check_seconds
            self._attempt("check", self._watch.check)
            self._attempt("index", index_changes)
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + self._sweep_seconds
            self._sweep()

    def _sweep(self):
        for sweep in self._sweeps:
            # The previous sweep may have taken long, for example because the database was locked. Another monitor may
            # hold the lease now.
            if not self._attempt("lease", self._acquire_lease):
                return
            self._attempt(sweep.__name__, sweep)

    def _acquire_lease(self) -> bool:
        """Acquire or renew the lease. Return whether this monitor holds it and may work."""
        if self._is_over.is_set():
            return False
        asked_at = time.monotonic()
        is_working = store.acquire_lease(MONITOR_LEASE, self.holder, LEASE_SECONDS, limit=1)
        if is_working and not (self._is_working and asked_at < self._lease_ends_at):
            # Another monitor may have worked since then, so the result of this monitor's last check may be outdated.
            self._watch, self._check_at = LobbyWatch(), 0.0
        self._lease_ends_at = asked_at + LEASE_SECONDS
        self._log_state(is_working)
        return is_working

    def _log_state(self, is_working):
        if is_working == self._is_working:
            return
        self._is_working = is_working
        if is_working:
            seconds = self._check_seconds, self._sweep_seconds
            logger.info("Working: checking the list of rooms every %s s, sweeping every %s s", *seconds)
        else:
            logger.info("Standing by: another monitor works")

    def _attempt(self, name: str, function: Callable[[], Any]) -> Any:
        """Touch the alive file, call `function()` and return its result. Log a failure, and return None."""
        touch_alive_file()
        try:
            result = function()
        except OUTAGES as outage:
            self._throttle.warning("The monitor waits: %s", outage)
        except Exception:
            text = "%s fails. A later turn tries it again. Its failures are not logged again until it succeeds"
            self._failures.exception(text, name, key=name)
        else:
            self._failures.reset(name)
            return result
        return None


def run_until_signal(monitor: Monitor) -> None:
    """Run a monitor until SIGTERM or SIGINT. Raise RuntimeError if its thread ends by itself."""
    try:
        _interrupt_on(signal.SIGTERM, signal.SIGINT)
        monitor.start()
        monitor.wait()
        raise RuntimeError("The monitor's thread has ended by itself")
    except KeyboardInterrupt:
        monitor.stop()


def _interrupt_on(*signals):
    """Make the first of these signals raise KeyboardInterrupt, and ignore all later ones."""

    def interrupt(number, frame):
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in signals:
        signal.signal(each, interrupt)

"""
The monitor: looks at the lobby's list, so that no browser has to poll it, and sweeps what the dead left behind.

Any number of them may run. The one that holds the lease works, the others stand by and take over when it ends. It
decides nothing about rooms and people: what it does is in the services.
"""

import logging
import os
import secrets
import signal
import socket
import threading
import time

from django.db import close_old_connections

from channels_transport import OUTAGES, LogThrottle
from chat.services.lobby import Watch
from chat.services.sweeps import SWEEPS
from chat.store import store

logger = logging.getLogger(__name__)

LEASE = "monitor"
LEASE_SECONDS = 10  # who stands by takes over so long after the one that works was killed
TURN_SECONDS = 1  # between two tries for the lease
PATIENCE_SECONDS = 1  # at the end, for what Redis or the database hold up


class Monitor:
    """Works or stands by in a thread of its own, from `start()` to `end()`."""

    def __init__(self, look_seconds, sweep_seconds, sweeps=SWEEPS):
        self.holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._look_seconds, self._sweep_seconds, self._sweeps = look_seconds, sweep_seconds, sweeps
        self._throttle = LogThrottle(logger)
        self._failures = LogThrottle(logger, LogThrottle.ONCE)
        self._is_working = None  # neither, before the first try
        self._watch = None
        self._look_at = self._sweep_at = self._lease_ends_at = 0
        self._is_over = threading.Event()
        # A thread that Redis or the database hold up must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)

    def start(self):
        self._thread.start()

    def wait(self):
        """Returns when its thread has ended, which it does only when told to, or by a bug."""
        self._thread.join()

    def end(self):
        """Stops, and gives the lease back for another to take over; within seconds, whatever hangs."""
        self._is_over.set()
        self._thread.join(PATIENCE_SECONDS)
        releasing = threading.Thread(target=self._attempt, args=["end", self._release], daemon=True)
        releasing.start()
        releasing.join(PATIENCE_SECONDS)

    def _release(self):
        store.release_lease(LEASE, self.holder)

    def _run(self):
        while not self._is_over.is_set():
            # A connection that broke, or is old, is closed: the next statement opens another.
            self._attempt("connections", close_old_connections)
            self.take_turn()
            self._is_over.wait(min(TURN_SECONDS, self._look_seconds))

    def take_turn(self):
        """Tries for the lease, and with it does what is due."""
        if not self._attempt("lease", self._take_lease):
            return
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._look_seconds
            self._attempt("look", self._watch.look)
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + self._sweep_seconds
            self._sweep()

    def _sweep(self):
        for sweep in self._sweeps:
            # Each may take long, where the database is locked: the lease may be somebody else's by now.
            if not self._attempt("lease", self._take_lease):
                return
            self._attempt(sweep.__name__, sweep)

    def _take_lease(self):
        """Returns whether this is the monitor that works."""
        if self._is_over.is_set():
            return False
        asked_at = time.monotonic()
        is_working = store.acquire_lease(LEASE, self.holder, LEASE_SECONDS, limit=1)
        if is_working and not (self._is_working and asked_at < self._lease_ends_at):
            # Another may have worked meanwhile, and nobody knows what it had seen.
            self._watch, self._look_at = Watch(), 0
        self._lease_ends_at = asked_at + LEASE_SECONDS
        self._say_what_it_is(is_working)
        return is_working

    def _say_what_it_is(self, is_working):
        if is_working == self._is_working:
            return
        self._is_working = is_working
        if is_working:
            logger.info("Working: looking every %s s, sweeping every %s s", self._look_seconds, self._sweep_seconds)
        else:
            logger.info("Standing by: another monitor works")

    def _attempt(self, name, act):
        """Returns what `act()` returns, or None where it fails: it is tried again in its time."""
        try:
            result = act()
        except OUTAGES as outage:
            self._throttle.warning("The monitor waits: %s", outage)
        except Exception:
            text = "%s fails; it goes on being tried, and this is not said again until it works"
            self._failures.exception(text, name, key=name)
        else:
            self._failures.reset(name)
            return result
        return None


def run_until_told(monitor):
    """Runs a monitor until SIGTERM or SIGINT. Raises RuntimeError if it ends by itself."""
    try:
        _interrupt_on(signal.SIGTERM, signal.SIGINT)
        monitor.start()
        monitor.wait()
        raise RuntimeError("The monitor's thread has ended by itself")
    except KeyboardInterrupt:
        monitor.end()


def _interrupt_on(*signals):
    """The first of these signals raises KeyboardInterrupt, further ones change nothing."""

    def interrupt(number, frame):
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in signals:
        signal.signal(each, interrupt)

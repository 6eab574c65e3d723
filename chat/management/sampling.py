"""
The monitor's samples of the site for the page `/operations/`, in a thread of their own.

A sweep or a check of the monitor may take long, and operators must not think that the monitor is down. The thread takes
samples only while its monitor works, and needs a lease of its own for them. So at most one process of the site takes
samples.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connections

from channels_transport import OUTAGES, LogThrottle
from chat.services import operations
from chat.store import store

logger = logging.getLogger(__name__)

SAMPLING_LEASE = "sampling"
LEASE_SECONDS = 12


class Sampling(threading.Thread):
    """
    Takes, stores and publishes a sample every SAMPLE_SECONDS while `is_working()`. `holder` names the monitor.

    `count_people()` returns how many people are in rooms, or None. An outage or a bug does not end the thread: only the
    sample is missing.
    """

    def __init__(self, holder: str, is_working: Callable[[], bool], count_people: Callable[[], int | None]) -> None:
        super().__init__(name="sampling", daemon=True)
        self._holder = holder
        self._is_working, self._count_people = is_working, count_people
        self._is_over = threading.Event()
        self._sampler: operations.Sampler | None = None
        self._throttle = LogThrottle(logger, LogThrottle.ONCE)

    def run(self) -> None:
        """Take samples until `stop`."""
        next_at = time.monotonic()
        while not self._is_over.wait(max(0.0, next_at - time.monotonic())):
            # After a long pause, the thread does not take the samples that it missed.
            next_at = max(next_at + operations.SAMPLE_SECONDS, time.monotonic())
            self.take_turn()
            # A second connection of the monitor would be idle for nearly all of its time.
            connections.close_all()

    def take_turn(self) -> None:
        """Take one sample, if this monitor works and holds the lease of the samples."""
        try:
            close_old_connections()
            if not self._may_sample():
                self._sampler = None  # another monitor takes samples, so the rates begin again
                return
            self._sampler = self._sampler or operations.Sampler(self._count_people)
            sample = self._sampler.take()
            operations.store_sample(sample)
            operations.publish_sample(sample)
            self._throttle.reset()
        except OUTAGES as outage:
            self._throttle.warning("Operators get no sample: %s", outage)
        except Exception:
            self._throttle.exception("A sample for operators failed")

    def _may_sample(self) -> bool:
        return self._is_working() and store.acquire_lease(SAMPLING_LEASE, self._holder, LEASE_SECONDS, limit=1)

    def release(self) -> None:
        """End the lease, so that another monitor takes samples at once."""
        store.release_lease(SAMPLING_LEASE, self._holder)

    def stop(self) -> None:
        """Tell the thread to end, and do not wait for it."""
        self._is_over.set()

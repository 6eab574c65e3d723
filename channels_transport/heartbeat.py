"""
The heartbeat of a worker or a delay server: a thread that renews the leases of the process in Redis each second.

A process that renews nothing for the length of a lease counts as dead. Other workers then take over its turn.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any, Protocol

import redis

from . import reports, scripts
from .leases import RENEW_SECONDS
from .log_throttle import LogThrottle
from .reports import REPORT_LEASE_SECONDS

logger = logging.getLogger(__name__)

__all__ = ["REPORT_LEASE_SECONDS", "Heartbeat", "Reporter"]

RECLAIM_BATCH = 100  # turns
# At its end, a process waits at most this long until it has removed its name from the reports in Redis.
END_SECONDS = 0.5


class Reporter(Protocol):
    """The attributes that a heartbeat reads from its worker or delay server."""

    layer: Any
    handled: int  # messages
    failed: int  # messages whose consumer raised an exception
    retried: int  # messages that were queued again
    busy_since: float | None  # time.time() when the current message began


class Heartbeat(threading.Thread):
    """
    Renews the turn of the current message, reclaims the turns of dead workers, and writes a report, each second.

    `watching.read_reports` reads the reports. `channels` are the channels that the process receives from.
    """

    def __init__(self, worker: Reporter, channels: Iterable[str]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.worker = worker
        self.layer = worker.layer
        self.receiver = worker.layer.receiver
        self.channels = sorted(channels)
        self._stopped = threading.Event()
        self._throttle = LogThrottle(logger, LogThrottle.ONCE)

    def run(self) -> None:
        """Renew, reclaim and report each second until `stop`. No exception ends the loop."""
        while True:
            try:
                self.run_once()
                self._throttle.reset()
            except redis.RedisError as error:
                self._throttle.warning("The turn of the current message cannot be renewed, trying again: %s", error)
            except Exception:
                logger.exception("A heartbeat failed")
            if self._stopped.wait(RENEW_SECONDS):
                return self._end()

    def _end(self) -> None:
        for shard in self.layer.shards:
            try:
                shard.call(reports.make_end_command(self.layer.prefix, self._report_name))
            except redis.RedisError:
                continue  # operators see this process as dead

    def stop(self) -> None:
        """End the thread after its current step, and wait for its end for at most END_SECONDS."""
        self._stopped.set()
        if self.is_alive():
            self.join(END_SECONDS)

    def run_once(self) -> None:
        """Renew, reclaim and report once on every shard. Then raise the last RedisError, if a shard failed."""
        failure = None
        for index in range(len(self.layer.shards)):
            try:
                self._run_on_shard(index)
            except redis.RedisError as error:
                failure = error
        if failure is not None:
            raise failure

    def _run_on_shard(self, index: int) -> None:
        commands = (self.layer.command(scripts.RECLAIM, RECLAIM_BATCH), self._report())
        lost = self.layer.shards[index].call(*self.receiver.claim_commands(index), *commands)[
            -2
        ]  # the answer of RECLAIM
        if lost:
            logger.warning("%d messages were lost with their workers; their connections continue", len(lost))

    @property
    def _report_name(self) -> str:
        return f"worker:{self.receiver.name}"

    def _report(self) -> tuple[object, ...]:
        report = {
            **reports.describe_process(getattr(self.worker, "kind", "worker")),
            "channels": self.channels,
            "handled": self.worker.handled,
            "failed": self.worker.failed,
            "retried": self.worker.retried,
            "busy_since": self.worker.busy_since,
        }
        return reports.make_command(self.layer, self._report_name, report)

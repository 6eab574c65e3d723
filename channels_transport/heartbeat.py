"""
The heartbeat of a worker or a delay server: a thread that renews the leases of the process in Redis each second.

A process without a heartbeat for the length of a lease counts as dead, and other workers take over its turn.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any, Protocol

import redis

from . import scripts
from .log_throttle import LogThrottle

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1
REPORT_LEASE_SECONDS = 10
RECLAIM_AT_ONCE = 100


class Reporter(Protocol):
    """The attributes that a heartbeat reads from its process."""

    layer: Any
    handled: int  # messages
    busy_since: float | None  # time.time() when the current message began


class Heartbeat(threading.Thread):
    """
    Renews the turn of the message in hand, reclaims the turns of dead workers, and writes a report, each second.

    The report is what `watching.read_reports` returns. `channels` are the channels that the process receives from.
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
            if self._stopped.wait(INTERVAL_SECONDS):
                return

    def stop(self) -> None:
        """End the thread after its current step."""
        self._stopped.set()

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
        commands = [self.layer.command(scripts.RECLAIM, RECLAIM_AT_ONCE), self._report()]
        claim = self.receiver.claim_command()
        if claim is not None and claim[0] == index:
            commands.insert(0, claim[1])
        lost = self.layer.shards[index].call(*commands)[-2]
        if lost:
            logger.warning("%d messages were lost with their workers; their connections continue", len(lost))

    def _report(self) -> tuple[object, ...]:
        state = {
            "pid": os.getpid(),
            "channels": self.channels,
            "handled": self.worker.handled,
            "busy_since": self.worker.busy_since,
            "at": time.time(),
        }
        key = f"{self.layer.prefix}worker:{self.receiver.name}"
        return ("SET", key, json.dumps(state), "EX", REPORT_LEASE_SECONDS)

"""
The heartbeat of a worker or a delay server: a thread that renews what the process holds in Redis each second.

A process without a heartbeat for the length of a lease counts as dead, and the others take over its turn.
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

BEAT_SECONDS = 1
REPORT_LEASE_SECONDS = 10
RECLAIM_AT_ONCE = 100


class Reporter(Protocol):
    """What a heartbeat reads of the process that it belongs to."""

    layer: Any
    handled: int  # messages
    busy_since: float | None  # time.time() when the current message began


class Heartbeat(threading.Thread):
    """
    Each second: renews the turn of the message in hand, reclaims the turns of dead workers, and writes a report.

    The report is what `watching.read_reports` returns. `channels` are those from which the process receives.
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
        """Beat until `stop`. No exception ends it."""
        while True:
            try:
                self.beat()
                self._throttle.reset()
            except redis.RedisError as error:
                self._throttle.warning("The turn of the current message cannot be renewed, trying again: %s", error)
            except Exception:
                logger.exception("A heartbeat failed")
            if self._stopped.wait(BEAT_SECONDS):
                return

    def stop(self) -> None:
        """End the thread; a beat that is running ends first."""
        self._stopped.set()

    def beat(self) -> None:
        """Renew, reclaim and report on every shard. Raise the last RedisError, after all shards were tried."""
        failure = None
        for index in range(len(self.layer.shards)):
            try:
                self._beat_at(index)
            except redis.RedisError as error:
                failure = error
        if failure is not None:
            raise failure

    def _beat_at(self, index: int) -> None:
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

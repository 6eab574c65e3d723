"""
The heartbeat of a worker or a delay server: a thread that renews the leases of the process in Redis each second.

A process that renews nothing for the length of a lease counts as dead. Other workers then take over its turn.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any, Protocol

import redis

from . import scripts
from .leases import RENEW_SECONDS
from .log_throttle import LogThrottle

logger = logging.getLogger(__name__)

REPORT_LEASE_SECONDS = 10
RECLAIM_BATCH = 100  # turns


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
        commands = [self.layer.command(scripts.RECLAIM, RECLAIM_BATCH), self._report()]
        claim = self.receiver.claim_command()
        if claim is not None and claim[0] == index:
            commands.insert(0, claim[1])
        *_, lost, _ = self.layer.shards[index].call(*commands)  # the answer of RECLAIM
        if lost:
            logger.warning("%d messages were lost with their workers; their connections continue", len(lost))

    def _report(self) -> tuple[object, ...]:
        state = {
            "pid": os.getpid(),
            "channels": self.channels,
            "handled": self.worker.handled,
            "failed": self.worker.failed,
            "retried": self.worker.retried,
            "busy_since": self.worker.busy_since,
            "at": time.time(),
        }
        key = f"{self.layer.prefix}worker:{self.receiver.name}"
        return ("SET", key, json.dumps(state), "EX", REPORT_LEASE_SECONDS)

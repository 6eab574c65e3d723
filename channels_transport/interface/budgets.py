"""
Counters of what clients use: token buckets of frames, bytes and control frames, and the connections, sockets and
uploads of each address.

This module only counts. It closes nothing, stops no reading, and knows no protocol.
"""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from ..networks import find_network


class Rate(NamedTuple):
    """A budget: this many at once, and this many per second after that."""

    burst: float
    per_second: float


UNLIMITED = Rate(math.inf, math.inf)


class Budget:
    """
    A token bucket. Its users subtract from `left`, which may become negative.

    `is_spent` reads the clock only when the tokens of the last refill are used up.
    """

    __slots__ = ("left", "rate", "counted_at")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.left = rate.burst
        self.counted_at = time.monotonic()

    def is_spent(self) -> bool:
        """Return whether no token is left now."""
        if self.left > 0:
            return False
        self.refill()
        return self.left <= 0

    def refill(self) -> None:
        """Add the tokens of the time since the last call."""
        if self.rate is UNLIMITED:
            return
        now = time.monotonic()
        self.left = min(self.rate.burst, self.left + (now - self.counted_at) * self.rate.per_second)
        self.counted_at = now


class Meter:
    """The budgets of one owner: of a socket, or of an address."""

    __slots__ = ("frames", "bytes", "control_frames")

    def __init__(self, frames: Rate, octets: Rate, control_frames: Rate) -> None:
        self.frames, self.bytes, self.control_frames = Budget(frames), Budget(octets), Budget(control_frames)

    @property
    def budgets(self) -> tuple[Budget, Budget, Budget]:
        """Return all budgets."""
        return self.frames, self.bytes, self.control_frames

    @property
    def is_spent(self) -> bool:
        """Return whether one of the budgets has no token left now."""
        return any(budget.is_spent() for budget in self.budgets)

    @property
    def is_low(self) -> bool:
        """Return whether less than half of one of the bursts is left. An ordinary client does not use that much."""
        self._refill()
        return any(budget.left < budget.rate.burst / 2 for budget in self.budgets)

    @property
    def is_full(self) -> bool:
        """Return whether all budgets are full, so that nothing has to be remembered."""
        self._refill()
        return all(budget.left >= budget.rate.burst for budget in self.budgets)

    def _refill(self) -> None:
        for budget in self.budgets:
            budget.refill()


class Address:
    """
    The budgets of one address, and the numbers of its open connections, sockets and uploads.

    All sockets of the address share this object.
    """

    def __init__(self, meter: Meter) -> None:
        self.connections = self.sockets = self.uploads = 0
        self.meter = meter

    @property
    def is_idle(self) -> bool:
        """Return whether nothing of the address has to be remembered."""
        return not self.connections and not self.sockets and not self.uploads and self.meter.is_full


class Addresses:
    """
    The addresses that have open connections or sockets, or budgets that are not full.

    `rates` are the budgets of each address: frames, bytes, control frames.
    """

    def __init__(self, *rates: Rate) -> None:
        self._rates = rates
        self._addresses: dict[str, Address] = {}

    def find(self, host: str | None) -> Address:
        """Return the counters of a host's address. A client without an IP address (a Unix socket) is unlimited."""
        network = find_network(host)
        if network is None:
            return Address(Meter(UNLIMITED, UNLIMITED, UNLIMITED))
        if network not in self._addresses:
            self._addresses[network] = Address(Meter(*self._rates))
        return self._addresses[network]

    def forget_idle(self) -> None:
        """Forget the addresses that have nothing open and full budgets."""
        for key, address in list(self._addresses.items()):
            if address.is_idle:
                del self._addresses[key]

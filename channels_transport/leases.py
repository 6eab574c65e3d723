"""
The lifetimes of records in Redis, and of their leases. Python and the Lua scripts share these numbers.

The scripts contain each name as `$NAME`, which is replaced by its number when a script is first used. The settings are
read no earlier, so that a process without settings can import this package.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE, settings

# Workers renew their turns, and interfaces renew their leases, at this interval.
RENEW_SECONDS = 1
# After this time without a renewal of its turn, a worker counts as dead.
TURN_LEASE_SECONDS = 4
# After this time without a renewal of its lease, an interface counts as dead.
INTERFACE_LEASE_SECONDS = 10
# A connection's frames, and the record of their order, last for this time after the last frame.
CONNECTION_LEASE_SECONDS = 3600
# An item made by a script lasts for this time: a turn, or the disconnect of a connection whose interface died.
ITEM_SECONDS = 60
# A list outlives its items, so that the next command on the list can count the expired items.
LIST_GRACE_SECONDS = 3600
# The record of a connection that has ended lasts for this time.
ENDED_SECONDS = 30
STATISTICS_SECONDS = 86400
OPEN_CONNECTIONS_SECONDS = 86400
# The record that an interface is dead lasts for this time. By then, the interface's groups and lists have been removed.
DEAD_INTERFACE_SECONDS = 3600
# Every worker runs RECLAIM each second. If no worker ran it for SILENCE_SECONDS, Redis or all workers were down, or the
# clock was set forward. Then leases have ended before their owners could renew them, so nothing counts as dead during
# the next GRACE_SECONDS. Each owner renews its lease within that time, even if the owner is two seconds late.
SILENCE_SECONDS, GRACE_SECONDS = 3, RENEW_SECONDS + 2

_NUMBERS = {
    "TURN_LEASE_MS": TURN_LEASE_SECONDS * 1000,
    "INTERFACE_LEASE_MS": INTERFACE_LEASE_SECONDS * 1000,
    "CONNECTION_LEASE_SECONDS": CONNECTION_LEASE_SECONDS,
    "ITEM_SECONDS": ITEM_SECONDS,
    "LIST_GRACE_SECONDS": LIST_GRACE_SECONDS,
    "ENDED_SECONDS": ENDED_SECONDS,
    "STATISTICS_SECONDS": STATISTICS_SECONDS,
    "OPEN_CONNECTIONS_SECONDS": OPEN_CONNECTIONS_SECONDS,
    "DEAD_INTERFACE_SECONDS": DEAD_INTERFACE_SECONDS,
    "DEAD_INTERFACE_MS": DEAD_INTERFACE_SECONDS * 1000,
    "SILENCE_MS": SILENCE_SECONDS * 1000,
    "GRACE_MS": GRACE_SECONDS * 1000,
}


def get_session_lease_seconds() -> int:
    """Return how long a channel session lasts after its last use (s): CHANNEL_SESSION_LEASE_SECONDS, or an hour."""
    if not settings.configured and not os.environ.get(ENVIRONMENT_VARIABLE):
        return 3600  # this process has no settings, and uses the layer only
    # An hour is longer than the time between two heartbeats. The sessions of dead interfaces still end soon.
    return getattr(settings, "CHANNEL_SESSION_LEASE_SECONDS", 3600)


def get_numbers() -> dict[str, int]:
    """Return {name: number} for the scripts."""
    return {**_NUMBERS, "SESSION_LEASE_SECONDS": get_session_lease_seconds()}


def __getattr__(name: str) -> Any:
    if name == "SESSION_LEASE_SECONDS":
        return get_session_lease_seconds()
    if name == "NUMBERS":
        return get_numbers()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

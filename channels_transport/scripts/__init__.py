"""
The channel layer's Lua scripts, which run inside Redis. Each script is atomic.

docs/transport.md lists the keys that the scripts use. All times are Redis' own (ms), so that no sender's clock decides
when a message expires or a lease ends. The scripts make their keys from the prefix, so a shard is one Redis, not a
cluster.

Each item of a channel's list begins with a letter and the time when the item expires (13 digits of ms):

    M <expiry> <full channel name, or nothing> NUL <body>                     a message
    G <expiry> <version, 16 digits> <group> NUL <body>                        a message to a group's local members
    E <expiry> <version, 16 digits> <group> NUL <names> NUL <body>            the same, but not to the channels <names>,
                                                                              which are separated by commas. The first
                                                                              name may be @ and the time of the arrival
                                                                              (ms) of what caused the message
    T <expiry> <number, 16 digits> <reply channel> NUL <length> NUL <session> <body>
                                                a turn of a connection, with copies of its channel session (of this
                                                length) and its first frame. A turn without copies ends
                                                with `? NUL` instead

A connection's own list contains items `F <expiry> <channel> NUL <body>`: its waiting frames, in order.
"""

from __future__ import annotations

from .gathering import GROUP_RENEW, READ_IDLE_SESSIONS
from .groups import (
    GROUP_ADD,
    GROUP_ADD_MEMBERS,
    GROUP_DISCARD,
    GROUP_DISCARD_MEMBERS,
    GROUP_MEMBERS,
    GROUP_PROCESSES,
    GROUP_PUSH,
    GROUP_SEND,
    GROUP_SEND_PACED,
    LEASE_INTERFACE,
)
from .messages import (
    CHANNEL_STATISTICS,
    COUNT,
    DELETE_MATCHING,
    RECLAIM_DELIVERIES,
    RETURN_ITEM,
    SEND,
)
from .reclaim import RECLAIM
from .reporting import REPORT
from .script import LayerScript, Script
from .turns import (
    BEGIN_PREFETCHED,
    CLAIM,
    ENQUEUE,
    FINISH,
    NEXT,
    REQUEUE,
)

__all__ = [
    "BEGIN_PREFETCHED",
    "CHANNEL_STATISTICS",
    "CLAIM",
    "COUNT",
    "DELETE_MATCHING",
    "ENQUEUE",
    "FINISH",
    "GROUP_ADD",
    "GROUP_ADD_MEMBERS",
    "GROUP_DISCARD",
    "GROUP_DISCARD_MEMBERS",
    "GROUP_MEMBERS",
    "GROUP_PROCESSES",
    "GROUP_PUSH",
    "GROUP_RENEW",
    "GROUP_SEND",
    "GROUP_SEND_PACED",
    "LEASE_INTERFACE",
    "LayerScript",
    "NEXT",
    "READ_IDLE_SESSIONS",
    "RECLAIM",
    "RECLAIM_DELIVERIES",
    "REPORT",
    "REQUEUE",
    "RETURN_ITEM",
    "SEND",
    "Script",
]

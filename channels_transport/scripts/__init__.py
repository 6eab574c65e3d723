"""
What runs inside Redis: the channel layer's Lua scripts, each one atomic.

docs/transport.md tells which keys they touch and why. Time in them is Redis' own, so that no sender's clock decides
when a message expires or a lease ends. Keys are made here from the prefix: a layer's shard is one Redis, no cluster.

Items of a channel's list begin with a letter, and the moment they expire (13 digits of ms):

    M <expiry> <full channel name, or nothing> NUL <body>                     a message
    G <expiry> <version, 16 digits> <group> NUL <body>                        a message to a group's local members
    E <expiry> <version, 16 digits> <group> NUL <names> NUL <body>            the same, but not to the channels whose
                                                                              names stand there, joined by commas
    T <expiry> <number, 16 digits> <reply channel> NUL <length> NUL <session> <body>
                                                a turn of a connection, with a copy of its first frame and its channel
                                                session of that length; or with ? in place of all three

and a connection's own list holds `F <expiry> <channel> NUL <body>`: its frames that no worker has taken, in order.
"""

from .groups import (
    GROUP_ADD,
    GROUP_DISCARD,
    GROUP_MEMBERS,
    GROUP_PROCESSES,
    GROUP_PUSH,
    GROUP_SEND,
    LEASE_INTERFACE,
)
from .messages import (
    CHANNEL_STATISTICS,
    COUNT,
    DELETE_MATCHING,
    PUT_BACK,
    SEND,
    TAKE_BACK,
)
from .script import LayerScript, Script
from .turns import (
    CLAIM,
    ENQUEUE,
    GIVE_BACK,
    NEXT,
    RECLAIM,
)

__all__ = [
    "CHANNEL_STATISTICS",
    "CLAIM",
    "COUNT",
    "DELETE_MATCHING",
    "ENQUEUE",
    "GIVE_BACK",
    "GROUP_ADD",
    "GROUP_DISCARD",
    "GROUP_MEMBERS",
    "GROUP_PROCESSES",
    "GROUP_PUSH",
    "GROUP_SEND",
    "LEASE_INTERFACE",
    "LayerScript",
    "NEXT",
    "PUT_BACK",
    "RECLAIM",
    "SEND",
    "Script",
    "TAKE_BACK",
]

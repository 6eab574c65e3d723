"""
Functions that find out from a channel's name how its messages are stored and ordered.
"""

from __future__ import annotations

from collections.abc import Mapping


def is_fixed(channel: str) -> bool:
    """
    Return whether a channel is on one shard.

    The hash of its name, without the part after `!`, selects the shard. Other channels are on all shards.
    """
    return "!" in channel or "?" in channel


def is_ordered(channel: str, message: Mapping) -> bool:
    """Return whether a message is the beginning, a frame or the end of a connection. These messages run in order."""
    return channel.startswith("websocket.") and "order" in message and bool(message.get("reply_channel"))

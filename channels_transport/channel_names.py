"""
What a channel's name says about its messages.
"""

from collections.abc import Mapping


def is_fixed(channel: str) -> bool:
    """Return whether a channel is on the one shard that its name hashes to. Others are spread over all shards."""
    return "!" in channel or "?" in channel


def is_ordered(channel: str, message: Mapping) -> bool:
    """Return whether a message is a connection's frame, as interfaces send them: these run one after another."""
    return channel.startswith("websocket.") and "order" in message and bool(message.get("reply_channel"))

"""The setting of the channel layer, made from the settings of Redis. This module connects to nothing."""

from typing import Any

ROUTING = "chatproj.routing.channel_routing"


def make_layer(redis_url: str | None, encryption_keys: list[str]) -> dict[str, Any]:
    """Return the default layer of CHANNEL_LAYERS: in Redis, or without a URL in the memory of a plain `runserver`."""
    if not redis_url:
        return {
            "BACKEND": "channels_transport.memory.MemoryChannelLayer",
            "CONFIG": {"capacity": 20000},
            "ROUTING": ROUTING,
        }
    return {
        "BACKEND": "channels_transport.layer.RedisChannelLayer",
        "CONFIG": {
            "hosts": [redis_url],
            # All versions have these prefixes, so processes of two versions reach each other during an upgrade.
            "prefix": "asgi:",
            "stats_prefix": "asgi-meta:",
            # A message to a group is one item per interface, for any number of sockets. The limits only bound a flood.
            "capacity": 20000,
            "channel_capacity": {"http.request": 1000},
            "symmetric_encryption_keys": encryption_keys,
            # Without timeouts a paused Redis freezes every process that uses it.
            "connection_kwargs": {"socket_timeout": 8, "socket_connect_timeout": 5},
        },
        "ROUTING": ROUTING,
    }

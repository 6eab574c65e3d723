"""The steps at the start of `interface`, `runworker` and `rundelay`, such as the checks of the Redis servers."""

from __future__ import annotations

import gc
import logging
from typing import Any

from channels import channel_layers
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from channels_transport import following
from channels_transport.foreign_keys import describe_foreign_key, find_foreign_key
from channels_transport.outages import REDIS_OUTAGES
from channels_transport.redis_connections import RedisConfigurationError
from channels_transport.redis_info import UnsupportedRedis, check_version
from channels_transport.stock_layers import is_own

logger = logging.getLogger(__name__)


def get_shared_layer(alias: str, purpose: str) -> Any:
    """
    Return Channels' wrapper of the layer with an alias.

    Raise CommandError if there is no such layer, if it belongs to another package, or if other processes cannot use it.
    `purpose` is the first half of the last error's text: "A worker needs Redis to reach the interface servers".
    """
    if alias not in channel_layers.configs:
        known = ", ".join(sorted(channel_layers.configs)) or "none"
        raise CommandError(f"CHANNEL_LAYERS has no layer {alias!r}; it has {known}.")
    wrapper = channel_layers[alias]
    if not is_own(wrapper.channel_layer):
        path = channel_layers.configs[alias]["BACKEND"]
        raise CommandError(f"{path} in CHANNEL_LAYERS is not supported: set BACKEND to a layer of channels_transport.")
    if not wrapper.is_shared:
        raise CommandError(f"{purpose}: set REDIS_URL, or a layer in Redis in CHANNEL_LAYERS.")
    return wrapper


def check_servers(layer: Any) -> None:
    """
    Raise CommandError if a Redis server is too old or cannot be used, or has keys of asgi_redis under our prefix.

    For an outage, only log a warning.
    """
    try:
        for shard in layer.all_shards:
            check_version(shard)
            key = find_foreign_key(layer, shard)
            if key is not None:
                raise CommandError(describe_foreign_key(layer, shard, key))
    except (UnsupportedRedis, RedisConfigurationError) as error:
        raise CommandError(str(error)) from None
    except REDIS_OUTAGES as outage:
        logger.warning("Redis cannot be reached, starting without it: %s", outage)


def start_following() -> None:
    """Follow the messages of this process, if a setting asks for it. Raise CommandError if that is not possible."""
    try:
        following.start()
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from None


def freeze_objects() -> None:
    """
    Let the garbage collector leave out all objects that exist now. Call this right before the process begins its work.

    The code and the settings live as long as the process. If each full collection looked at them again, it would stop
    the process for tens of milliseconds, and an interface would spend a third of its CPU for a new websocket on that.
    """
    gc.collect()
    gc.freeze()

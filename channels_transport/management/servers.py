"""The check of the Redis servers that every command of the transport runs when it starts."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import CommandError

from channels_transport.outages import REDIS_OUTAGES
from channels_transport.redis_connections import RedisConfigurationError
from channels_transport.redis_info import UnsupportedRedis, check_version

logger = logging.getLogger(__name__)


def check_servers(layer: Any) -> None:
    """Raise CommandError if a Redis server is too old or cannot be used. For an outage, only log a warning."""
    try:
        for shard in layer.all_shards:
            check_version(shard)
    except (UnsupportedRedis, RedisConfigurationError) as error:
        raise CommandError(str(error)) from None
    except REDIS_OUTAGES as outage:
        logger.warning("Redis cannot be reached, starting without it: %s", outage)

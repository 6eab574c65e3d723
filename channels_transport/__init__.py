"""
The transport: the API of Channels 1.x on channel layers that keep the order of messages, for any site.

Applications import from here: the decorators and the class-based consumers, under the names that they have in
Channels, and `Ordered`, `forget_ordering`, `Group`, `call_later`, `is_stopping`, `find_network`, `BoundedCache`,
`Finding`, `LaterResponse`, `LogThrottle` and `OUTAGES`. A function of INTERFACE_ANSWERS uses `Asked`, `Answer`,
`InThread` and `PassOn`. An application with its own store in Redis uses `make_redis_client`,
`RedisConfigurationError`, `Script`, `Shard` and `run_with_next_trip`. An application with metrics of its own also
imports from `channels_transport.metrics`. Applications import from no other module.
"""

from __future__ import annotations

from .auth import (
    channel_and_http_session_user_from_http,
    channel_session_user,
    channel_session_user_from_http,
)
from .bounded_cache import BoundedCache
from .deferred import run_with_next_trip
from .doctor.findings import Finding
from .generic import JsonWebsocketConsumer, Ordered, WebsocketConsumer
from .group import Group
from .instructions import Answer, Asked, InThread, PassOn
from .later_response import LaterResponse
from .log_throttle import LogThrottle
from .networks import find_network
from .ordering import enforce_ordering, forget_ordering
from .outages import OUTAGES
from .redis_connections import RedisConfigurationError
from .redis_connections import make_client as make_redis_client
from .scripts import Script
from .sessions import channel_session
from .shards import Shard
from .signals import is_stopping
from .six_importer import complete_importer
from .timers import call_later
from .version import __version__

# Django looks for the class of an application by itself only since 3.2.
default_app_config = "channels_transport.apps.TransportConfig"

# Every process of a site imports this package before Django runs the code of `channels` that needs the importer.
complete_importer()

__all__ = [
    "OUTAGES",
    "Answer",
    "Asked",
    "BoundedCache",
    "Finding",
    "Group",
    "InThread",
    "JsonWebsocketConsumer",
    "LaterResponse",
    "LogThrottle",
    "Ordered",
    "PassOn",
    "RedisConfigurationError",
    "Script",
    "Shard",
    "WebsocketConsumer",
    "__version__",
    "call_later",
    "channel_and_http_session_user_from_http",
    "channel_session",
    "channel_session_user",
    "channel_session_user_from_http",
    "enforce_ordering",
    "find_network",
    "forget_ordering",
    "is_stopping",
    "make_redis_client",
    "run_with_next_trip",
]

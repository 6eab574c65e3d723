"""
The transport: the API of Channels 1.x on channel layers that keep the order of messages, for any site.

Applications import from here only: the decorators and the class-based consumers, with the same names as in
Channels, and `Group`, `call_later`, `is_stopping`, `Finding`, `LaterResponse`, `LogThrottle` and `OUTAGES`. An
application's own store in Redis uses `Script`, `Shard` and `run_with_next_trip`.
"""

from channels.auth import channel_session_user, channel_session_user_from_http

from .deferred import run_with_next_trip
from .doctor.findings import Finding
from .generic import JsonWebsocketConsumer, Ordered, WebsocketConsumer
from .group import Group
from .later_response import LaterResponse
from .log_throttle import LogThrottle
from .ordering import enforce_ordering, forget_ordering
from .outages import OUTAGES
from .scripts import Script
from .sessions import channel_session
from .shards import Shard
from .signals import is_stopping
from .timers import call_later

__all__ = [
    "OUTAGES",
    "Finding",
    "Group",
    "JsonWebsocketConsumer",
    "LaterResponse",
    "Ordered",
    "LogThrottle",
    "Script",
    "Shard",
    "WebsocketConsumer",
    "call_later",
    "channel_session",
    "channel_session_user",
    "channel_session_user_from_http",
    "enforce_ordering",
    "forget_ordering",
    "is_stopping",
    "run_with_next_trip",
]

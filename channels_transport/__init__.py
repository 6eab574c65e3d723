"""
The transport: Channels 1.x with what it does wrong put right. It knows no chat; any Channels 1.x site can use it.

What applications import is here: the decorators and the class-based consumers, under the names that they have in
Channels, `call_later`, `is_stopping`, `LaterResponse` and `LogThrottle`.
"""

from channels.auth import channel_session_user, channel_session_user_from_http

from .doctor.findings import Finding
from .generic import JsonWebsocketConsumer, Ordered, WebsocketConsumer
from .later import LaterResponse
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
]

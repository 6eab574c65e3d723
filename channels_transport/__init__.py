"""
The transport: the API of Channels 1.x on channel layers that keep the order of messages, for any site.

Applications import from here: the decorators and the class-based consumers, under the names that they have in Channels,
and `Ordered`, `forget_ordering`, `Group`, `call_later`, `is_stopping`, `get_current_id`, `find_network`, `send_texts`,
`BoundedCache`, `Finding`, `GatheredFrames`, `LaterResponse`, `clean_log_text`, `LogThrottle`, `touch_alive_file` and
`OUTAGES`. A function of INTERFACE_ANSWERS uses `Asked`, `Answer`, `InThread` and `PassOn`. An application with its own
store in Redis uses `make_redis_client`, `read_redis_prefix`, `split_redis_urls`, `RedisConfigurationError`, `Script`,
`Shard`, `run_with_next_trip`, `make_crypter` and `CannotDecrypt`. An application with metrics of its own also uses
`describe_counter`, `count` and `observe_seconds`, and imports from `channels_transport.metrics`. An application that
shows the state of its processes uses `add_to_reports`, and imports from `channels_transport.site_state`. An application
with files uses `StoredFileResponse`, and imports from `channels_transport.uploads`. Applications import from no other
module.
"""

from __future__ import annotations

from .alive import touch_alive_file
from .auth import (
    channel_and_http_session_user_from_http,
    channel_session_user,
    channel_session_user_from_http,
)
from .bounded_cache import BoundedCache
from .counting import add as count
from .counting import describe as describe_counter
from .counting import observe as observe_seconds
from .deferred import run_with_next_trip
from .doctor.findings import Finding
from .encryption import CannotDecrypt, make_crypter
from .gathered import GatheredFrames
from .generic import JsonWebsocketConsumer, Ordered, WebsocketConsumer
from .group import Group
from .instructions import Answer, Asked, InThread, PassOn
from .json_lines import clean_text as clean_log_text
from .later_response import LaterResponse
from .log_context import get_id as get_current_id
from .log_throttle import LogThrottle
from .networks import find_network
from .ordering import enforce_ordering, forget_ordering
from .outages import OUTAGES
from .redis_connections import RedisConfigurationError
from .redis_servers import make_client as make_redis_client
from .redis_url import read_prefix as read_redis_prefix
from .redis_url import split_urls as split_redis_urls
from .reports import add_to_reports
from .scripts import Script
from .sessions import channel_session
from .shards import Shard
from .signals import is_stopping
from .six_importer import complete_importer
from .stored_files import StoredFileResponse
from .texts import send_texts
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
    "CannotDecrypt",
    "Finding",
    "GatheredFrames",
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
    "StoredFileResponse",
    "WebsocketConsumer",
    "__version__",
    "add_to_reports",
    "call_later",
    "channel_and_http_session_user_from_http",
    "channel_session",
    "channel_session_user",
    "channel_session_user_from_http",
    "clean_log_text",
    "count",
    "describe_counter",
    "enforce_ordering",
    "find_network",
    "forget_ordering",
    "get_current_id",
    "is_stopping",
    "make_crypter",
    "make_redis_client",
    "observe_seconds",
    "read_redis_prefix",
    "run_with_next_trip",
    "send_texts",
    "split_redis_urls",
    "touch_alive_file",
]

"""
Keeps an idle websocket small: an interface holds thousands of them, and most of them do nothing.

autobahn copies its options and the first values of all flags to each connection: a dictionary of more than a hundred
entries. Here the class has these values, and an open websocket has only the values that differ. This module knows no
message, and sends nothing.
"""

from __future__ import annotations

import types
from typing import Any

from autobahn.websocket import protocol

from .handshake import begin_answer

# The attributes that only the handshake needs.
HANDSHAKE_ONLY = (
    "request_info",
    "clean_headers",
    "http_headers",
    "http_status_line",
    "http_request_data",
    "http_request_uri",
    "http_request_path",
    "http_request_params",
    "http_request_host",
    "http_response_data",
    "handshake_deferred",
    "protocol_to_accept",
    "websocket_key",
    "_wskey",
    "websocket_origin",
    "websocket_extensions",
    "websocket_protocols",
    "server_addr",
    "peer",
    "_raw_query_string",
    "_transport_details",
)
# autobahn resolves these results of a connection. Nobody waits for them.
_NOBODY = types.SimpleNamespace(callback=lambda value: None)
# What all open websockets share. autobahn counts the octets of each websocket, but nothing reads the counts. The queue
# is for writes in small pieces, which this package does not use. A validator is made when autobahn reads a frame.
SHARED: dict[str, Any] = {
    **dict.fromkeys(HANDSHAKE_ONLY),
    "trafficStats": protocol.TrafficStats(),
    "send_queue": (),
    "utf8validator": None,
    "is_open": _NOBODY,
    "is_closed": _NOBODY,
    "_valid_events": (),
    "_results": types.MappingProxyType({}),
    "websocket_extensions_in_use": (),
}
# Almost all websockets have these values after their handshake.
_USUAL: dict[str, Any] = {
    "inside_message": False,
    "current_frame": None,
    "websocket_version": 13,
    "websocket_protocol_in_use": None,
    "packets_received": 0,
    "client_addr": None,
}
_SIMPLE = (type(None), bool, int, float, str, bytes)


def make_class(base: Any, factory: Any) -> Any:
    """
    Return a subclass of `base` for the websockets of a factory. Its attributes are the options of the factory, and the
    first values of a connection.

    autobahn would copy the options to each connection, and describe them for a log that is off. Later changes of the
    factory's options have no effect.
    """
    options = {name: getattr(factory, name) for name in base.CONFIG_ATTRS}
    first = base()
    first.factory = factory
    first.openHandshakeTimeout = 0  # no timer
    # This is not the method of servers, which would count a connection.
    protocol.WebSocketProtocol._connectionMade(first)
    values: dict[str, Any] = {name: value for name, value in vars(first).items() if isinstance(value, _SIMPLE)}
    # A function among the options is not a method of the class.
    values.update((name, staticmethod(value) if callable(value) else value) for name, value in options.items())
    values.update(_USUAL, **SHARED, CONFIG_ATTRS=(), factory=factory)
    values.update(main_factory=factory.main_factory, channel_layer=factory.main_factory.channel_layer)
    values.update(first_lines=begin_answer(factory.server), __init__=_begin)
    return type(base)(base.__name__, (base,), values)


def _begin(websocket: Any) -> None:
    """Do nothing. autobahn's own method would set values that the class has."""


def shrink(websocket: Any) -> None:
    """Remove what an open websocket shares with all others, and what only its handshake needed."""
    kind = type(websocket)
    websocket.__dict__ = {
        name: value
        for name, value in vars(websocket).items()
        if name not in SHARED and getattr(kind, name, websocket) is not value
    }

"""
The interface server: Daphne 1.4 with limits on what it reads and what it buffers, close codes that clients can read,
and a way to Redis and back that neither polls nor waits.

By subclassing: each class here stands over Daphne's of the same job and says what it changes. It knows no chat.
"""

from .requests import LINE_ENDS, MAX_BODY_BYTES, WebRequest
from .server import HANDSHAKE_SECONDS, MAX_FRAME_BYTES, HTTPFactory, Server
from .websockets import SERVER_CLOSE_CODES, WebSocketProtocol

__all__ = [
    "HANDSHAKE_SECONDS",
    "LINE_ENDS",
    "MAX_BODY_BYTES",
    "MAX_FRAME_BYTES",
    "SERVER_CLOSE_CODES",
    "HTTPFactory",
    "Server",
    "WebRequest",
    "WebSocketProtocol",
]

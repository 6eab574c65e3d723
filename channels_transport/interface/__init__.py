"""
The interface server, which is built on Daphne 1.4.

It limits what it reads and buffers. It sends close codes that clients can read. Its connection to Redis neither polls
nor blocks. Each exported class subclasses Daphne's class for the same job. Its docstring says what the class changes.
"""

from __future__ import annotations

from .access_log import AccessLog
from .factory import HANDSHAKE_SECONDS, HTTPFactory
from .headers import LINE_ENDS
from .requests import WebRequest
from .server import Server
from .websockets import SERVER_CLOSE_CODES, WebSocketProtocol

__all__ = [
    "HANDSHAKE_SECONDS",
    "AccessLog",
    "LINE_ENDS",
    "SERVER_CLOSE_CODES",
    "HTTPFactory",
    "Server",
    "WebRequest",
    "WebSocketProtocol",
]

"""
The consumers: each takes one Channels message, calls the services, and answers.

They are thin. If a frame of a room, a board or a person's stream is refused or fails, the consumer answers with an
error, and the connection continues. After a `CloseConnection`, the consumer closes the connection.
"""

from .boards import AuthConsumer, WriteConsumer
from .heartbeats import answer_heartbeats
from .me import me_connect, me_disconnect, me_receive
from .others import (
    echo_connect,
    echo_disconnect,
    echo_receive,
    lobby_connect,
    lobby_disconnect,
    ws_ignored,
    ws_unknown,
)
from .polling import poll_disconnect
from .room import ws_connect, ws_disconnect, ws_receive

__all__ = [
    "AuthConsumer",
    "WriteConsumer",
    "answer_heartbeats",
    "echo_connect",
    "echo_disconnect",
    "echo_receive",
    "lobby_connect",
    "lobby_disconnect",
    "me_connect",
    "me_disconnect",
    "me_receive",
    "poll_disconnect",
    "ws_connect",
    "ws_disconnect",
    "ws_ignored",
    "ws_receive",
    "ws_unknown",
]

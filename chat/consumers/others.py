"""
The other sockets: the lobby, the echo, and sockets on unknown paths.
"""

from django.conf import settings

from channels_transport import channel_session, enforce_ordering, forget_ordering
from chat import broadcast, protocol
from chat.connections import Connection

from .handshake import checked_handshake


@checked_handshake
def lobby_connect(message):
    """Accept any client. It receives `updated` when the list of rooms changes."""
    connection = Connection.from_message(message)
    connection.subscribe([broadcast.LOBBY_GROUP])
    connection.accept()


def lobby_disconnect(message):
    """Remove the connection from the lobby's group."""
    Connection.from_message(message).unsubscribe([broadcast.LOBBY_GROUP])


@checked_handshake
@enforce_ordering
def echo_connect(message):
    """Accept a latency probe of the whole pipeline if CHAT_ECHO is on. Otherwise close with 4404."""
    Connection.from_message(message).accept(close=None if settings.CHAT_ECHO else protocol.CLOSE_NOT_FOUND)


@enforce_ordering
def echo_receive(message):
    """Send a text frame back unchanged."""
    if settings.CHAT_ECHO and message.content.get("text"):
        Connection.from_message(message).send_text(message["text"])


@channel_session
def echo_disconnect(message):
    """Delete the session of the connection and its place in the ordering."""
    message.channel_session.flush()
    forget_ordering(message)


def ws_unknown(message, **kwargs):
    """Close a socket on an unknown path with 4404."""
    Connection.from_message(message).accept(close=protocol.CLOSE_NOT_FOUND)


def ws_ignored(message, **kwargs):
    """Ignore a message. Without this route the worker would log it as an error."""

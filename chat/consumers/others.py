"""
The other sockets: the lobby's, the echo, and those on paths that lead nowhere.
"""

from django.conf import settings

from channels_transport import channel_session, enforce_ordering, forget_ordering
from chat import broadcast, protocol

from .handshake import checked_handshake


@checked_handshake
def lobby_connect(message):
    """Anyone who may see the list of rooms hears when it changed."""
    broadcast.subscribe(message.reply_channel, [broadcast.LOBBY_GROUP])
    broadcast.accept(message.reply_channel)


def lobby_disconnect(message):
    broadcast.unsubscribe(message.reply_channel, [broadcast.LOBBY_GROUP])


@checked_handshake
@enforce_ordering
def echo_connect(message):
    """The latency probe of the whole pipeline, where CHAT_ECHO allows it."""
    broadcast.accept(message.reply_channel, close=None if settings.CHAT_ECHO else protocol.CLOSE_NOT_FOUND)


@enforce_ordering
def echo_receive(message):
    if settings.CHAT_ECHO and message.content.get("text"):
        broadcast.echo(message.reply_channel, {"text": message["text"]})


@channel_session
def echo_disconnect(message):
    message.channel_session.flush()
    forget_ordering(message)


def ws_unknown(message, **kwargs):
    """A socket on a path that leads nowhere."""
    broadcast.accept(message.reply_channel, close=protocol.CLOSE_NOT_FOUND)


def ws_ignored(message, **kwargs):
    """Nothing is heard here, but nothing may be left unrouted either."""

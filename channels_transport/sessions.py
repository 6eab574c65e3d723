"""
Where a connection's channel session is kept: an engine for CHANNEL_SESSION_ENGINE, apart from the login sessions.

A channel-session key follows from a name that any receiver of a reply channel knows, so it must never open the
login store: Channels' default shares that table, and "chn..." sent as a cookie is then a login. It lives in the
channel layer's Redis under a lease that every save renews (in this process where the layer is in memory), is
one read per frame, and is gone when the connection is. It knows no chat.
"""

import functools
import importlib
import json

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.exceptions import ConsumeLater
from channels.message import Message
from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.base import CreateError, SessionBase

from .session_backends import LEASE_SECONDS, session_key


def _backend():
    return channel_layers[DEFAULT_CHANNEL_LAYER].channel_session_backend


class SessionStore(SessionBase):
    """
    Django's session interface over the layer's store; values are JSON.

    Not signed: whoever can write into this Redis can also write the frames of any connection into it.
    """

    _was_found = False

    def encode(self, session_dict):
        return json.dumps(session_dict)

    def decode(self, session_data):
        try:
            return json.loads(session_data)
        except ValueError:
            # Of an engine that was here before us, under the same name: unknown, and so is its connection.
            return {}

    def load(self):
        value = _backend().load(self.session_key)
        if value is None:
            self._session_key = None
            return {}
        self._was_found = True
        return self.decode(value)

    def exists(self, session_key):
        # `channel_session` asks right after it has loaded: the answer is known without another round trip.
        return self._was_found or _backend().load(session_key) is not None

    def create(self):
        raise CreateError("A channel session's key is given by its reply channel.")

    def save(self, must_create=False):
        value = self.encode(self._get_session(no_load=must_create))
        if not _backend().save(self.session_key, value, self.get_expiry_age(), must_create):
            raise CreateError
        self._was_found = True

    def get_expiry_age(self, **kwargs):
        """Seconds until the session ends, unless saved again: the lease, or what `set_expiry` was given."""
        return self.get("_session_expiry") or LEASE_SECONDS

    def delete(self, session_key=None):
        _backend().delete(session_key or self.session_key)

    @classmethod
    def clear_expired(cls):
        """Nothing to do: the leases end by themselves."""


def channel_session(func):
    """
    Decorates a consumer so that its message has a `channel_session`, kept from one message of a connection to the next.

    Channels' own does the same, and takes as long as a query: it looks for its engine anew at every message.
    Raises ValueError for a message without a reply channel, ConsumeLater where another is just making the session.
    """

    @functools.wraps(func)
    def inner(*args, **kwargs):
        message = next((argument for argument in args[:2] if isinstance(argument, Message)), None)
        if message is None:
            raise ValueError("channel_session called without Message instance")
        if not hasattr(message, "channel_session"):
            message.channel_session = _open_session(message)
        session = message.channel_session
        try:
            return func(*args, **kwargs)
        finally:
            if session.modified and not session.is_empty():
                session.save()

    return inner


def _open_session(message):
    if not message.reply_channel:
        raise ValueError("@channel_session can only be used on messages with a reply_channel")
    key = session_key(message.reply_channel.name)
    session = _session_store(getattr(settings, "CHANNEL_SESSION_ENGINE", settings.SESSION_ENGINE))(session_key=key)
    session._session.keys()  # loads it, which may take the key away
    session._session_key = key
    if not session.exists(key):
        try:
            session.save(must_create=True)
        except CreateError:
            raise ConsumeLater() from None
    return session


@functools.cache
def _session_store(engine):
    module = importlib.import_module(engine)
    if module is signed_cookies:
        raise ValueError("Channel sessions cannot be kept in signed cookies: no browser brings them")
    return module.SessionStore

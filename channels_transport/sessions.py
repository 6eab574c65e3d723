"""
Where a connection's channel session is kept: an engine for CHANNEL_SESSION_ENGINE, apart from the login sessions.

A channel-session key follows from a name that any receiver of a reply channel knows, so it must never open the
login store: Channels' default shares that table, and "chn..." sent as a cookie is then a login. It lives in the
channel layer's Redis under a lease that every save renews (in this process where the layer is in memory), is
one read per frame, and is gone when the connection is. It knows no chat.
"""

import functools
import hashlib
import importlib
import json
import threading
import time

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.exceptions import ConsumeLater
from channels.message import Message
from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.base import CreateError, SessionBase

from .layer import RedisChannelLayer

# Longer than any silence between two heartbeats, short enough that what dead interfaces leave behind goes soon.
LEASE_SECONDS = getattr(settings, "CHANNEL_SESSION_LEASE_SECONDS", 3600)


class MemoryBackend:
    """Keeps the sessions of a layer that lives in this process."""

    def __init__(self):
        self._lock = threading.Lock()
        self._items = {}

    def load(self, key):
        with self._lock:
            value, ends_at = self._items.get(key, (None, 0))
            if ends_at < time.monotonic():
                return None
            # A session that was given more time keeps it.
            self._items[key] = value, max(ends_at, time.monotonic() + LEASE_SECONDS)
            return value

    def save(self, key, value, seconds, must_create):
        with self._lock:
            if must_create and self._items.get(key, (None, 0))[1] > time.monotonic():
                return False
            self._items[key] = value, time.monotonic() + seconds
            return True

    def delete(self, key):
        with self._lock:
            self._items.pop(key, None)


class RedisBackend:
    """
    Keeps the sessions in Redis, where the connection's other records are.

    The session of the message in hand came with it, and what is saved goes with the question for the next message:
    a consumer's session costs no trip of its own.
    """

    def __init__(self, layer):
        self._layer = layer

    def _name(self, key):
        return f"{self._layer.prefix}session:{key}"

    def _is_in_hand(self, key):
        reply = self._layer.receiver.reply
        return bool(reply) and key == session_key(reply)

    def load(self, key):
        if self._is_in_hand(key):
            value = self._layer.receiver.session
        else:
            # GETEX renews the lease with the reading: a connection that is used keeps its session.
            command = ("GETEX", self._name(key), "EX", LEASE_SECONDS)
            values = [shard.call(command)[0] for shard in self._layer.shards]
            value = next((value for value in values if value is not None), None)
        return None if value is None else value.decode("utf-8")

    def save(self, key, value, seconds, must_create):
        command = ("SET", self._name(key), value, "EX", seconds)
        receiver = self._layer.receiver
        if self._is_in_hand(key):
            # Nobody else works on this connection now, so nobody else can have made it.
            if must_create and receiver.session is not None:
                return False
            receiver.session = value.encode("utf-8")
            receiver.later(receiver.index, command)
            return True
        return self._shard(key).call((*command, "NX") if must_create else command)[0] is not None

    def _shard(self, key):
        # Which it is follows from the connection's name, and not from the key.
        shards, name = self._layer.shards, self._name(key)
        holders = (shard for shard in shards if len(shards) > 1 and shard.call(("EXISTS", name))[0])
        return next(holders, shards[self._layer.consistent_hash(key)])

    def delete(self, key):
        if self._is_in_hand(key):
            self._layer.receiver.session = None
            self._layer.receiver.later(self._layer.receiver.index, ("DEL", self._name(key)))
            return
        for shard in self._layer.shards:
            shard.call(("DEL", self._name(key)))


def session_key(reply_channel):
    """Returns the key under which Channels keeps a connection's session."""
    return "chn" + hashlib.sha1(reply_channel.encode("utf8")).hexdigest()[:29]


def _backend():
    layer = channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer
    if not hasattr(layer, "channel_session_backend"):
        backend = RedisBackend(layer) if isinstance(layer, RedisChannelLayer) else MemoryBackend()
        layer.channel_session_backend = backend
    return layer.channel_session_backend


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

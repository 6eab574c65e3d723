"""
Where a connection's channel session is kept: an engine for CHANNEL_SESSION_ENGINE, apart from the login sessions.

A channel-session key follows from a name that any receiver of a reply channel knows, so it must never open the
login store: Channels' default shares that table, and "chn..." sent as a cookie is then a login. It lives in the
channel layer's Redis under a lease that every save renews (in this process where the layer is in memory), is
one read per frame, and is gone when the connection is. It knows no chat.
"""
import threading
import time

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.conf import settings
from django.contrib.sessions.backends.base import CreateError, SessionBase

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
            self._items[key] = value, time.monotonic() + LEASE_SECONDS
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
    """Keeps the sessions beside the messages, on the shard that the session's key hashes to."""

    def __init__(self, layer):
        self._layer = layer

    def _place(self, key):
        return self._layer.connection(self._layer.consistent_hash(key)), f"{self._layer.prefix}session:{key}"

    def load(self, key):
        connection, name = self._place(key)
        # GETEX renews the lease with the reading: a connection that is used keeps its session.
        value = connection.execute_command("GETEX", name, "EX", LEASE_SECONDS)
        return None if value is None else value.decode("utf-8")

    def save(self, key, value, seconds, must_create):
        connection, name = self._place(key)
        return bool(connection.execute_command("SET", name, value, "EX", seconds, *["NX"] * must_create))

    def delete(self, key):
        connection, name = self._place(key)
        connection.delete(name)


def _backend():
    layer = channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer
    if not hasattr(layer, "channel_session_backend"):
        backend = RedisBackend(layer) if hasattr(layer, "consistent_hash") else MemoryBackend()
        layer.channel_session_backend = backend
    return layer.channel_session_backend


class SessionStore(SessionBase):
    """Django's session interface over the layer's store; values are JSON, signed with SECRET_KEY."""

    _was_found = False

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

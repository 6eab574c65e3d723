"""
The storage of channel sessions: in the memory of this process, or in the channel layer's Redis.

Each layer has one of these as its `channel_session_backend`; `sessions.py` stands over it. It knows no chat.
"""

import hashlib
import threading
import time

from django.conf import settings

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

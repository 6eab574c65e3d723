"""
The storage of channel sessions: in the memory of this process, or in the channel layer's Redis.

Each layer has one of these backends as its `channel_session_backend`; the engine in `sessions.py` uses it.
"""

from __future__ import annotations

import collections
import functools
import hashlib
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import scripts
from .encryption import CannotDecrypt
from .leases import get_session_lease_seconds

if TYPE_CHECKING:
    from .redis_base import RedisBase
    from .shards import Shard


class MemoryBackend:
    """The sessions of a layer in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, tuple[str, float]] = {}

    def load(self, key: str) -> str | None:
        """Return a session and renew its lease; None if there is no such session."""
        with self._lock:
            if key not in self._items or self._items[key][1] < time.monotonic():
                return None
            value, ends_at = self._items[key]
            # A session that was given a longer expiry keeps it.
            self._items[key] = value, max(ends_at, time.monotonic() + get_session_lease_seconds())
            return value

    def load_idle(self, replies: Sequence[str]) -> list[str | None]:
        """Return the sessions of reply channels, and renew their leases; None where there is no session."""
        return [self.load(session_key(reply)) for reply in replies]

    def save(self, key: str, value: str, seconds: float, must_create: bool) -> bool:
        """Store a session for `seconds`. Return False if it exists and `must_create` is set."""
        with self._lock:
            if must_create and key in self._items and self._items[key][1] > time.monotonic():
                return False
            self._items[key] = value, time.monotonic() + seconds
            return True

    def delete(self, key: str) -> None:
        """Delete a session, if it exists."""
        with self._lock:
            self._items.pop(key, None)


class RedisBackend:
    """
    The sessions of a layer in Redis, next to the other records of the connections.

    The session of the current message arrives with the message, and its changes are sent with the request for the next
    message. So a consumer's session costs no trip of its own.
    """

    def __init__(self, layer: RedisBase) -> None:
        self._layer = layer

    def _name(self, key: str) -> str:
        return f"{self._layer.prefix}session:{key}"

    def _is_current(self, key: str) -> bool:
        reply = self._layer.receiver.reply
        return bool(reply) and key == session_key(reply)

    def load(self, key: str) -> str | None:
        """Return a session and renew its lease; None if there is no such session."""
        if self._is_current(key):
            value = self._layer.receiver.session
        else:
            # A connection in use keeps its session. A session that was given a longer expiry keeps it (GT).
            name = self._name(key)
            commands = ("GET", name), ("EXPIRE", name, get_session_lease_seconds(), "GT")
            values = [shard.call(*commands)[0] for shard in self._layer.shards]
            value = next((value for value in values if value is not None), None)
        return None if value is None else self._decrypt(value)

    def load_idle(self, replies: Sequence[str]) -> list[str | None]:
        """
        Return the sessions of connections in one trip to each shard, and renew all leases that a frame renews.

        The result is None for a connection without a session, and for a connection that has frames in its queue.
        """
        found: dict[str, bytes | None] = {}
        on_shards = collections.defaultdict(list)
        for reply in replies:
            on_shards[self._layer.consistent_hash(self._layer.non_local_name(reply))].append(reply)
        for index, names in on_shards.items():
            (values,) = self._layer.shards[index].call(self._layer.command(scripts.READ_IDLE_SESSIONS, *names))
            found.update(zip(names, values))
        return [None if (value := found[reply]) is None else self._decrypt(value) for reply in replies]

    def _decrypt(self, value: bytes) -> str | None:
        """Return a session. If it cannot be decrypted, log its loss and return None, as if there were no session."""
        try:
            return self._layer.crypter.decrypt(value).decode("utf-8")
        except CannotDecrypt as error:
            self._layer.log_loss("session:*", f"has lost a session, which {error}")
            return None

    def save(self, key: str, value: str, seconds: float, must_create: bool) -> bool:
        """Store a session for `seconds`. Return False if it exists and `must_create` is set."""
        content = self._layer.crypter.encrypt(value.encode("utf-8"))
        command = ("SET", self._name(key), content, "EX", seconds)
        receiver = self._layer.receiver
        if self._is_current(key):
            # Only this thread processes the connection now, so no other thread can have created the session.
            if must_create and receiver.session is not None:
                return False
            receiver.session = content
            receiver.deferred.add(receiver.index, command)
            return True
        return self._shard(key).call((*command, "NX") if must_create else command)[0] is not None

    def _shard(self, key: str) -> Shard:
        # The connection's name determines the shard, and the name cannot be computed from the key.
        shards, name = self._layer.shards, self._name(key)
        holders = (shard for shard in shards if len(shards) > 1 and shard.call(("EXISTS", name))[0])
        return next(holders, shards[self._layer.consistent_hash(key)])

    def delete(self, key: str) -> None:
        """Delete a session, if it exists."""
        if self._is_current(key):
            receiver = self._layer.receiver
            receiver.session = None
            receiver.deferred.add(receiver.index, ("DEL", self._name(key)))
            return
        for shard in self._layer.shards:
            shard.call(("DEL", self._name(key)))


@functools.lru_cache(1000)
def session_key(reply_channel: str) -> str:
    """Return the key under which Channels keeps a connection's session."""
    return "chn" + hashlib.sha1(reply_channel.encode("utf8")).hexdigest()[:29]

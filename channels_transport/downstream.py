"""
Reads the messages of workers to an interface's sockets in batches, and delivers them with little work per socket.

A message to a group arrives once for the whole process. If the message contains only a text, the interface builds one
frame, and writes this frame to each local member. Each turn of the reactor has a time limit, so that the interface also
reads its sockets while it writes to many of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from hiredis import ReplyError
from twisted.internet import defer, reactor

from . import arrivals, following, scripts
from .bounded_cache import BoundedCache
from .channel_layer import Message
from .encryption import CannotDecrypt
from .items import GROUP_ITEMS, read_group_item, read_message_item
from .layer import RedisChannelLayer
from .redis_client import Disconnected
from .writing import data_frame

logger = logging.getLogger(__name__)

BATCH = 500  # items
BLOCK_SECONDS = 5
REACTOR_TURN_SECONDS = 0.005
# The cache contains the members of at most this number of groups.
MAX_GROUPS = 10000
MEMBERS_TIMEOUT_SECONDS = 5


class Downstream:
    """
    The reader of the list in Redis that contains the messages to one interface.

    `reader` is the Redis client that waits for the list. `clients` are the Redis clients of the layer's servers.
    `dispatch(channel, message)` delivers a message to one socket. `broadcast(channels, text, frame)` delivers a text to
    many sockets; `frame` is the websocket frame that contains the text.
    """

    def __init__(
        self,
        layer: RedisChannelLayer,
        process: str,
        reader: Any,
        clients: Sequence[Any],
        dispatch: Callable[[str, Message], None],
        broadcast: Callable[[list[str], str, bytes], None],
    ) -> None:
        self.layer = layer
        self.process = process
        self.reader = reader
        self.clients = clients
        self.dispatch, self.broadcast = dispatch, broadcast
        # The cache has, for each group, the version of its list of members, and the members.
        self._members: BoundedCache[bytes, tuple[bytes, list[str]]] = BoundedCache(MAX_GROUPS)
        self.stopped = False

    @defer.inlineCallbacks
    def run(self) -> Any:
        """Read and deliver until `stopped` is set. Return a Deferred."""
        key = self.layer.prefix + self.process
        command = ("BLMPOP", BLOCK_SECONDS, 1, key, "LEFT", "COUNT", BATCH)
        while not self.stopped:
            try:
                (answer,) = yield self.reader.call(command, seconds=BLOCK_SECONDS + 5)
                if isinstance(answer, Exception):
                    raise answer
            except Exception as error:
                if not isinstance(error, Disconnected):
                    logger.warning("Replies cannot be read for now: %s", error)
                yield _sleep(0.1)
                continue
            if answer is not None:
                yield self._deliver(answer[1])

    @defer.inlineCallbacks
    def _deliver(self, items: list[bytes]) -> Any:
        started = time.monotonic()
        for item in items:
            try:
                if item[:1] in GROUP_ITEMS:
                    group, version, excluded, body, arrived_at = read_group_item(item)
                    cached = self._members.get(group)
                    if cached is None or cached[0] < version:
                        cached = yield self._read_members(group)
                    _, members = cached
                    channels = [name for name in members if name not in excluded] if excluded else members
                    began = time.time() if excluded else 0.0
                    self._deliver_to_many(channels, self.layer.deserialize(body))
                    if arrived_at is not None and channels:
                        arrivals.observe(arrived_at)
                    if excluded and following.follower is not None:
                        following.follower.write(group, excluded, len(channels), began)
                else:
                    name, body = read_message_item(item)
                    self.dispatch(name.decode(), self.layer.deserialize(body))
                    if following.follower is not None:
                        following.follower.write_reply(name.decode())
            except CannotDecrypt as error:
                # One line for many messages: all of them have the same reason.
                self.layer.log_loss(self.process, f"has lost a message, which {error}")
            except Exception:
                logger.exception("A reply could not be delivered")
            if time.monotonic() - started > REACTOR_TURN_SECONDS:
                yield _sleep(0)
                started = time.monotonic()

    def _deliver_to_many(self, channels: list[str], message: Message) -> None:
        text = message.get("text")
        if text is not None and len(message) == 1:
            self.broadcast(channels, text, data_frame(text.encode()))
        else:
            for channel in channels:
                self.dispatch(channel, message)

    @defer.inlineCallbacks
    def _read_members(self, group: bytes) -> Any:
        index = self.layer.consistent_hash(group.decode())
        command = self.layer.command(scripts.GROUP_MEMBERS, group, self.process)
        answer = yield self._call_until_connected(self.clients[index], command)
        version, members = answer[0], [channel.decode() for channel in answer[1:]]
        if members:
            self._members.store(group, (version, members))
        else:
            self._members.pop(group, None)
        return version, members

    @defer.inlineCallbacks
    def _call_until_connected(self, client: Any, command: tuple) -> Any:
        # The message is no longer in Redis. Without the list of members, every member would miss it.
        deadline = time.monotonic() + MEMBERS_TIMEOUT_SECONDS
        while True:
            try:
                (answer,) = yield client.call(command)
                if isinstance(answer, Exception):
                    raise answer
                return answer
            except (Disconnected, ReplyError):
                if time.monotonic() > deadline:
                    raise
            yield _sleep(0.1)


def _sleep(seconds: float) -> Any:
    done: Any = defer.Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done

"""
Reads the messages of workers to an interface's sockets in batches, and delivers them with little work per socket.

A message to a group arrives once for the whole process. If the message contains only a text, the interface builds one
frame, and writes this frame to each local member. Each turn of the reactor has a time limit, so that the interface also
reads its sockets while it writes to many of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hiredis import ReplyError
from twisted.internet import defer, reactor

from . import arrivals, following, scripts
from .bounded_cache import BoundedCache
from .channel_layer import Message
from .encryption import CannotDecrypt
from .items import GROUP_ITEMS, GroupItem, read_group_item, read_message_item
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
        self._ended: Any = defer.Deferred()
        self._command = ("BLMPOP", BLOCK_SECONDS, 1, layer.prefix + process, "LEFT", "COUNT", BATCH)

    def run(self) -> Any:
        """Read and deliver until `stopped` is set. Return a Deferred that fires then."""
        self._read()
        return self._ended

    # These methods use callbacks, because for a single reply Twisted's coroutines cost as much as the delivery itself.

    def _read(self) -> None:
        if self.stopped:
            return self._ended.callback(None)
        try:
            answers = self.reader.call(self._command, seconds=BLOCK_SECONDS + 5)
        except Exception as error:
            return self._read_later(error)
        answers.addCallbacks(self._received, lambda failure: self._read_later(failure.value))
        return answers.addErrback(self._ended.errback)

    def _read_later(self, error: Exception) -> None:
        if not isinstance(error, Disconnected):
            logger.warning("Replies cannot be read for now: %s", error)
        reactor.callLater(0.1, self._read)

    def _received(self, answers: list[Any]) -> None:
        (answer,) = answers
        if isinstance(answer, Exception):
            self._read_later(answer)
        elif answer is None:
            self._read()
        else:
            self._deliver(iter(answer[1]))

    def _deliver(self, items: Iterator[bytes]) -> None:
        """Deliver the items in order, and then read again. The rest waits for the reactor's next turn, or for Redis."""
        started = time.monotonic()
        for item in items:
            try:
                if item[:1] in GROUP_ITEMS:
                    received = read_group_item(item)
                    cached = self._members.get(received.group)
                    if cached is None or cached[0] < received.version:
                        return self._deliver_after_reading(received, items)
                    self._deliver_to_group(received, cached[1])
                else:
                    self._deliver_reply(*read_message_item(item))
            except Exception as error:
                self._log_failure(error)
            if time.monotonic() - started > REACTOR_TURN_SECONDS:
                return reactor.callLater(0, self._deliver, items)
        return self._read()

    def _deliver_reply(self, name: bytes, body: bytes) -> None:
        channel = name.decode()
        self.dispatch(channel, self.layer.deserialize(body))
        if following.follower is not None:
            following.follower.write_reply(channel)

    def _deliver_after_reading(self, item: GroupItem, items: Iterator[bytes]) -> None:
        done = self._read_members(item.group)
        done.addCallback(lambda members: self._deliver_to_group(item, members))
        done.addErrback(lambda failure: self._log_failure(failure.value))
        done.addCallback(lambda _: self._deliver(items))
        done.addErrback(self._ended.errback)

    def _deliver_to_group(self, item: GroupItem, members: list[str]) -> None:
        excluded = item.except_channels
        channels = [name for name in members if name not in excluded] if excluded else members
        began = time.time() if excluded else 0.0
        self._deliver_to_many(channels, self.layer.deserialize(item.body))
        if item.arrived_at is not None and channels:
            arrivals.observe(item.arrived_at)
        if excluded and following.follower is not None:
            following.follower.write(item.group, excluded, len(channels), began)

    def _log_failure(self, error: Exception) -> None:
        if isinstance(error, CannotDecrypt):
            # One line for many messages: all of them have the same reason.
            self.layer.log_loss(self.process, f"has lost a message, which {error}")
        else:
            logger.error("A reply could not be delivered", exc_info=error)

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
        return members

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

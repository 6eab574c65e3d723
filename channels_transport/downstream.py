"""
The way down: what workers send to an interface, read in batches, and written to many sockets with little work each.

A message to a group comes once for the whole process: its frame is built once, and goes to each local member. A turn
of the reactor has a budget, so that sockets are read while others are written. It knows no chat.
"""

import logging
import time

from hiredis import ReplyError
from twisted.internet import defer, reactor

from . import scripts
from .receiving import GROUP_ITEMS, open_group_item
from .redis_client import Disconnected
from .writing import data_frame

logger = logging.getLogger(__name__)

BATCH = 500
BLOCK_SECONDS = 5
TURN_SECONDS = 0.005
# So many groups' members are kept at hand; those that were read longest ago go first.
MAX_GROUPS = 10000
MEMBERS_SECONDS = 5


class Downstream:
    """
    Reads the list of one process. `dispatch(channel, message)` takes what is for one socket; `broadcast(channels, text,
    frame)` what is for many: the text, and the websocket frame that says it.
    """

    def __init__(self, layer, process, reader, clients, dispatch, broadcast):
        self.layer = layer
        self.process = process
        self.reader = reader
        self.clients = clients
        self.dispatch, self.broadcast = dispatch, broadcast
        self._members = {}
        self.stopped = False

    @defer.inlineCallbacks
    def run(self):
        """Reads until it is stopped."""
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
    def _deliver(self, items):
        started = time.monotonic()
        for item in items:
            try:
                if item[:1] in GROUP_ITEMS:
                    group, version, excluded, body = open_group_item(item)
                    known = self._members.get(group)
                    if known is None or known[0] < version:
                        known = yield self._read_members(group)
                    channels = [name for name in known[1] if name not in excluded] if excluded else known[1]
                    self._deliver_to_many(channels, self.layer.deserialize(body))
                else:
                    self._deliver_to_one(item)
            except Exception:
                logger.exception("A reply could not be delivered")
            if time.monotonic() - started > TURN_SECONDS:
                yield _sleep(0)
                started = time.monotonic()

    def _deliver_to_one(self, item):
        name, _, body = item[14:].partition(b"\0")
        self.dispatch(name.decode(), self.layer.deserialize(body))

    def _deliver_to_many(self, channels, message):
        text = message.get("text")
        if text is not None and len(message) == 1:
            self.broadcast(channels, text, data_frame(text.encode()))
        else:
            for channel in channels:
                self.dispatch(channel, message)

    @defer.inlineCallbacks
    def _read_members(self, group):
        index = self.layer.consistent_hash(group.decode())
        command = self.layer.command(scripts.GROUP_MEMBERS, group, self.process)
        answer = yield self._ask_patiently(self.clients[index], command)
        known = answer[0], [channel.decode() for channel in answer[1:]]
        self._members.pop(group, None)
        if known[1]:
            self._members[group] = known
        if len(self._members) > MAX_GROUPS:
            del self._members[next(iter(self._members))]
        return known

    @defer.inlineCallbacks
    def _ask_patiently(self, client, command):
        # The message is off its list already: without an answer it would be lost for all of the members.
        deadline = time.monotonic() + MEMBERS_SECONDS
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


def _sleep(seconds):
    done = defer.Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done

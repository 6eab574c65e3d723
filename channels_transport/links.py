"""
How an interface server is tied to its channel layer: what takes its messages, and who brings the replies.

`RedisLink` is for the layer in Redis, inside the reactor; `ThreadLink` for the layer in memory, with a thread that
asks. Both have `outlet` (what Daphne's protocols send to), `start()` and `stop()`. They know no chat.
"""

import logging
import threading
import time

from twisted.internet import defer, reactor, task

from . import scripts
from .backoff import Backoff
from .downstream import Downstream
from .redis_client import RedisClient
from .upstream import Upstream

logger = logging.getLogger(__name__)

# An interface that does not renew its lease is gone, and its group members with it.
LEASE_SECONDS = 10
RENEW_SECONDS = 3
DRAIN_SECONDS = 3


class RedisLink:
    """Frames up in pipelines, replies down in batches, and a lease that says that somebody reads them."""

    def __init__(self, layer, process, server):
        self.layer = layer
        self.process = process
        self.home = layer.consistent_hash(process)
        greeting = scripts.Script.load_commands()
        self.clients = [RedisClient(shard.pool, greeting, self._connected) for shard in layer.shards]
        self.reader = RedisClient(layer.shards[self.home].pool)
        self.outlet = Upstream(layer, self.clients[self.home], server.pause, server.resume, server.refuse)
        self.downstream = Downstream(layer, process, self.reader, self.clients, server.dispatch, server.broadcast)
        self.server = server
        self.memories = {}  # by client: the mark of what its Redis remembers
        self.renewal = task.LoopingCall(self._renew, LEASE_SECONDS * 1000)

    def start(self):
        """Connects, reads, and renews the lease until `stop`."""
        for client in [*self.clients, self.reader]:
            client.start()
        self.renewal.start(RENEW_SECONDS)
        self.downstream.run().addErrback(lambda failure: logger.error("Reading ended: %s", failure.getTraceback()))

    def _connected(self):
        self._renew(LEASE_SECONDS * 1000)
        self.outlet.go_on()

    def _renew(self, milliseconds):
        command = self.layer.command(scripts.LEASE_INTERFACE, self.process, milliseconds)
        calls = [client.call(command) for client in self.clients]
        for client, call in zip(self.clients, calls, strict=True):
            # Redis is away: the client says so, and tries again.
            call.addCallbacks(self._renewed, lambda failure: None, callbackArgs=[client])
        return defer.DeferredList(calls)

    def _renewed(self, answers, client):
        (answer,) = answers
        if isinstance(answer, Exception):
            return  # it will be asked again
        was_taken_for_dead, memory = answer
        # At its first renewal it knows of none; a Redis that was merely away has the same as before.
        has_forgotten = self.memories.setdefault(client, memory) != memory
        self.memories[client] = memory
        if was_taken_for_dead or has_forgotten:
            what = "This interface was taken for dead" if was_taken_for_dead else "Redis has lost its memory"
            logger.warning("%s, and its connections have missed something: closing them", what)
            self.server.close_lost()

    @defer.inlineCallbacks
    def stop(self):
        """Returns a Deferred that fires when what was to be sent has left, or after DRAIN_SECONDS."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while not self.outlet.is_empty and time.monotonic() < deadline:
            yield task.deferLater(reactor, 0.05, lambda: None)
        self.downstream.stopped = True
        if self.renewal.running:
            self.renewal.stop()
        yield self._renew(0)
        for client in [*self.clients, self.reader]:
            client.stop()


class ThreadLink(threading.Thread):
    """Takes replies off the layer in memory in a thread, and gives them to the reactor as they come."""

    def __init__(self, layer, process, server):
        super().__init__(name="replies", daemon=True)
        self.layer = self.outlet = layer
        self.process = process
        self.server = server
        self.stopped = False

    def run(self):
        backoff = Backoff(longest=2)
        while not self.stopped:
            try:
                channel, message = self.layer.receive([self.process], block=True)
                backoff.reset()
            except Exception as error:
                pause = backoff.next_pause()
                logger.error("Replies cannot be read, trying again in %.1f s: %s", pause, error)
                time.sleep(pause)
                continue
            if channel:
                reactor.callFromThread(self.server.dispatch, channel, message)
            else:
                time.sleep(0.005)  # the layer in memory does not block

    def stop(self):
        """Ends with the next reply that comes, or does not."""
        self.stopped = True
        return defer.succeed(None)

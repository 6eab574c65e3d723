"""
The connectors between an interface server and its channel layer: frames to the workers, replies to the sockets.

`RedisConnector` is for the layer in Redis and works inside the reactor; `ThreadConnector` is for the layer in memory,
and receives in a thread. Both have `sender` (the object that Daphne's protocols send through), `start()` and `stop()`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet import defer, reactor, task

from . import reports, scripts
from .backoff import Backoff
from .channel_layer import Message
from .downstream import Downstream
from .layer import RedisChannelLayer
from .leases import INTERFACE_LEASE_SECONDS, RENEW_SECONDS
from .memory import MemoryChannelLayer
from .redis_client import RedisClient
from .upstream import Upstream

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 3
MEMORY_STEP_SECONDS = 0.005


class InterfaceServer(Protocol):
    """The methods that a connector calls on its server. A connection's name is its reply channel."""

    # `dispatch` delivers a message to one connection. `broadcast` delivers a text to many connections; its last
    # argument is the frame that contains the text. `pause` stops reading from a connection, and `resume` continues.
    # `describe` returns the fields of this server's report.
    # `refuse` answers 503 to a request that could not be passed on. `close_all_after_loss` closes all websockets, and
    # answers all waiting requests.
    dispatch: Callable[[str, Message], None]
    broadcast: Callable[[list[str], str, bytes], None]
    pause: Callable[[str], None]
    resume: Callable[[str], None]
    refuse: Callable[[str], None]
    close_all_after_loss: Callable[[], object]
    describe: Callable[[], dict[str, Any]]


class RedisConnector:
    """
    Sends frames in pipelines, reads replies in batches, and renews the lease of the interface process.

    `home` is the index of the Redis server that has the list of this process' replies. With a local layer, the frames
    and the replies are on different servers.
    """

    def __init__(self, layer: RedisChannelLayer, process: str, server: InterfaceServer) -> None:
        self.layer = layer
        self.process = process
        replies = layer.replies_layer
        self.home = replies.consistent_hash(process)
        setup_commands = scripts.Script.load_commands()
        self.clients = [RedisClient(shard.pool, setup_commands, self._resume) for shard in layer.all_shards]
        frames_client = self.clients[layer.consistent_hash(process)]
        replies_clients = self.clients[-len(replies.shards) :]
        self.reader = RedisClient(replies.shards[self.home].pool)
        # A renewal must not wait behind frames: a flood may fill the frames' connection for seconds.
        self.lease_clients = [RedisClient(shard.pool, setup_commands, self._renew_now) for shard in layer.all_shards]
        self.sender = Upstream(layer, frames_client, server.pause, server.resume, server.refuse)
        self.downstream = Downstream(replies, process, self.reader, replies_clients, server.dispatch, server.broadcast)
        self.server = server
        # Each Redis server has a mark, which changes only if the server loses its data. The keys are the lease clients.
        self.data_marks: dict[Any, bytes] = {}
        self.renewal = task.LoopingCall(self._renew, INTERFACE_LEASE_SECONDS * 1000)
        self.reporting = task.LoopingCall(self._report)
        self._report_name = reports.name_process("interface")

    def start(self) -> None:
        """Connect, read replies, and renew the lease until `stop`."""
        for client in self._all_clients():
            client.start()
        self.renewal.start(RENEW_SECONDS)
        self.reporting.start(reports.REPORT_SECONDS)
        reading = self.downstream.run()
        reading.addErrback(lambda failure: logger.error("Replies are no longer read: %s", failure.getTraceback()))

    def _all_clients(self) -> list[RedisClient]:
        return [*self.clients, self.reader, *self.lease_clients]

    def _resume(self) -> None:
        self.sender.resume_all()

    def _renew_now(self) -> None:
        self._renew(INTERFACE_LEASE_SECONDS * 1000)

    def _renew(self, milliseconds: int) -> Any:
        command = self.layer.command(scripts.LEASE_INTERFACE, self.process, milliseconds)
        calls = [client.call(command) for client in self.lease_clients]
        for client, call in zip(self.lease_clients, calls):
            # The client logs an outage of Redis and connects again.
            call.addCallbacks(self._renewed, lambda failure: None, callbackArgs=[client])
        return defer.DeferredList(calls)

    def _report(self) -> None:
        """Report to operators that this interface is running, and what it has counted."""
        report = {**reports.describe_process("interface"), **self.server.describe()}
        command = reports.make_command(self.layer, self._report_name, report)
        # An outage is logged by the client. The next report follows soon.
        self.lease_clients[0].call(command).addErrback(lambda failure: None)

    def _renewed(self, answers: list[Any], client: Any) -> None:
        (answer,) = answers
        if isinstance(answer, Exception):
            return  # the next renewal follows soon
        counted_as_dead, data_mark = answer
        # The first renewal only stores the mark. An outage without a loss of data does not change the mark.
        has_lost_data = self.data_marks.setdefault(client, data_mark) != data_mark
        self.data_marks[client] = data_mark
        if counted_as_dead or has_lost_data:
            reason = "This interface counted as dead" if counted_as_dead else "Redis has lost its data"
            logger.warning("%s, so the connections of this interface have lost messages: closing them", reason)
            self.server.close_all_after_loss()

    @defer.inlineCallbacks
    def stop(self) -> Any:
        """Send the waiting frames for up to DRAIN_SECONDS, then end the lease and disconnect. Return a Deferred."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while not self.sender.is_empty and time.monotonic() < deadline:
            yield task.deferLater(reactor, 0.05, lambda: None)
        self.downstream.stopped = True
        if self.renewal.running:
            self.renewal.stop()
        if self.reporting.running:
            self.reporting.stop()
        ended = self.lease_clients[0].call(reports.make_end_command(self.layer.prefix, self._report_name))
        ended.addErrback(lambda failure: None)
        yield self._renew(0)
        for client in self._all_clients():
            client.stop()


class ThreadConnector(threading.Thread):
    """Receives replies from the layer in memory in a thread, and passes them to the reactor."""

    def __init__(self, layer: MemoryChannelLayer, process: str, server: InterfaceServer) -> None:
        super().__init__(name="replies", daemon=True)
        self.layer = self.sender = layer
        self.process = process
        self.server = server
        self.stopped = False

    def run(self) -> None:
        """Receive until `stop`."""
        backoff = Backoff(longest=2)
        while not self.stopped:
            try:
                channel, message = self.layer.receive([self.process])
                backoff.reset()
            except Exception as error:
                pause = backoff.next_pause()
                logger.error("Replies cannot be read, trying again in %.1f s: %s", pause, error)
                time.sleep(pause)
                continue
            if channel:
                reactor.callFromThread(self.server.dispatch, channel, message)
            else:
                time.sleep(MEMORY_STEP_SECONDS)  # the layer in memory cannot block

    def stop(self) -> Any:
        """Tell the thread to end, and do not wait for it. Return a Deferred that has already fired."""
        self.stopped = True
        return defer.succeed(None)

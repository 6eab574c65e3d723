"""
Frames and requests from an interface to the workers. A single frame is sent at once. When the interface is busy, all
frames of a turn of the reactor are sent in one pipeline.

Frames keep their order. The frames of a connection wait here until Redis has accepted them. They are dropped only after
`forget`, or if the connection ends before the first of them was sent. While a channel is full or Redis is down, the
connection's socket is not read, and TCP makes the client wait. Daphne's protocols use an `Upstream` as their channel
layer.
"""

from __future__ import annotations

import collections
import itertools
import logging
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet import reactor

from . import following, log_context
from .arrivals import add_arrival
from .channel_layer import Message
from .channel_names import is_ordered
from .layer import RedisChannelLayer

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.05
LONGEST_RETRY_SECONDS = 1
# While this number of a socket's frames waits, or this number of bytes, the socket is not read.
MAX_WAITING_FRAMES, MAX_WAITING_BYTES = 64, 512 * 1024
# These numbers limit the frames of one connection in a trip, the frames of all connections in a trip, and the frames in
# all trips that are not answered yet. MAX_BYTES_PER_CONNECTION and MAX_BYTES_PER_TRIP limit bytes. Without these
# limits, a flood fills the buffer of the connection to Redis, and all other frames wait behind it.
MAX_FRAMES_PER_CONNECTION, MAX_COMMANDS_PER_TRIP, MAX_COMMANDS_IN_FLIGHT = 128, 1000, 2000
MAX_BYTES_PER_CONNECTION, MAX_BYTES_PER_TRIP = 256 * 1024, 2 * 1024 * 1024
BODY = 8  # the place of the frame's body among the arguments of ENQUEUE's command
# After an outage of Redis of this length, handshakes and requests are refused.
MAX_DISCONNECTED_SECONDS = 2
ACCEPTED = (b"ok", b"again")
# How ENQUEUE treats a frame: see the script.
FIRST, NEXT, FORGET = "first", "next", "forget"
# A frame after a silence of this length is most likely a heartbeat. It may wait for other heartbeats, because sending
# them together costs a third of sending each alone. The longest wait grows with the number of sockets.
SILENCE_SECONDS = 15
LONGEST_DELAY_SECONDS, DELAY_PER_SOCKET_SECONDS, SHORTEST_DELAY_SECONDS = 0.1, 0.00002, 0.005


class Frames:
    """The frames of one connection that Redis has not yet accepted, in order."""

    def __init__(self, is_known: bool) -> None:
        self.commands: collections.deque[tuple] = collections.deque()
        self.is_known = is_known  # whether Redis may have a record of the connection
        self.in_flight = 0  # how many of the commands have been sent and are not answered yet
        self.bytes = 0  # the sum of the commands' bodies
        self.is_forgotten = False
        self.retry_seconds: float = RETRY_SECONDS
        self.is_backing_off = self.is_paused = False

    @property
    def is_full(self) -> bool:
        """Return whether the connection must not be read for now."""
        return len(self.commands) >= MAX_WAITING_FRAMES or self.bytes >= MAX_WAITING_BYTES

    def append(self, command: tuple) -> None:
        """Add a frame after the others."""
        self.bytes += len(command[BODY])
        self.commands.append(command)

    def remove_accepted(self, count: int) -> None:
        """Remove the first `count` frames, because Redis has accepted them."""
        for _ in range(count):
            self.bytes -= len(self.commands.popleft()[BODY])

    def forget_waiting(self) -> None:
        """Remove the frames that have not been sent yet, except the `websocket.disconnect`."""
        self.is_forgotten = True
        kept = list(self.commands)[: self.in_flight]
        kept += [command for command in list(self.commands)[self.in_flight :] if command[-1] == FORGET]
        self.commands = collections.deque(kept)
        self.bytes = sum(len(command[BODY]) for command in kept)

    def take_batch(self) -> tuple[int, int]:
        """Note which frames are sent now. Return (their number, their bytes)."""
        size = 0
        for command in itertools.islice(self.commands, MAX_FRAMES_PER_CONNECTION):
            if self.in_flight and size + len(command[BODY]) > MAX_BYTES_PER_CONNECTION:
                break
            self.in_flight += 1
            size += len(command[BODY])
        return self.in_flight, size

    def mark_batch(self) -> Iterator[tuple]:
        """Yield the commands of the frames that are sent now, each with its place in the batch."""
        for position, command in enumerate(itertools.islice(self.commands, self.in_flight)):
            yield command if command[-1] == FORGET else (*command, NEXT if position else FIRST)


class Upstream:
    """
    The sender of an interface process, with `send` like a channel layer.

    `send` returns at once, and raises only for a handshake during an outage of Redis. `refuse(reply_channel)` is called
    for a request that Redis did not accept. `pause(reply_channel)` stops the reading from a connection, and
    `resume(reply_channel)` continues it.
    """

    def __init__(
        self,
        layer: RedisChannelLayer,
        client: Any,
        pause: Callable[[str], object],
        resume: Callable[[str], object],
        refuse: Callable[[str], object],
    ) -> None:
        self.layer = layer
        self.client = client
        self.ChannelFull = layer.ChannelFull
        self.group_expiry = layer.group_expiry
        self.extensions = layer.extensions
        self._pause, self._resume, self._refuse = pause, resume, refuse
        self._frames: dict[str, Frames] = {}
        self._ready: dict[str, Frames] = {}
        self._requests: list[tuple[tuple, str]] = []
        self._last_frame_at: dict[str, float] = {}
        self._flushing: Any = None
        self._in_flight = 0
        self._last_trip = 0  # the number of commands in the last trip

    def forget(self, reply: str) -> None:
        """
        Drop the frames of a connection that no worker has taken yet.

        The connection must send nothing after this call except `websocket.disconnect`, which then also removes the
        frames that wait in Redis. Without this call, the frames of a connection that has ended are still processed.
        """
        self._frames.setdefault(reply, Frames(is_known=True)).forget_waiting()

    def send(self, channel: str, message: Message) -> None:
        """Send a message. Raise ChannelFull for a connection's first message during an outage of Redis."""
        if channel == "websocket.connect" and self.client.seconds_disconnected > MAX_DISCONNECTED_SECONDS:
            # Clients would continue to connect, and a handshake cannot be slowed down by not reading its socket.
            raise self.ChannelFull(channel)
        if (given_id := log_context.get_given_id()) is not None:
            message = log_context.add_carried(message, id=given_id)
        if following.follower is not None:
            message = following.follower.receive(channel, message)
        _, command = self.layer.send_command(channel, add_arrival(message))
        if is_ordered(channel, message):
            self._send_frame(message["reply_channel"], command, channel, message["order"])
            delay = self.choose_delay(channel, message["reply_channel"])
            if delay or self._flushing is not None or self._in_flight or self._last_trip != 1:
                self._schedule(delay)
            else:
                # The last trip had one command and is answered, so more frames are not likely to follow in this turn.
                self._flush()
        else:
            self._requests.append((command, message.get("reply_channel", "")))
            self._schedule()

    def has_frames(self, reply: str) -> bool:
        """Return whether frames of a connection wait here until Redis has accepted them."""
        return reply in self._frames

    def choose_delay(self, channel: str, reply: str) -> float:
        """Return how many seconds a frame that has just arrived may wait for other frames."""
        now = reactor.seconds()
        silence = now - self._last_frame_at.get(reply, now)
        if channel == "websocket.disconnect":
            self._last_frame_at.pop(reply, None)
        else:
            self._last_frame_at[reply] = now
        delay = min(LONGEST_DELAY_SECONDS, len(self._last_frame_at) * DELAY_PER_SOCKET_SECONDS)
        return delay if silence > SILENCE_SECONDS and delay > SHORTEST_DELAY_SECONDS else 0

    def _send_frame(self, reply: str, command: tuple, channel: str, order: int) -> None:
        frames = self._frames.get(reply)
        if frames is None:
            frames = self._frames[reply] = Frames(is_known=order > 0)
        if channel == "websocket.disconnect" and not frames.is_known and not frames.in_flight:
            # The connection ended before any of its frames was sent, so no worker needs to know it.
            frames.is_backing_off = False
            del self._frames[reply]
            self._ready.pop(reply, None)
            return
        was_full = frames.is_full
        frames.append((*command, FORGET) if frames.is_forgotten else command)
        if frames.is_full and not was_full:
            self._pause_reading(reply, frames)
        if not frames.is_backing_off:
            self._ready[reply] = frames

    @property
    def is_empty(self) -> bool:
        """Return whether Redis has accepted all frames, and all requests have been sent."""
        return not self._frames and not self._requests

    def resume_all(self) -> None:
        """Send all waiting frames, because Redis is connected again."""
        for reply, frames in self._frames.items():
            frames.is_backing_off = False
            self._ready[reply] = frames
        self._schedule()

    def _schedule(self, seconds: float = 0) -> None:
        """Flush after `seconds`, or earlier if an earlier flush is already scheduled."""
        if self._flushing is None:
            self._flushing = reactor.callLater(seconds, self._flush)
        elif self._flushing.getTime() > reactor.seconds() + seconds:
            self._flushing.reset(seconds)

    def _flush(self) -> None:
        self._flushing = None
        if self._in_flight >= MAX_COMMANDS_IN_FLIGHT:
            return  # the next answer flushes again
        requests, self._requests = self._requests, []
        sent = self._take_ready(MAX_COMMANDS_PER_TRIP - len(requests))
        commands = [command for _, frames in sent for command in frames.mark_batch()]
        commands.extend(command for command, _ in requests)
        if not commands:
            return
        self._last_trip = len(commands)
        self._in_flight += len(commands)
        if self._ready:
            self._schedule()
        trip = [sent, requests, len(commands)]
        is_connected = self.client.is_connected
        done = self.client.call(*commands)
        done.addCallbacks(self._answered, self._failed, trip, {}, [*trip, is_connected], {})
        done.addErrback(lambda failure: logger.error("Frames cannot be sent: %s", failure.getTraceback()))

    def _take_ready(self, most: int) -> list[tuple[str, Frames]]:
        """Choose the connections of the next trip, for about `most` commands. The others wait for a later trip."""
        # A connection has one batch in flight at a time. Frames that arrive meanwhile wait for the next batch.
        ready, self._ready = self._ready, {}
        sent, size = [], 0
        for reply, frames in ready.items():
            if frames.in_flight:
                continue
            if most <= 0 or size >= MAX_BYTES_PER_TRIP:
                self._ready[reply] = frames
                continue
            count, added = frames.take_batch()
            most, size = most - count, size + added
            sent.append((reply, frames))
        return sent

    def _count_answered(self, count: int) -> None:
        was_full, self._in_flight = self._in_flight >= MAX_COMMANDS_IN_FLIGHT, self._in_flight - count
        if was_full:
            self._schedule()

    def _answered(self, answers: list[Any], sent: list[tuple[str, Frames]], requests: list, total: int) -> None:
        self._count_answered(total)
        position = 0
        for reply, frames in sent:
            count = frames.in_flight
            self._remove_accepted(reply, frames, answers[position : position + count])
            position += count
        for (_, reply), answer in zip(requests, answers[position:]):
            if answer == 0 or isinstance(answer, Exception):
                self._refuse(reply)

    def _remove_accepted(self, reply: str, frames: Frames, answers: list[Any]) -> None:
        frames.in_flight = 0
        accepted = _count_accepted(answers)
        frames.is_known = frames.is_known or accepted > 0
        frames.remove_accepted(accepted)
        if accepted:
            frames.retry_seconds = RETRY_SECONDS
        if frames.is_forgotten and accepted < len(answers):
            frames.forget_waiting()
        if accepted < len(answers) and frames.commands:
            self._back_off(reply, frames, answers[accepted])
        elif frames.commands:
            self._ready[reply] = frames
            self._schedule()
        else:
            del self._frames[reply]
            if frames.is_paused:
                self._resume(reply)

    def _pause_reading(self, reply: str, frames: Frames) -> None:
        frames.is_paused = True
        self._pause(reply)

    def _back_off(self, reply: str, frames: Frames, answer: Any) -> None:
        """Stop reading the connection, and send its frames again after a wait, which doubles each time."""
        if isinstance(answer, Exception):
            self.layer.log_loss("websocket.*", f"waits, because Redis refuses its frames for now: {answer}")
        self._pause_reading(reply, frames)
        frames.is_backing_off = True
        reactor.callLater(frames.retry_seconds, self._retry, reply, frames)
        frames.retry_seconds = min(LONGEST_RETRY_SECONDS, frames.retry_seconds * 2)

    def _retry(self, reply: str, frames: Frames) -> None:
        if frames.is_backing_off:
            frames.is_backing_off = False
            self._ready[reply] = frames
            self._schedule()

    def _failed(
        self, failure: Any, sent: list[tuple[str, Frames]], requests: list, total: int, was_connected: bool
    ) -> None:
        """Keep the frames until Redis is connected again. Redis recognizes accepted frames by their order."""
        self._count_answered(total)
        for reply, frames in sent:
            frames.is_known = frames.is_known or was_connected
            frames.in_flight = 0
            frames.is_backing_off = True
            self._pause_reading(reply, frames)
        if not was_connected and self.client.seconds_disconnected <= MAX_DISCONNECTED_SECONDS:
            # None of the requests was sent, so send them soon. An interface that has just started is not connected yet.
            self._requests = requests + self._requests
            reactor.callLater(RETRY_SECONDS, self._schedule)
            return
        for _, reply in requests:
            self._refuse(reply)


def _count_accepted(answers: list[Any]) -> int:
    """Return how many frames Redis has accepted before the first frame that it has refused."""
    for index, answer in enumerate(answers):
        if answer not in ACCEPTED:
            return index
    return len(answers)

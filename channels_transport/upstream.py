"""
Frames and requests from an interface to the workers, in one pipeline for each turn of the reactor.

Frames keep their order and are never dropped. The frames of a connection wait here until Redis has accepted them. While
a channel is full or Redis is down, the connection's socket is not read, and TCP makes the client wait. Daphne's
protocols use an `Upstream` as their channel layer.
"""

import collections
import logging
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor

from .channel_layer import Message
from .channel_names import is_ordered
from .layer import RedisChannelLayer

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.05
LONGEST_RETRY_SECONDS = 1
# While this number of a socket's frames waits, the socket is not read.
MAX_WAITING_FRAMES = 64
# After an outage of Redis of this length, handshakes and requests are refused.
MAX_DISCONNECTED_SECONDS = 2
ACCEPTED = (b"ok", b"again")
# A frame after a silence of this length is most likely a heartbeat. It may wait for other heartbeats, because sending
# them together costs a third of sending each alone. The longest wait grows with the number of sockets.
SILENCE_SECONDS = 15
LONGEST_DELAY_SECONDS, DELAY_PER_SOCKET_SECONDS, SHORTEST_DELAY_SECONDS = 0.1, 0.00002, 0.005


class Frames:
    """The frames of one connection that Redis has not yet accepted, in order."""

    def __init__(self, is_known: bool) -> None:
        self.commands: collections.deque[tuple] = collections.deque()
        self.is_known = is_known  # whether Redis may know the connection
        self.is_in_flight = False
        self.retry_seconds: float = RETRY_SECONDS
        self.is_backing_off = False


class Upstream:
    """
    The sender of an interface process, with `send` like a channel layer.

    `send` returns at once, and raises only for a handshake during an outage of Redis. `refuse(reply_channel)` is called
    for a request that Redis did not accept. `pause(reply_channel)` stops the reading from a
    connection, and `resume(reply_channel)` continues it.
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

    def send(self, channel: str, message: Message) -> None:
        """Send a message. Raise ChannelFull for a connection's first message during an outage of Redis."""
        if channel == "websocket.connect" and self.client.seconds_disconnected > MAX_DISCONNECTED_SECONDS:
            # Clients would continue to connect, and a handshake cannot be slowed down by not reading its socket.
            raise self.ChannelFull(channel)
        _, command = self.layer.send_command(channel, message)
        if is_ordered(channel, message):
            self._send_frame(message["reply_channel"], command, channel, message["order"])
            self._schedule(self._choose_delay(channel, message["reply_channel"]))
        else:
            self._requests.append((command, message.get("reply_channel", "")))
            self._schedule()

    def _choose_delay(self, channel: str, reply: str) -> float:
        """Return how many seconds a frame may wait for other frames."""
        now = reactor.seconds()
        silence = now - self._last_frame_at.get(reply, now)
        if channel == "websocket.disconnect":
            self._last_frame_at.pop(reply, None)
        else:
            self._last_frame_at[reply] = now
        delay = min(LONGEST_DELAY_SECONDS, len(self._last_frame_at) * DELAY_PER_SOCKET_SECONDS)
        return delay if silence > SILENCE_SECONDS and delay > SHORTEST_DELAY_SECONDS else 0

    def _send_frame(self, reply: str, command: tuple, channel: str, order: int) -> None:
        frames = self._frames.setdefault(reply, Frames(is_known=order > 0))
        if channel == "websocket.disconnect" and not frames.is_known and not frames.is_in_flight:
            # The connection ended before any of its frames was sent, so no worker needs to know it.
            frames.is_backing_off = False
            del self._frames[reply]
            self._ready.pop(reply, None)
            return
        frames.commands.append(command)
        if len(frames.commands) == MAX_WAITING_FRAMES:
            self._pause(reply)
        if not frames.is_backing_off:
            self._ready[reply] = frames

    @property
    def is_empty(self) -> bool:
        """Return whether all frames and requests have been sent."""
        return not self._frames and not self._requests

    def resume_all(self) -> None:
        """Send all waiting frames, because Redis is connected again."""
        for reply, frames in self._frames.items():
            frames.is_backing_off = False
            self._ready[reply] = frames
        self._schedule()

    def _schedule(self, seconds: float = 0) -> None:
        """Flush after `seconds`, or earlier if that is already scheduled."""
        if self._flushing is None:
            self._flushing = reactor.callLater(seconds, self._flush)
        elif self._flushing.getTime() > reactor.seconds() + seconds:
            self._flushing.reset(seconds)

    def _flush(self) -> None:
        self._flushing = None
        ready, self._ready = self._ready, {}
        requests, self._requests = self._requests, []
        # A connection has one batch in flight at a time. Frames that arrive meanwhile wait for the next batch.
        sent = [(reply, frames, len(frames.commands)) for reply, frames in ready.items() if not frames.is_in_flight]
        commands = [
            (*command, "next" if position else "first")
            for _, frames, _ in sent
            for position, command in enumerate(frames.commands)
        ]
        commands.extend(command for command, _ in requests)
        if not commands:
            return
        for _, frames, _ in sent:
            frames.is_in_flight = True
        is_connected = self.client.is_connected
        done = self.client.call(*commands)
        done.addCallbacks(self._answered, self._failed, [sent, requests], {}, [sent, requests, is_connected], {})
        done.addErrback(lambda failure: logger.error("Frames cannot be sent: %s", failure.getTraceback()))

    def _answered(self, answers: list[Any], sent: list[tuple[str, Frames, int]], requests: list) -> None:
        position = 0
        for reply, frames, count in sent:
            self._remove_accepted(reply, frames, answers[position : position + count])
            position += count
        for (_, reply), answer in zip(requests, answers[position:], strict=True):
            if answer == 0 or isinstance(answer, Exception):
                self._refuse(reply)

    def _remove_accepted(self, reply: str, frames: Frames, answers: list[Any]) -> None:
        frames.is_in_flight = False
        accepted = next((index for index, answer in enumerate(answers) if answer not in ACCEPTED), len(answers))
        frames.is_known = frames.is_known or accepted > 0
        for _ in range(accepted):
            frames.commands.popleft()
        if accepted:
            frames.retry_seconds = RETRY_SECONDS
        if accepted < len(answers):
            self._back_off(reply, frames, answers[accepted])
        elif frames.commands:
            self._ready[reply] = frames
            self._schedule()
        else:
            del self._frames[reply]
            self._resume(reply)

    def _back_off(self, reply: str, frames: Frames, answer: Any) -> None:
        """Stop reading the connection, and send its frames again after a wait, which doubles each time."""
        if isinstance(answer, Exception):
            self.layer.log_loss("websocket.*", f"waits, since Redis refuses its frames for now: {answer}")
        self._pause(reply)
        frames.is_backing_off = True
        reactor.callLater(frames.retry_seconds, self._retry, reply, frames)
        frames.retry_seconds = min(LONGEST_RETRY_SECONDS, frames.retry_seconds * 2)

    def _retry(self, reply: str, frames: Frames) -> None:
        if frames.is_backing_off:
            frames.is_backing_off = False
            self._ready[reply] = frames
            self._schedule()

    def _failed(self, failure: Any, sent: list[tuple[str, Frames, int]], requests: list, was_connected: bool) -> None:
        """Keep the frames until Redis is connected again. Redis recognizes accepted frames by their order."""
        for reply, frames, _ in sent:
            frames.is_known = frames.is_known or was_connected
            frames.is_in_flight = False
            frames.is_backing_off = True
            self._pause(reply)
        if not was_connected and self.client.seconds_disconnected <= MAX_DISCONNECTED_SECONDS:
            # None of the requests was sent, so send them soon. An interface that has just started is not connected yet.
            self._requests = requests + self._requests
            reactor.callLater(RETRY_SECONDS, self._schedule)
            return
        for _, reply in requests:
            self._refuse(reply)

"""
Reads the websockets of an interface: a few frames of each in turn, and only within the budgets of their clients.

A read from the kernel may contain ten thousand small frames. If all of them were processed at once, twenty such sockets
would delay the reactor's timers for ten seconds, and the interface would count as dead. So a socket whose frames
are not all processed is not read, and TCP makes its client wait.

This module sends no close frame: it calls `flood`, and the class that uses the mixin closes the websocket.
"""

from __future__ import annotations

import collections
import time
from typing import TYPE_CHECKING, Any

from twisted.internet import reactor

from .budgets import UNLIMITED, Meter
from .decoding import read_text
from .limits import PathRule
from .turns import Turns

if TYPE_CHECKING:
    from autobahn.twisted.websocket import WebSocketServerProtocol as _Protocol  # the class that the mixin extends
else:
    _Protocol = object

# This number of frames of one read is processed at once. The others wait for their turn.
FRAMES_AT_ONCE = 8
# In its turn, at most this number of frames of one socket is processed, then those of the next socket.
FRAMES_PER_VISIT = 32
# At this interval, the interface checks whether sockets that used up their budgets may be read again.
LIMITED_SECONDS = 0.1
# A client has paused if no bytes arrive for this time after its last bytes were processed.
PAUSE_SECONDS = 0.05
# The most bytes that a client may send before its handshake is answered.
MAX_EARLY_BYTES = 64 * 1024
# The reasons for not reading a socket: its frames wait for Redis; a budget is used up; some frames that were read are
# not processed; the handshake is not answered.
QUEUE, BUDGET, BACKLOG, HANDSHAKE = 1, 2, 4, 8
# The budgets of a connection whose handshake is refused before its address is known.
UNCOUNTED = Meter(UNLIMITED, UNLIMITED, UNLIMITED)


class ReadingTurns:
    """Lets the sockets with a backlog take turns, and checks again the sockets that used up a budget."""

    def __init__(self) -> None:
        self._backlog: Turns[MeteredReading] = Turns(lambda socket: socket.process_backlog())
        self._limited: collections.deque[MeteredReading] = collections.deque()

    def add(self, socket: MeteredReading) -> None:
        """Process the rest of what was read from a socket, in turns."""
        self._backlog.add(socket)

    def add_limited(self, socket: MeteredReading) -> None:
        """Release a socket, so that it is read again, when its budgets allow it."""
        if not self._limited:
            reactor.callLater(LIMITED_SECONDS, self._look_again)
        self._limited.append(socket)

    def _look_again(self) -> None:
        limited, self._limited = self._limited, collections.deque()
        for socket in limited:
            if socket.is_spent and not socket.is_over:
                self.add_limited(socket)
            else:
                socket.release(BUDGET)


class MeteredReading(_Protocol):
    """
    A mixin for autobahn's websocket protocol. `begin_reading` must be called before the first frame.

    `onText(text, size)` is called for a text in one frame; `size` is in bytes. autobahn calls `onMessage` for all other
    messages.

    `flood` is called in three cases:
    - the client keeps sending at the limit of its own budgets;
    - the client sends all the time while its address is at a limit;
    - the client exceeds a budget after a close frame.
    """

    turns: ReadingTurns
    meter: Meter
    shared: Meter = UNCOUNTED
    rule: PathRule
    holds = 0
    has_rest = False  # whether processData would find something to do
    is_discarding = False
    dropped_bytes = 0
    # Since when a budget was used up again and again, and when it was last used up (s, monotonic).
    limited_since = limited_at = 0.0
    # When the last bytes were processed, and since when the client has sent without a pause (s, monotonic).
    drained_at = pressing_since = 0.0
    lost_reason: Any = None

    # The class that uses the mixin has these attributes.
    transport: Any
    state: int
    data: bytes
    current_frame: Any
    flood: Any
    onText: Any
    main_factory: Any

    def begin_reading(self, turns: ReadingTurns, rule: PathRule, shared: Meter) -> None:
        """Set the budgets: the socket's own by its rule, and those that it shares with its address."""
        self.turns, self.rule, self.shared = turns, rule, shared
        self.meter = rule.make_meter()

    @property
    def is_spent(self) -> bool:
        """Return whether a budget of the socket or of its address is used up."""
        return self.meter.is_spent or self.shared.is_spent

    @property
    def is_over(self) -> bool:
        """Return whether nothing of the socket will be processed any longer."""
        return self.state == self.STATE_CLOSED or self.is_discarding

    def hold(self, reason: int) -> None:
        """Stop reading for a reason, until `release` ends this reason."""
        if not self.holds and self.lost_reason is None:
            self.transport.pauseProducing()
        self.holds |= reason

    def release(self, reason: int) -> None:
        """End a reason for not reading. After the last one, process the frames that were read, then read again."""
        if not self.holds & reason:
            return
        self.holds &= ~reason
        if self.holds:
            return
        if self.has_rest and not self.is_over:
            self.holds = BACKLOG
            self.turns.add(self)
        elif self.lost_reason is None:
            self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Read bytes of the client. autobahn's own method would first describe them, for a log that is off."""
        self._dataReceived(data)

    def _dataReceived(self, data: bytes) -> None:
        if self.is_over:
            return self._drop(data)
        if self.state == self.STATE_CONNECTING and self.holds_handshake:
            # autobahn would parse these bytes as a second handshake.
            self.data += data
            if len(self.data) > MAX_EARLY_BYTES:
                self.hold(HANDSHAKE)
                # A handshake that waits for Redis has another hold, which the HTTP request has undone at its end.
                self.transport.pauseProducing()
            return
        if self.state != self.STATE_CONNECTING:
            if not self.has_rest and (now := time.monotonic()) - self.drained_at > PAUSE_SECONDS:
                self.pressing_since = now
            self.meter.bytes.left -= len(data)
            self.shared.bytes.left -= len(data)
            if self.meter.bytes.left <= 0 or self.shared.bytes.left <= 0:
                self._check_budgets()
        super()._dataReceived(data)

    def _drop(self, data: bytes) -> None:
        # Above the limit the socket is not read any longer. TCP makes its client wait, and can still deliver the last
        # frame to the client until the connection is closed.
        self.dropped_bytes += len(data)
        self.shared.bytes.left -= len(data)
        if self.shared.bytes.is_spent() or self.dropped_bytes > self.main_factory.limits.discard_bytes:
            self.transport.pauseProducing()

    @property
    def holds_handshake(self) -> bool:
        """Return whether the handshake has been passed on and is not answered yet."""
        return hasattr(self, "reply_channel")

    def consumeData(self) -> None:
        """Process the first frames that were read. The rest waits for its turns."""
        if self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
            return super().consumeData()
        self.has_rest = True
        self._process(FRAMES_AT_ONCE)
        if self.has_rest and not self.holds and not self.is_over:
            self.hold(BACKLOG)
            self.turns.add(self)

    def process_backlog(self) -> bool:
        """Process a part of the rest. Return whether the socket needs another turn."""
        if self.lost_reason is not None:
            return self._process_last()
        self.holds &= ~BACKLOG
        self._process(FRAMES_PER_VISIT)
        if self.is_over:
            return False
        if self.has_rest and not self.holds:
            self.holds = BACKLOG
            return True
        if not self.holds:
            self.transport.resumeProducing()
        return False

    def _process(self, frames: int) -> None:
        # autobahn takes two steps for each frame.
        steps = 2 * frames
        while steps > 0 and not self.holds and not self.is_over:
            if self._process_text():
                steps -= 2
                self.has_rest = bool(self.data)
            else:
                steps -= 1
                self.has_rest = self.processData()
            if not self.has_rest:
                self.drained_at = time.monotonic()
                return

    def _process_text(self) -> bool:
        """
        Process the next frame if it is a whole text, in a quarter of the time that autobahn takes.

        Return False for any other frame. Return False, too, while autobahn must do more than to pass the text on: if a
        ping is not answered, or if this frame uses up a budget.
        """
        own, shared = self.meter.frames, self.shared.frames
        if (
            self.current_frame is not None
            or self.inside_message
            or self.state != self.STATE_OPEN
            or self.autoPingTimeoutCall is not None
            or own.left <= 1
            or shared.left <= 1
        ):
            return False
        found = read_text(self.data, self.maxFramePayloadSize or len(self.data))
        if found is None:
            return False
        text, start, end = found
        own.left -= 1
        shared.left -= 1
        self.data = self.data[end:]
        self.onText(text, end - start)
        return True

    def onFrameBegin(self) -> None:
        """Count a frame."""
        super().onFrameBegin()
        frame = self.current_frame
        if frame.opcode == 8:
            return
        is_empty_fragment = not frame.length and not (frame.fin and frame.opcode)
        if frame.opcode > 7 or is_empty_fragment:
            own, shared = self.meter.control_frames, self.shared.control_frames
        else:
            own, shared = self.meter.frames, self.shared.frames
        own.left -= 1
        shared.left -= 1
        if own.left <= 0 or shared.left <= 0:
            self._check_budgets()

    def _check_budgets(self) -> None:
        if self.holds & BUDGET or not self.is_spent or self.is_over:
            return
        if self.state == self.STATE_CLOSING:
            self.discard()
            return self.flood()
        now = time.monotonic()
        if now - self.limited_at > self.rule.limits.flood_seconds / 2:
            self.limited_since = now
        self.limited_at = now
        # Other sockets may have used up the budgets of their common address. So a limited socket is not always a flood.
        seconds = self.rule.limits.flood_seconds
        is_sending = now - self.pressing_since > seconds
        if now - self.limited_since > seconds and (is_sending or self.meter.is_low):
            self.discard()
            return self.flood()
        self.hold(BUDGET)
        self.turns.add_limited(self)

    def discard(self) -> None:
        """Read and drop all further bytes. A client that cannot send would not read the server's close frame either."""
        self.is_discarding, self.holds, self.data = True, 0, b""
        if self.lost_reason is None:
            self.transport.resumeProducing()

    def connectionLost(self, reason: Any = None) -> None:
        """Process the frames that the client sent before it disconnected, and then end the connection."""
        if self.has_rest and self.state == self.STATE_OPEN and not self.is_discarding:
            self.lost_reason = reason
            if not self.holds & BACKLOG:
                self.turns.add(self)
            return
        super().connectionLost(reason)

    def _process_last(self) -> bool:
        # Frames of an ended connection do not wait for the queue to Redis, which may be slow. The budgets still apply.
        self.holds = 0
        if not self.is_spent:
            self._process(FRAMES_PER_VISIT)
            if self.has_rest and not self.is_over and not self.holds & BUDGET:
                return True
        self.finish_lost(self.lost_reason)
        return False

    def finish_lost(self, reason: Any) -> None:
        """Finish a connection that the client has ended, after its last frames were processed or dropped."""
        super().connectionLost(reason)

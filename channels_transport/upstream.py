"""
The way up: what an interface sends to its workers, in one pipeline for each turn of the reactor.

Frames keep their order and are never dropped. Each connection's wait here until Redis has taken them; where a channel
is full, or Redis away, its socket is not read until they have left, and TCP tells the client to wait. It stands in
for the channel layer towards Daphne's protocols, and knows no chat.
"""

import collections
import logging

from twisted.internet import reactor

from .layer import is_ordered

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.05
LONGEST_RETRY_SECONDS = 1
# So many frames of one socket may be on their way before it is not read any more.
MAX_ON_THEIR_WAY = 64
# Handshakes and requests wait so long for Redis to come, or to come back, and are refused then.
MAX_AWAY_SECONDS = 2
ACCEPTED = (b"ok", b"again")
# What comes after so long a silence is most likely a heartbeat. It may wait for others, for a time that grows with the
# number of sockets: a crowd's heartbeats then cost a third of what each would on its own.
SILENCE_SECONDS = 15
LONGEST_HOLD_SECONDS, HOLD_PER_SOCKET_SECONDS, SHORTEST_HOLD_SECONDS = 0.1, 0.00002, 0.005


class Frames:
    """The frames of one connection that Redis has not taken yet, in order."""

    def __init__(self, is_known):
        self.commands = collections.deque()
        self.is_known = is_known  # whether Redis may have heard of the connection
        self.is_in_flight = False
        self.retry_seconds = RETRY_SECONDS
        self.is_resting = False


class Upstream:
    """
    `send` as the channel layer has it, but it returns at once, and fails only for a handshake while Redis is away: what
    becomes of a request that there is no room for, `refuse(reply_channel)` decides. `pause` and `resume` (of a reply
    channel) stop and go on reading.
    """

    def __init__(self, layer, client, pause, resume, refuse):
        self.layer = layer
        self.client = client
        self.ChannelFull = layer.ChannelFull
        self.group_expiry = layer.group_expiry
        self.extensions = layer.extensions
        self._pause, self._resume, self._refuse = pause, resume, refuse
        self._frames = {}
        self._ready = {}
        self._requests = []
        self._spoke_at = {}
        self._flushing = None

    def send(self, channel, message):
        """Puts a message on its way. Raises ChannelFull for the first of a connection while Redis is away."""
        if channel == "websocket.connect" and self.client.seconds_away > MAX_AWAY_SECONDS:
            # They come again and again, and none would be kept waiting by not being read.
            raise self.ChannelFull(channel)
        _, command = self.layer.send_command(channel, message)
        if is_ordered(channel, message):
            self._send_frame(message["reply_channel"], command, channel, message["order"])
            self._schedule(self._hold(channel, message["reply_channel"]))
        else:
            self._requests.append((command, message.get("reply_channel")))
            self._schedule()

    def _hold(self, channel, reply):
        """Returns how many seconds a frame may wait for others."""
        now = reactor.seconds()
        silence = now - self._spoke_at.get(reply, now)
        if channel == "websocket.disconnect":
            self._spoke_at.pop(reply, None)
        else:
            self._spoke_at[reply] = now
        hold = min(LONGEST_HOLD_SECONDS, len(self._spoke_at) * HOLD_PER_SOCKET_SECONDS)
        return hold if silence > SILENCE_SECONDS and hold > SHORTEST_HOLD_SECONDS else 0

    def _send_frame(self, reply, command, channel, order):
        frames = self._frames.setdefault(reply, Frames(is_known=order > 0))
        if channel == "websocket.disconnect" and not frames.is_known and not frames.is_in_flight:
            # It has left before anybody heard of it: nothing of it is for anybody.
            frames.is_resting = False
            del self._frames[reply]
            self._ready.pop(reply, None)
            return
        frames.commands.append(command)
        if len(frames.commands) == MAX_ON_THEIR_WAY:
            self._pause(reply)
        if not frames.is_resting:
            self._ready[reply] = frames

    @property
    def is_empty(self):
        """Whether all has left."""
        return not self._frames and not self._requests

    def go_on(self):
        """Redis is there again: what waited goes."""
        for reply, frames in self._frames.items():
            frames.is_resting = False
            self._ready[reply] = frames
        self._schedule()

    def _schedule(self, seconds=0):
        """Lets all that is ready leave in so many seconds, or earlier."""
        if self._flushing is None:
            self._flushing = reactor.callLater(seconds, self._flush)
        elif self._flushing.getTime() > reactor.seconds() + seconds:
            self._flushing.reset(seconds)

    def _flush(self):
        self._flushing = None
        ready, self._ready = self._ready, {}
        requests, self._requests = self._requests, []
        # One batch of a connection at a time: what comes while it is away goes with the next.
        sent = [(reply, frames, len(frames.commands)) for reply, frames in ready.items() if not frames.is_in_flight]
        commands = [
            (*command, "next" if number else "first")
            for _, frames, _ in sent
            for number, command in enumerate(frames.commands)
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

    def _answered(self, answers, sent, requests):
        position = 0
        for reply, frames, number in sent:
            self._settle(reply, frames, answers[position : position + number])
            position += number
        for (_, reply), answer in zip(requests, answers[position:], strict=True):
            if answer == 0 or isinstance(answer, Exception):
                self._refuse(reply)

    def _settle(self, reply, frames, answers):
        frames.is_in_flight = False
        taken = next((index for index, answer in enumerate(answers) if answer not in ACCEPTED), len(answers))
        frames.is_known = frames.is_known or taken > 0
        for _ in range(taken):
            frames.commands.popleft()
        if taken:
            frames.retry_seconds = RETRY_SECONDS
        if taken < len(answers):
            self._rest(reply, frames, answers[taken])
        elif frames.commands:
            self._ready[reply] = frames
            self._schedule()
        else:
            del self._frames[reply]
            self._resume(reply)

    def _rest(self, reply, frames, answer):
        """Waits before the connection's frames are offered again, each time longer, and does not read it meanwhile."""
        if isinstance(answer, Exception):
            self.layer.log_loss("websocket.*", f"waits, since Redis refuses its frames for now: {answer}")
        self._pause(reply)
        frames.is_resting = True
        reactor.callLater(frames.retry_seconds, self._wake, reply, frames)
        frames.retry_seconds = min(LONGEST_RETRY_SECONDS, frames.retry_seconds * 2)

    def _wake(self, reply, frames):
        if frames.is_resting:
            frames.is_resting = False
            self._ready[reply] = frames
            self._schedule()

    def _failed(self, failure, sent, requests, was_connected):
        """The connection to Redis is lost. Frames that it took all the same are known there by their order."""
        for reply, frames, _ in sent:
            frames.is_known = frames.is_known or was_connected
            frames.is_in_flight = False
            frames.is_resting = True
            self._pause(reply)
        if not was_connected and self.client.seconds_away <= MAX_AWAY_SECONDS:
            # Nothing of them has left: an interface that has just begun is not connected yet.
            self._requests = requests + self._requests
            reactor.callLater(RETRY_SECONDS, self._schedule)
            return
        for _, reply in requests:
            self._refuse(reply)

"""One websocket: Daphne's protocol with limits, close codes that clients can read, and fast writes."""

from __future__ import annotations

import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from daphne import ws_protocol
from twisted.internet.protocol import connectionDone

from .. import counting, log_context
from ..log_throttle import LogThrottle
from ..ordering import CLOSE_CONNECTION_LOST
from ..writing import data_frame, find_send, write_now
from .closing import OrderlyClosing
from .decoding import Utf8Validator, XorMasker
from .idle import shrink
from .opening import Opening
from .reading import HANDSHAKE, QUEUE, MeteredReading
from .slow_readers import MAX_UNREAD_SECONDS, UnreadWatch

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)

# The close code for a client that goes on sending above its budget. Consumers use it too.
CLOSE_FLOODING = 4429
CLOSE_TRY_AGAIN_LATER = 1013
# Close codes that autobahn's sendClose rejects; only the server itself sends them.
SERVER_CLOSE_CODES = (1001, 1011, 1012, 1013)
# A client that sends nothing does not renew its group memberships. Before the memberships expire, the server closes the
# connection, after a random share of `group_expiry`: clients that connected together must not reconnect together.
SILENT_SHARES = 0.7, 0.9


INCOMING, OUTGOING = ("in",), ("out",)  # labels of the counters


class WebSocketProtocol(Opening, OrderlyClosing, MeteredReading, ws_protocol.WebSocketProtocol):
    """
    One websocket. It refuses `?session_key=`, can close with the codes of servers, and drops clients that do not read.

    It opens as `opening.py` says, and closes connections in order: see `closing.py`. It limits what its client sends:
    see `reading.py`.
    """

    utf8validator: Utf8Validator | None
    unread: UnreadWatch | None = None
    send: Callable[[bytes], int] | None = None  # passes bytes to the kernel at once, if the transport can do this
    request: Any
    last_data: float
    autoPingTimeoutCall: Any
    frame_at: float | None = None  # when the last frame arrived to which no reply was sent (s, monotonic)
    close_code: int | None = None  # the code with which this interface closes the websocket
    has_ended = False  # `websocket.disconnect` has been sent
    silence_ends: float | None = None  # when a client that sends nothing is closed (s, monotonic)
    frames_at_silence = 0

    def onFrameBegin(self) -> None:
        """Count a frame, and decode it with the functions of `decoding.py`."""
        if self.utf8validator is None:
            self.utf8validator = Utf8Validator()
        super().onFrameBegin()
        if self.current_frame.mask:
            self.current_frame_masker = XorMasker(self.current_frame.mask)

    def onOpen(self) -> None:
        """Watch the unread bytes, and free the memory of the handshake."""
        with self._with_id():
            super().onOpen()
        # Daphne leaves the HTTP channel registered as the transport's producer, though HTTP has ended.
        self.transport.unregisterProducer()
        self.unread, self.send = UnreadWatch(self), find_send(self.transport)
        self.transport.registerProducer(self.unread, True)
        self._forget_handshake()
        self.release(HANDSHAKE)
        counting.add("interface_handshakes", ("limited" if self.is_refused else "accepted",))
        if self.is_refused:
            if text := self.main_factory.limits.refusal_text:
                self.sendMessage(text.encode())
            self.close_code = CLOSE_TRY_AGAIN_LATER
            self.sendCloseFrame(code=CLOSE_TRY_AGAIN_LATER, isReply=False)
        elif self.has_client_closed:
            self.close_half_open()

    def _forget_handshake(self) -> None:
        """Release what only the handshake needed: most of the memory of an idle websocket."""
        if self.main_factory.action_logger is None:
            self.client_addr = None
        # Twisted would keep two texts for its log.
        self.transport.logstr = self.transport.repstr = self.reply_channel
        shrink(self)

    def send_frame(self, frame: bytes, text: str) -> None:
        """Send an encoded frame; `text` is its content."""
        if self.state == self.STATE_OPEN:
            self._write(frame)
        else:
            self.serverSend(text)

    def sendMessage(self, payload: bytes, isBinary: bool = False, **kwargs: Any) -> None:
        """Send a message as one frame."""
        # autobahn's own method applies the limit for clients' messages to the server's messages too.
        if self.state == self.STATE_OPEN:
            self._write(data_frame(payload, isBinary))

    def _write(self, frame: bytes) -> None:
        transport = self.transport
        if self.send is None or transport.dataBuffer or transport._tempDataBuffer:
            if self.unread is not None and self.unread.since is not None:
                self.unread.count(len(frame))
            return transport.write(frame)
        try:
            sent = self.send(frame)
        except OSError:
            sent = 0  # the socket is full or broken, and Twisted handles both
        if sent < len(frame):
            transport.write(frame[sent:])
        return None

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """
        Write the answer to a handshake, or a control frame, at once.

        autobahn's own method would describe the bytes for a log that is off, and let Twisted write them later.
        """
        write_now(self.transport, data)

    def drop_slow_reader(self) -> None:
        """Drop the connection of a client that does not read."""
        assert self.unread is not None
        logger.warning("%s does not read: dropped with %d bytes unread", self.reply_channel, self.unread.unread_bytes)
        self.unread.unread_bytes = 0
        self.transport.abortConnection()

    def check_ping(self) -> None:
        """Check all time limits: of the handshake, unread bytes, silence, and answers to pings."""
        if self.state == self.STATE_CONNECTING:
            if self.duration() > self.main_factory.websocket_connect_timeout:
                self.refuse_handshake()
        elif self.state == self.STATE_OPEN:
            if self.unread is not None and self.unread.seconds > MAX_UNREAD_SECONDS:
                self.drop_slow_reader()
            elif self.is_silent_for_long():
                self.serverClose(CLOSE_CONNECTION_LOST)
            elif not self.holds:
                # If the clock is set back, the time of the last data is in the future, and no ping would be sent.
                self.last_data = min(self.last_data, time.time())
                super().check_ping()

    def is_silent_for_long(self) -> bool:
        """Return whether the client's group memberships may soon expire, because it has long sent nothing."""
        if self.silence_ends is None or self.frames_at_silence != self.packets_received:
            self.frames_at_silence = self.packets_received
            longest = self.main_factory.channel_layer.group_expiry * random.uniform(*SILENT_SHARES)
            self.silence_ends = time.monotonic() + longest
        return time.monotonic() > self.silence_ends

    def hold(self, reason: int) -> None:
        """Stop reading. No pong is read either, so the pending ping must not end the connection."""
        if self.autoPingTimeoutCall is not None:
            self.autoPingTimeoutCall.cancel()
            self.autoPingTimeoutCall = self.autoPingPending = None
        super().hold(reason)

    def release(self, reason: int) -> None:
        """Read again after `hold`, if nothing else prevents it."""
        if self.holds & reason:
            self.last_data = time.time()
            super().release(reason)

    def pause(self) -> None:
        """Stop reading, because the frames wait for Redis."""
        self.hold(QUEUE)

    def resume(self) -> None:
        """Read again after `pause`."""
        self.release(QUEUE)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Pass a message on to the workers, unless no consumer would read it."""
        if isBinary:
            self._receive("bytes", payload, len(payload))
        else:
            self.onText(payload.decode(), len(payload))

    def onText(self, text: str, size: int) -> None:
        """Pass a text of `size` bytes on to the workers, unless no consumer would read it."""
        self._receive("text", text, size)

    def _receive(self, kind: str, content: str | bytes, size: int) -> None:
        counting.add("interface_frames", INCOMING)
        counting.add("interface_bytes", INCOMING, size)
        if self.muted:
            return
        self.last_data = time.time()
        if self.has_ended or self.rule.send_only:
            return
        self.frame_at = time.monotonic()
        gathering = self.main_factory.gathering
        if self.rule.gather is None or gathering is None or not gathering.takes(self, kind, content):
            self.pass_on(kind, content)

    def pass_on(self, kind: str, content: str | bytes) -> None:
        """Pass a frame on to the workers, unless the websocket is muted or has ended."""
        if self.muted or self.has_ended:
            return
        self.packets_received += 1
        message: dict[str, Any] = {
            "reply_channel": self.reply_channel,
            "path": self.decoded_path,
            "order": self.packets_received,
            kind: content,
        }
        try:
            self.channel_layer.send("websocket.receive", message)
        except self.channel_layer.ChannelFull:
            # As in Daphne: only the layer in memory raises this.
            self.muted = True
            logger.warning("websocket.receive is full; a websocket is closed with 1013: %s", self.reply_channel)
            self.sendCloseFrame(code=CLOSE_TRY_AGAIN_LATER, isReply=False)

    def sendPong(self, payload: bytes | None = None) -> None:
        """Answer a ping, unless the client does not read."""
        if self.unread is None or self.unread.since is None:
            super().sendPong(payload)

    def flood(self) -> None:
        """Close the socket of a client that has stayed at the limit of a budget."""
        if self.state == self.STATE_OPEN:
            text = "A client goes on sending more than its limits allow; its socket is closed with 4429: %s"
            throttle.warning(text, self.reply_channel)
            self.serverClose(CLOSE_FLOODING)
        # The client's answer to the close frame would come after too many other frames, so do not wait for it.
        self.dropConnection()

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        """Pass the end of the websocket on to the workers, once."""
        if self.is_end_known:
            return
        self.is_end_known = True
        if hasattr(self, "reply_channel"):
            if self.main_factory.gathering is not None:
                self.main_factory.gathering.release(self)
            counting.add("interface_closes", self._describe_close(code))
            if not wasClean and self.close_code is None:
                self.main_factory.forwarding.count_cut(max(0, time.time() - self.last_data))
        if self.has_ended:
            self.muted = True
        elif hasattr(self, "reply_channel") and not self.muted and self.rule.forget:
            self._forget_frames()
        with self._with_id():
            super().onClose(wasClean, code, reason)

    def _with_id(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which the log lines of this process contain the connection's id."""
        return log_context.handling("websocket", {"reply_channel": getattr(self, "reply_channel", None)})

    def _describe_close(self, code: int | None) -> tuple[str, str]:
        if self.close_code is not None:
            return str(self.close_code), "server"
        # A client may choose any code from 3000 to 4999. Each code would be a series of its own.
        return str(code) if code is not None and 1000 <= code < 1016 else counting.OTHER, "client"

    def _forget_frames(self) -> None:
        self.channel_layer.forget(self.reply_channel)

    def _end_flooding(self) -> None:
        """Tell the workers at once that the connection has ended, and drop its frames that still wait."""
        self.has_ended = True
        self._forget_frames()
        message = {
            "reply_channel": self.reply_channel,
            "code": CLOSE_FLOODING,
            "path": self.unquote(self.path),
            "order": self.packets_received + 1,
        }
        try:
            self.channel_layer.send("websocket.disconnect", message)
        except self.channel_layer.ChannelFull:
            # As in Daphne: only the layer in memory raises this.
            logger.warning("websocket.disconnect could not be sent for %s", self.reply_channel)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """Count the connection as closed, unless its last frames must still be processed."""
        super().connectionLost(reason)
        if self.lost_reason is None:
            self._count_end()

    def finish_lost(self, reason: Any) -> None:
        """Count a connection as closed whose last frames were processed after its end."""
        super().finish_lost(reason)
        self._count_end()

    def _count_end(self) -> None:
        if self.address is not None:
            self.address.sockets -= 1
            self.rule.sockets -= 1
            self.address = None
        self.cancel_calls()
        self.unread = None  # without this cycle, Python frees the websocket at once
        self.main_factory.connection_ended(self.transport)

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:
        """Send a text or bytes. Send nothing if the connection is closing."""
        if self.state not in (self.STATE_CONNECTING, self.STATE_OPEN):
            return
        counting.add("interface_frames", OUTGOING)
        counting.add("interface_bytes", OUTGOING, len(content))
        if self.frame_at is not None:
            counting.observe("interface_reply_seconds", time.monotonic() - self.frame_at)
            self.frame_at = None
        if self.state == self.STATE_CONNECTING:
            self.serverAccept()
        self.last_data = time.time()
        self.sendMessage(content.encode() if isinstance(content, str) else content, binary)

    def send_texts(self, texts: Sequence[str]) -> None:
        """Send each text as one frame, in this order, with at most two writes."""
        # The first text also accepts a handshake that still waits.
        self.serverSend(texts[0])
        rest = texts[1:]
        if rest and self.state == self.STATE_OPEN:
            counting.add("interface_frames", OUTGOING, len(rest))
            counting.add("interface_bytes", OUTGOING, sum(map(len, rest)))
            self.send_frame(b"".join(data_frame(text.encode()) for text in rest), "")

    def answer_heartbeat(self, text: str) -> None:
        """Send the answer to a frame that was not passed on, but has renewed the client's group memberships."""
        self.silence_ends = None
        self.serverSend(text)

    def serverClose(self, code: int | bool = True) -> None:
        """Close the connection with a code; True closes it with 1000. A handshake only ends at its own time limit."""
        if self.state == self.STATE_CONNECTING:
            # If `websocket_timeout` is shorter than this limit, Daphne calls this method instead of `check_ping`.
            self.check_ping()
        if self.state != self.STATE_OPEN:
            return
        self.close_code = 1000 if code is True else int(code)
        if code == CLOSE_FLOODING:
            self._end_flooding()
        if code in SERVER_CLOSE_CODES:
            self.sendCloseFrame(code=code, isReply=False)
        else:
            super().serverClose(code)

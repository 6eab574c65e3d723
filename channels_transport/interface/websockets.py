"""
One websocket: Daphne's protocol with limits, codes that clients can read, and frames that are written with little work.

It knows no chat.
"""

import logging
import random
import time
from typing import NamedTuple
from urllib.parse import parse_qsl

from autobahn.twisted.websocket import ConnectionDeny
from autobahn.websocket.protocol import TrafficStats
from daphne import ws_protocol
from twisted.internet import interfaces
from zope.interface import implementer

from ..ordering import CLOSE_CONNECTION_LOST
from ..writing import data_frame, write_now

logger = logging.getLogger(__name__)

MAX_PARAMETERS = 100
# The codes that autobahn's sendClose refuses and that only the server itself may send.
SERVER_CLOSE_CODES = (1001, 1011, 1012, 1013)
# A client that reads slower than the room speaks: so much is kept for it, and for so long.
MAX_UNREAD_BYTES = 1024 * 1024
MAX_UNREAD_SECONDS = 60
# Who says nothing renews nothing: before its groups forget it, after so much of their time, it is asked to come back.
# Not all at the same moment, for after a restart they came at the same moment.
SILENT_SHARES = 0.7, 0.9


@implementer(interfaces.IPushProducer)
class UnreadWatch:
    """Told by the transport when its buffer is full and when it is empty again: what is unread, and since when."""

    def __init__(self, protocol):
        self.protocol = protocol
        self.since = None
        self.unread_bytes = 0

    def pauseProducing(self):
        if self.since is None:
            self.since, self.unread_bytes = time.monotonic(), 0

    def resumeProducing(self):
        self.since = None

    def stopProducing(self):
        """The connection is lost; there is nothing to stop."""

    @property
    def seconds(self):
        """How long the buffer has been full."""
        return 0 if self.since is None else time.monotonic() - self.since

    def count(self, length):
        """Counts what is written while the buffer is full, and drops a client that leaves too much of it unread."""
        self.unread_bytes += length
        if self.unread_bytes > MAX_UNREAD_BYTES:
            self.protocol.drop_slow_reader()


class OpenRequest(NamedTuple):
    """What Daphne still asks of the request once a socket is open."""

    path: str


HANDSHAKE_ONLY = (
    "request_info",
    "clean_headers",
    "http_headers",
    "http_request_data",
    "http_response_data",
    "handshake_deferred",
    "_transport_details",
)
TRAFFIC = TrafficStats()  # autobahn counts each socket's octets; nobody asks for them, so all count in one place


class WebSocketProtocol(ws_protocol.WebSocketProtocol):
    """One websocket. Refuses `?session_key=`, closes with the codes that servers use, and drops who does not read."""

    unread = None
    is_paused = False
    silent_since = None
    frames_at_silence = 0

    def onConnect(self, request):
        # Channels would log the socket in by this parameter, over the cookie: a link could plant a login.
        # (`request.params` would not do: it leaves out a parameter without a value.)
        try:
            query = parse_qsl(
                self._raw_query_string.decode("latin1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS
            )
        except ValueError:
            raise ConnectionDeny(code=400, reason="Too many parameters") from None
        if "session_key" in dict(query):
            raise ConnectionDeny(code=400, reason="session_key is not accepted")
        try:
            return super().onConnect(request)
        except ConnectionDeny:
            raise
        except UnicodeError:
            raise ConnectionDeny(code=400, reason="A header is not ASCII") from None
        except Exception:
            logger.exception("A handshake could not be passed on")
            raise ConnectionDeny(code=503, reason="Service Unavailable") from None

    def onOpen(self):
        super().onOpen()
        # Daphne leaves the HTTP channel, which has nothing to say any more, as the one that the transport tells.
        self.transport.unregisterProducer()
        self.unread = UnreadWatch(self)
        self.transport.registerProducer(self.unread, True)
        self._forget_handshake()

    def _forget_handshake(self):
        """Lets go of what only the handshake needed: two thirds of an idle socket's memory."""
        self.request = OpenRequest(self.request.path)
        for name in HANDSHAKE_ONLY:
            setattr(self, name, None)
        self.trafficStats = TRAFFIC

    def send_frame(self, frame, text):
        """Sends a frame that is built already; `text` is what it says."""
        if self.state != self.STATE_OPEN:
            return self.serverSend(text)
        if self.unread is not None and self.unread.since is not None:
            self.unread.count(len(frame))
        write_now(self.transport, frame)

    def sendMessage(self, payload, isBinary=False, **kwargs):
        if self.unread is not None and self.unread.since is not None:
            self.unread.count(len(payload))
        # Not by autobahn's own: it holds the server, too, to the limit for what clients send.
        if self.state == self.STATE_OPEN:
            write_now(self.transport, data_frame(payload, isBinary))

    def drop_slow_reader(self):
        logger.warning("%s does not read: dropped with %d bytes unread", self.reply_channel, self.unread.unread_bytes)
        self.unread.unread_bytes = 0
        self.transport.abortConnection()

    def check_ping(self):
        if self.state == self.STATE_CONNECTING:
            if self.duration() > self.main_factory.websocket_connect_timeout:
                self.refuse_handshake()
        elif self.state == self.STATE_OPEN:
            if self.unread is not None and self.unread.seconds > MAX_UNREAD_SECONDS:
                self.drop_slow_reader()
            elif self.is_silent_for_long():
                self.serverClose(CLOSE_CONNECTION_LOST)
            elif not self.is_paused:
                # After a clock that was set back nobody goes without pings until the time before has come.
                self.last_data = min(self.last_data, time.time())
                super().check_ping()

    def is_silent_for_long(self):
        """Whether it has said nothing for so long that its groups may soon forget it."""
        if self.silent_since is None or self.frames_at_silence != self.packets_received:
            self.silent_since, self.frames_at_silence = time.monotonic(), self.packets_received
            self.longest_silence = self.main_factory.channel_layer.group_expiry * random.uniform(*SILENT_SHARES)
        return time.monotonic() - self.silent_since > self.longest_silence

    def pause(self):
        """Reads nothing more, so no pong either: a ping that is under way must not end the connection."""
        if self.autoPingTimeoutCall is not None:
            self.autoPingTimeoutCall.cancel()
            self.autoPingTimeoutCall = self.autoPingPending = None
        self.is_paused = True
        self.transport.pauseProducing()

    def resume(self):
        if self.is_paused:
            self.is_paused = False
            self.last_data = time.time()
            self.transport.resumeProducing()

    def refuse_handshake(self):
        """Nobody has consumed it in time."""
        self.handshake_deferred.errback(ConnectionDeny(code=503, reason="Service Unavailable"))
        self.cleanup()

    def serverSend(self, content, binary=False):
        # What was sent to a connection that is just leaving is not for anybody.
        if self.state in (self.STATE_CONNECTING, self.STATE_OPEN):
            super().serverSend(content, binary)

    def serverClose(self, code=True):
        if self.state != self.STATE_OPEN:
            return
        if code in SERVER_CLOSE_CODES:
            self.sendCloseFrame(code=code, isReply=False)
        else:
            super().serverClose(code)

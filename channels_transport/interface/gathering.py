"""
Passes on the heartbeats of many websockets in one message, instead of one message for each.

Thousands of idle clients send hardly anything but heartbeats. Each one would take a script in Redis, a turn of a worker
and a reply. So the interface gathers the texts that match the option `gather` of INTERFACE_PATHS, for GATHER_SECONDS,
and sends them as one message on the channel `websocket.gathered`. The consumer answers them in one message: a text for
each frame, or None. The interface sends the texts, and passes the other frames on as `websocket.receive`.

A frame is only gathered if its websocket has sent nothing for SILENCE_SECONDS (see `upstream.py`). The order of a
websocket's frames is kept by a simple rule: its next frame, and its end, first pass on the frame that still waits. An
answer that comes later is dropped. A frame without an answer is passed on after ANSWER_SECONDS, so that no fault can
lose it.

This module knows no content of a frame, and does not use Redis itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from twisted.internet import reactor

from .. import counting
from ..log_throttle import LogThrottle
from ..upstream import Upstream

if TYPE_CHECKING:
    from .websockets import WebSocketProtocol

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)

CHANNEL = "websocket.gathered"
# Each message wakes three processes. 200 heartbeats a second took all of them 5.7 % of a core, and 8.5 % with 0.1 s.
GATHER_SECONDS = 0.25
# With fewer frames, a message on their channel costs more than it saves.
LEAST_FRAMES, MOST_FRAMES = 3, 250
# Heartbeats are short. A site's expression may match any text, and must not make a message of many megabytes.
MAX_CHARACTERS = 1000
# A client waits several times longer for the answer to a heartbeat.
ANSWER_SECONDS = 2
# After a message without an answer, nothing is gathered for this time: maybe no worker reads the channel.
PAUSE_SECONDS = 60
ANSWERED, PASSED_ON, UNANSWERED = ("answered",), ("passed_on",), ("unanswered",)  # labels of the counter


class Gathering:
    """
    The frames of an interface that were gathered and not yet answered.

    `reply_channel` is the channel of the answers. Other channels of the interface have names without `-` after the `!`.
    """

    def __init__(self, sender: Upstream, process: str) -> None:
        self._sender = sender
        self.reply_channel = f"{process}-gathered"
        # For each websocket, the number of the batch that has its frame, and the text.
        self._waiting: dict[WebSocketProtocol, tuple[int, str]] = {}
        self._number = 0  # of the batch that is being filled
        self._filling: list[WebSocketProtocol] = []
        self._flushing: Any = None
        self._sent: dict[int, list[WebSocketProtocol]] = {}
        self._paused_until = 0.0

    def takes(self, websocket: WebSocketProtocol, kind: str, content: Any) -> bool:
        """Take a frame that has just arrived, and return True. Return False if the caller must pass the frame on."""
        self.release(websocket)
        pattern = websocket.rule.gather
        if pattern is None or kind != "text" or len(content) > MAX_CHARACTERS or not pattern.fullmatch(content):
            return False
        reply = websocket.reply_channel
        if self._sender.has_frames(reply) or reactor.seconds() < self._paused_until:
            return False
        # A frame that may wait for others follows a silence. This call ends the silence, so it comes last: `send` must
        # still find the silence of a frame that is not gathered.
        if not self._sender.choose_delay("websocket.receive", reply):
            return False
        self._waiting[websocket] = self._number, content
        self._filling.append(websocket)
        if len(self._filling) >= MOST_FRAMES:
            self._flush()
        elif self._flushing is None:
            self._flushing = reactor.callLater(GATHER_SECONDS, self._flush)
        return True

    def release(self, websocket: WebSocketProtocol) -> None:
        """Pass on the frame of a websocket that still waits, because another frame or the end follows."""
        if self._waiting and (found := self._waiting.pop(websocket, None)) is not None:
            counting.add("interface_gathered", PASSED_ON)
            websocket.pass_on("text", found[1])

    def receive(self, message: dict[str, Any]) -> None:
        """Send the answers to the frames of one batch, and pass on the frames without an answer."""
        number = message["batch"]
        websockets = self._sent.pop(number, ())
        try:
            for websocket, text in zip(websockets, message["texts"]):
                if text is not None and self._take_back(websocket, number) is not None:
                    counting.add("interface_gathered", ANSWERED)
                    websocket.answer_heartbeat(text)
        finally:
            self._pass_on(number, websockets, PASSED_ON)

    def give_up(self) -> None:
        """Pass on all frames whose answer has not arrived, because Redis has not accepted a batch."""
        for number in list(self._sent):
            self._end_unanswered(number)

    def _flush(self) -> None:
        if self._flushing is not None and self._flushing.active():
            self._flushing.cancel()
        number, websockets, self._flushing = self._number, self._filling, None
        self._number, self._filling = number + 1, []
        frames = [
            (websocket, found[1])
            for websocket in websockets
            if (found := self._waiting.get(websocket)) is not None and found[0] == number
        ]
        if len(frames) < LEAST_FRAMES:
            self._pass_on(number, websockets, PASSED_ON)
            return
        self._sent[number] = [websocket for websocket, _ in frames]
        message = {
            "reply_channel": self.reply_channel,
            "batch": number,
            "frames": [(websocket.reply_channel, text) for websocket, text in frames],
        }
        self._sender.send(CHANNEL, message)
        reactor.callLater(ANSWER_SECONDS, self._end_unanswered, number)

    def _end_unanswered(self, number: int) -> None:
        websockets = self._sent.pop(number, None)
        if websockets is not None:
            self._paused_until = reactor.seconds() + PAUSE_SECONDS
            throttle.warning("No worker has answered the gathered frames on %s: passing them on one by one", CHANNEL)
            self._pass_on(number, websockets, UNANSWERED)

    def _pass_on(self, number: int, websockets: Iterable[WebSocketProtocol], label: tuple[str]) -> None:
        for websocket in websockets:
            text = self._take_back(websocket, number)
            if text is not None:
                counting.add("interface_gathered", label)
                websocket.pass_on("text", text)

    def _take_back(self, websocket: WebSocketProtocol, number: int) -> str | None:
        """Return the text of a websocket, and end its wait, if it still waits in this batch."""
        found = self._waiting.get(websocket)
        if found is None or found[0] != number:
            return None
        del self._waiting[websocket]
        return found[1]

"""
Gathered frames: the heartbeats of many websockets in one message, and their answers in one message.

An interface gathers the texts that the option `gather` of INTERFACE_PATHS describes. It sends them on the channel
`websocket.gathered`. A consumer of this channel answers the frames that need nothing but an answer. The interface
passes all other frames on as `websocket.receive`. It does the same if the consumer fails or is late.

The consumer must not change what later frames of the connection depend on: the frame may be passed on as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from channels.message import Message

from .sessions import read_idle_sessions


class GatheredFrame(NamedTuple):
    """A text, the reply channel of its websocket, and the websocket's channel session."""

    channel: str
    text: str
    session: dict[str, Any]


class GatheredFrames:
    """
    The frames of one message on `websocket.gathered`.

    The list `frames` leaves out the frames that the consumer cannot answer: those of connections without a channel
    session, or with other frames in their queue. These are passed on.
    """

    def __init__(self, message: Message) -> None:
        self._message = message
        names = [channel for channel, _ in message["frames"]]
        sessions = read_idle_sessions(message.channel_layer, names)
        self.frames = [
            GatheredFrame(channel, text, session)
            for (channel, text), session in zip(message["frames"], sessions)
            if session
        ]

    def answer(self, texts: dict[str, str]) -> None:
        """Send a text to each of these reply channels: {reply channel: text}. Pass all other frames on."""
        answers: Sequence[str | None] = [texts.get(channel) for channel, _ in self._message["frames"]]
        self._message.reply_channel.send({"batch": self._message["batch"], "texts": answers})

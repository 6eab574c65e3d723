"""
Measures the time from the arrival of a client's message to the last socket that gets the group message it causes.

An interface notes when a frame or a request arrived: its own clock, in milliseconds, under KEY in the message. The
worker removes the key before the consumer runs, and adds the time to each group message that the consumer sends. Every
interface with members of the group measures the time until it has written to its last member.

If the clocks of two machines differ, the measured time is wrong by the difference. A negative time counts as 0. This
module sends nothing. Processes of an older version ignore the time.
"""

from __future__ import annotations

import contextvars
import time
from typing import Any

from . import counting
from .channel_layer import Message

KEY = "__arrived_at__"

_current: contextvars.ContextVar[int | None] = contextvars.ContextVar("arrived_at", default=None)


def add_arrival(message: Message) -> Message:
    """Return a copy of a client's message with the time of its arrival, which is now."""
    return {**message, KEY: int(time.time() * 1000)}


def take(content: Any) -> int | None:
    """Remove the time of arrival (ms) from a message, and return it, or None. The message may be malformed."""
    arrived_at = content.pop(KEY, None) if isinstance(content, dict) else None
    return arrived_at if isinstance(arrived_at, int) else None


def begin(content: Message) -> None:
    """Remove the time of arrival from a message that this thread handles from now on, and remember it."""
    _current.set(take(content))


def end() -> None:
    """Note that this thread handles no message."""
    _current.set(None)


def get_arrival() -> int | None:
    """Return when the message that this thread handles arrived (ms), or None if this is unknown."""
    return _current.get()


def observe(arrived_at: int) -> None:
    """Count the time since an arrival. `arrived_at` is in ms since the epoch."""
    counting.observe("interface_broadcast_seconds", max(0.0, time.time() - arrived_at / 1000))

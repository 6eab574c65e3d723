"""
`enforce_ordering`: the messages of one connection run one after another, in the order in which they were sent.

It has the name, the use and the guarantee of `channels.sessions.enforce_ordering`, which can block a connection. With
that decorator, all later messages wait if a consumer raises an exception, or a killed worker loses a message.

The channel layer in Redis keeps the order itself: it delivers a connection's next message when the previous one is
finished. On that layer the decorator only adds the session. On a layer in memory the decorator keeps the order. The
order advances after the consumer's messages are sent, even if the consumer fails. If a message is missing for
GAP_SECONDS, the connection is closed with 4408, so that the client reconnects and resumes.

A site may have a layer of another package under another alias. On that layer, the decorator is the one of Channels.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from channels.exceptions import DenyConnection
from channels.message import Message, pending_message_store

from . import timers
from .channel_layer import ConnectionTurns
from .leases import ENDED_SECONDS
from .sessions import channel_session
from .stock_layers import get_connection_turns, is_supported, stock_enforce_ordering

logger = logging.getLogger(__name__)

GAP_SECONDS = 5
CLOSE_CONNECTION_LOST = 4408

RUN, WAIT, DROP, LOST = "run", "wait", "drop", "lost"


class MemoryTurns:
    """Keeps the order of the connections of a layer in this process' memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, dict[str, Any]] = {}

    def arrive(self, connection: str, order: int, content: dict[str, Any]) -> str:
        """Return what to do with a message: RUN, WAIT (it is stored until its turn), DROP, or LOST (close)."""
        with self._lock:
            record = self._records.setdefault(connection, {"next": 0, "running": -1, "waiting": {}, "since": None})
            if order < record["next"] or order == record["running"]:
                return DROP
            if order == record["next"]:
                record["running"] = order
                return RUN
            record["waiting"][order] = content
            record["since"] = record["since"] or time.monotonic()
            return LOST if time.monotonic() - record["since"] > GAP_SECONDS else WAIT

    def advance(self, connection: str, order: int) -> dict[str, Any] | None:
        """Note that a message is finished. Return the content of the next message if it waits, else None."""
        with self._lock:
            record = self._records.get(connection)
            if record is None or record["next"] != order:
                return None
            record["next"] = order + 1
            following = record["waiting"].pop(order + 1, None)
            record["since"] = time.monotonic() if record["waiting"] else None
            return following

    def is_stuck(self, connection: str) -> bool:
        """Return whether a message of the connection has been missing for GAP_SECONDS."""
        with self._lock:
            since = self._records.get(connection, {}).get("since")
            return since is not None and time.monotonic() - since >= GAP_SECONDS

    def forget(self, connection: str) -> None:
        """Delete the state after ENDED_SECONDS: an unordered disconnect may overtake the last frames."""
        timers.call_later(ENDED_SECONDS, ("turns", connection), self._records.pop, connection, None)


def enforce_ordering(func: Callable[..., Any] | None = None, slight: bool = False) -> Callable[..., Any]:
    """
    Decorate a consumer so that the messages of one reply channel run in their `order`.

    The decorator includes `channel_session`. A message that arrives early waits, and a duplicate is dropped. A
    connection with a gap is closed with 4408. A `websocket.disconnect` consumer may have this decorator too; then it
    runs last.

    Raise ValueError for `slight=True`. The consumer raises ValueError for a message without `order`.
    """
    if slight:
        raise ValueError("Slight ordering is always on: remove `slight=True` or the decorator.")
    if func is None:
        return enforce_ordering

    with_session = channel_session(func)

    @functools.wraps(func)
    def inner(message: Message, *args: Any, **kwargs: Any) -> Any:
        if "order" not in message.content:
            raise ValueError("The message has no `order`, so @enforce_ordering cannot be used for its channel.")
        if not is_supported(message.channel_layer):
            return stock_enforce_ordering(func)(message, *args, **kwargs)
        turns = get_connection_turns(message.channel_layer)
        if turns is None or getattr(message, "is_in_turn", False):
            # The layer keeps the order, or a demultiplexer passes its own message to the consumer of a stream.
            return with_session(message, *args, **kwargs)
        connection, order = message.reply_channel.name, int(message["order"])
        content = {**message.content, "original_channel": message.channel.name}
        turn = turns.arrive(connection, order, content)
        if turn == RUN:
            _run(with_session, turns, message, order, args, kwargs)
        elif turn == WAIT:
            timers.call_later(GAP_SECONDS + 1, ("gap", connection), _close_if_stuck, turns, message)
        elif turn == LOST:
            _close(turns, message)
        return None

    return inner


def forget_ordering(message: Message) -> None:
    """Release the ordering state of the message's connection. `websocket.disconnect` consumers call it."""
    turns = get_connection_turns(message.channel_layer)
    if turns is not None:
        turns.forget(message.reply_channel.name)


def _run(
    consumer: Callable[..., Any], turns: ConnectionTurns, message: Message, order: int, args: Any, kwargs: Any
) -> None:
    message.is_in_turn = True
    try:
        consumer(message, *args, **kwargs)
    except DenyConnection:
        turns.forget(message.reply_channel.name)
        raise
    finally:
        # Another worker may run the next message at once, so this consumer's messages must be sent first.
        _flush_sends()
        following = turns.advance(message.reply_channel.name, order)
        if following is not None:
            _requeue(message, following)
        elif message.channel.name == "websocket.disconnect":
            turns.forget(message.reply_channel.name)


def _flush_sends() -> None:
    if not pending_message_store.active:
        return
    try:
        pending_message_store.send_and_flush()
    except RuntimeError:
        # The reply channel is still full. Its client resumes from its cursor, and the worker must serve other clients.
        logger.exception("A consumer's messages could not be delivered")
    finally:
        pending_message_store.prepare()


def _requeue(message: Message, content: dict[str, Any]) -> None:
    channel = content.pop("original_channel")
    layer = message.channel_layer
    for _ in range(20):
        try:
            return layer.send(channel, content)
        except layer.ChannelFull:
            time.sleep(0.05)
    logger.warning("%s is full: closing %s", channel, message.reply_channel.name)
    _close(get_connection_turns(layer), message)


def _close_if_stuck(turns: ConnectionTurns, message: Message) -> None:
    if turns.is_stuck(message.reply_channel.name):
        _close(turns, message)


def _close(turns: ConnectionTurns | None, message: Message) -> None:
    """Close a connection that lost a message. The client knows its cursor, reconnects and resumes."""
    logger.warning("A message of %s is missing: closing with %s", message.reply_channel.name, CLOSE_CONNECTION_LOST)
    try:
        Message({"reply_channel": message.reply_channel.name}, "-", message.channel_layer).reply_channel.send(
            {"close": CLOSE_CONNECTION_LOST}, immediately=True
        )
    except message.channel_layer.ChannelFull:
        logger.exception("%s could not be closed", message.reply_channel.name)

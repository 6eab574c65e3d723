"""
`enforce_ordering`: one connection's messages run one after another, in the order they were sent. And never jam.

Same name, use and promise as `channels.sessions.enforce_ordering`, which jams (each seen to happen): a consumer
that raises leaves its order unchanged, so all that follows waits for ever; so does a message lost with a killed
worker.

On our channel layer the order is the layer's: it hands out a connection's next message when the last one is done with,
so the decorator only brings the session. On a layer in memory it keeps turns itself: the order advances whatever
the consumer does, after its sends have left, and where a message is missing for GAP_SECONDS the connection is closed
with 4408, so that the client comes back and resumes. It knows no chat.
"""

import functools
import logging
import threading
import time

from channels.exceptions import DenyConnection
from channels.message import Message, pending_message_store

from . import timers
from .sessions import channel_session

logger = logging.getLogger(__name__)

GAP_SECONDS = 5
# A disconnect that is not ordered may overtake the last frames of its connection: they still run.
AFTERLIFE_SECONDS = 30
CLOSE_CONNECTION_LOST = 4408

RUN, WAIT, DROP, LOST = "run", "wait", "drop", "lost"


class MemoryTurns:
    """Whose turn it is, for the connections of a layer that lives in this process."""

    def __init__(self):
        self._lock = threading.Lock()
        self._records = {}

    def arrive(self, connection, order, content):
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

    def advance(self, connection, order):
        with self._lock:
            record = self._records.get(connection)
            if record is None or record["next"] != order:
                return None
            record["next"] = order + 1
            following = record["waiting"].pop(order + 1, None)
            record["since"] = time.monotonic() if record["waiting"] else None
            return following

    def is_stuck(self, connection):
        with self._lock:
            since = self._records.get(connection, {}).get("since")
            return since is not None and time.monotonic() - since >= GAP_SECONDS

    def forget(self, connection):
        timers.call_later(AFTERLIFE_SECONDS, ("turns", connection), self._records.pop, connection, None)


def enforce_ordering(func=None, slight=False):
    """
    Decorates a consumer so that the messages of one reply channel run in their `order`, each exactly once.

    Implies `channel_session`. A message that comes early waits; one that comes again is dropped. A connection with
    a gap is closed with 4408. It may stand on `websocket.disconnect`, too: this line does not jam, and what cleans up
    then runs last.
    Raises ValueError for a message without `order`.
    """
    if slight:
        raise ValueError("Slight ordering is now always on due to Channels changes. Please remove the decorator.")
    if func is None:
        return enforce_ordering

    with_session = channel_session(func)

    @functools.wraps(func)
    def inner(message, *args, **kwargs):
        if "order" not in message.content:
            raise ValueError("No `order` value in message; @enforce_ordering can only be used on messages with it.")
        turns = message.channel_layer.connection_turns
        if turns is None:
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


def forget_ordering(message):
    """Lets go of what is kept of the connection's order. For `websocket.disconnect` consumers."""
    turns = message.channel_layer.connection_turns
    if turns is not None:
        turns.forget(message.reply_channel.name)


def _run(consumer, turns, message, order, args, kwargs):
    try:
        consumer(message, *args, **kwargs)
    except DenyConnection:
        turns.forget(message.reply_channel.name)
        raise
    finally:
        # The next message may run in another worker at once, so what this one sent has to leave before.
        _flush_sends()
        following = turns.advance(message.reply_channel.name, order)
        if following is not None:
            _requeue(message, following)


def _flush_sends():
    if not pending_message_store.active:
        return
    try:
        pending_message_store.send_and_flush()
    except RuntimeError:
        # A reply channel that stays full: that client resumes with its cursor; this worker has others to serve.
        logger.exception("What a consumer sent could not be delivered")
    finally:
        pending_message_store.prepare()


def _requeue(message, content):
    channel = content.pop("original_channel")
    layer = message.channel_layer
    for _ in range(20):
        try:
            return layer.send(channel, content)
        except layer.ChannelFull:
            time.sleep(0.05)
    logger.warning("%s is full: closing %s", channel, message.reply_channel.name)
    _close(layer.connection_turns, message)


def _close_if_stuck(turns, message):
    if turns.is_stuck(message.reply_channel.name):
        _close(turns, message)


def _close(turns, message):
    """Ends a connection whose order is lost. The client knows its cursor and comes back at once."""
    logger.warning("A message of %s is missing: closing with %s", message.reply_channel.name, CLOSE_CONNECTION_LOST)
    try:
        Message({"reply_channel": message.reply_channel.name}, "-", message.channel_layer).reply_channel.send(
            {"close": CLOSE_CONNECTION_LOST}, immediately=True
        )
    except message.channel_layer.ChannelFull:
        logger.exception("%s could not be closed", message.reply_channel.name)

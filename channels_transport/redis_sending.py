"""
Sends messages through Redis, at once or with a worker's next trip. Slows down the senders to a full list.
"""

from __future__ import annotations

import time
from typing import Any

from . import scripts
from .bounded_cache import BoundedCache
from .channel_layer import Message
from .channel_names import is_fixed, is_ordered
from .deferred import OnAnswer
from .leases import CONNECTION_LEASE_SECONDS
from .redis_base import RedisBase

# At most this many frames of one connection may wait for a worker.
MAX_WAITING_FRAMES = 1000
# The websocket.disconnect of a connection whose interface died: RFC 6455's code for an abnormal closure, and an order
# above the order of every other frame.
ABNORMAL_CLOSURE, DISCONNECT_ORDER = 1006, 2**31
# Senders that cannot raise (a flush, a group send) may exceed the capacity by this factor. They are then slowed down.
OVERFILL_FACTOR = 4
SLOW_DOWN_SECONDS = 2
SLOW_DOWN_STEP_SECONDS = 0.02
# If a list was still over its capacity after a sender had waited, no sender waits for the list again within this time.
STALLED_SECONDS = 5
MAX_STALLED = 1000
# The answers of scripts that did not accept a message.
REFUSED = (0, b"full", b"gap")


class RedisSending(RedisBase):
    """The part of the layer that sends messages to channels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # For each channel with a stalled list, the value of time.monotonic() until which no sender waits for it.
        self._stalled_until: BoundedCache[str, float] = BoundedCache(MAX_STALLED)

    def send(self, channel: str, message: Message) -> None:
        """Send a message to a channel. Raise ChannelFull if the channel has reached its capacity."""
        # A plain channel has a list on each shard, and is full when all of these lists are full.
        is_spread = not is_fixed(channel) and not is_ordered(channel, message)
        for _ in range(self.ring_size if is_spread else 1):
            index, command = self.send_command(channel, message)
            (answer,) = self.shards[index].call(command)
            if answer not in REFUSED:
                return
        raise self.ChannelFull(channel)

    def send_command(self, channel: str, message: Message, overfill: int = 1) -> tuple[int, tuple]:
        """
        Return (index of the shard, the command that sends a message).

        `overfill` multiplies the channel's capacity. Raise AssertionError or TypeError for an invalid message or name.
        """
        assert isinstance(message, dict), "message is not a dict"
        assert self.valid_channel_name(channel), "Channel name not valid"
        assert "__asgi_channel__" not in message
        body = self.serialize(message)
        if is_ordered(channel, message):
            return self._enqueue_command(channel, message, body)
        target = self.non_local_name(channel)
        name = channel if target != channel else ""
        index = self.consistent_hash(target) if is_fixed(channel) else next(self._send_index_generator)
        capacity = self.get_capacity(target) * overfill
        if not is_fixed(channel):
            capacity = (capacity + index) // self.ring_size  # the sum over all shards is the capacity
        return index, self.command(scripts.SEND, target, name, body, self.expiry, capacity)

    def _enqueue_command(self, channel: str, message: Message, body: bytes) -> tuple[int, tuple]:
        reply, capacity, disconnect = message["reply_channel"], self.get_capacity(channel), b""
        if channel == "websocket.connect":
            disconnect = self.serialize(
                {
                    "reply_channel": reply,
                    "path": message.get("path", ""),
                    "code": ABNORMAL_CLOSURE,
                    "order": DISCONNECT_ORDER,
                }
            )
        return self.consistent_hash(self.non_local_name(reply)), self.command(
            scripts.ENQUEUE,
            channel,
            reply,
            message["order"],
            body,
            self.expiry,
            capacity,
            min(MAX_WAITING_FRAMES, capacity),
            CONNECTION_LEASE_SECONDS,
            disconnect,
        )

    def send_later(self, channel: str, message: Message) -> None:
        """Send a message with this thread's next trip. If the channel is full, `after_push` only logs the loss."""
        index, command = self.send_command(channel, message, OVERFILL_FACTOR)
        self.receiver.deferred.add(
            index, command, lambda length: self.after_push(self.non_local_name(channel), length, index)
        )

    def run_later(self, index: int, command: tuple, on_answer: OnAnswer | None = None) -> None:
        """
        Run a command with this thread's next trip to a shard, or at once if the thread has no current message.

        `on_answer(answer)`, if any, is called afterwards. If the connection to Redis breaks, the command may be lost.
        """
        if self.receiver.reply:
            self.receiver.deferred.add(index, command, on_answer)
            return
        (answer,) = self.shards[index].call(command)
        if on_answer is not None:
            on_answer(answer)

    def requeue(self, channel: str, message: Message) -> None:
        """
        Put a message, whose consumer has raised ConsumeLater, back at the head of its connection's queue.

        If this thread has no turn of that connection, send the message to its channel again.
        """
        receiver = self.receiver
        if not receiver.holds(message.get("reply_channel")):
            self.send(channel, message)
            return
        command = self.command(
            scripts.REQUEUE,
            channel,
            message["reply_channel"],
            self.serialize(message),
            self.expiry,
            CONNECTION_LEASE_SECONDS,
            receiver.name,
        )
        receiver.deferred.add(self.consistent_hash(self.non_local_name(message["reply_channel"])), command)

    # These methods act when a list is full.

    def after_push(self, channel: str, length: Any, index: int | None = None) -> None:
        """
        Log a loss, or slow the sender down, after a push to a channel's list.

        `length` is the list's length after the push, or another answer of the script. `index` is the shard's index.
        """
        if length in REFUSED:
            self.log_loss(channel, "is full; a message to it is lost")
        elif isinstance(length, int) and length > self.get_capacity(channel):
            self._slow_down(channel, self.consistent_hash(channel) if index is None else index)

    def _slow_down(self, channel: str, index: int) -> None:
        if time.monotonic() < self._stalled_until.get(channel, 0):
            return
        # Meanwhile other workers can process what this thread would receive.
        self.receiver.stop_waiting()
        deadline = time.monotonic() + SLOW_DOWN_SECONDS
        while time.monotonic() < deadline:
            time.sleep(SLOW_DOWN_STEP_SECONDS)
            (length,) = self.shards[index].call(("LLEN", self.prefix + channel))
            if length <= self.get_capacity(channel):
                return
        self._stalled_until.store(channel, time.monotonic() + STALLED_SECONDS)
        self.log_loss(channel, "is over its capacity, and no process reads it")

"""
The delay server: stores the messages of `asgi.delay` as rows, and sends each to its channel when it is due.

Channels' own delay server ends at the first malformed message, and polls the channel and the database. This server
waits for the next message. The wait ends when the next row is due, or after CHECK_SECONDS.

A message stays in Redis until its row is stored, and the row stays until the message is sent. So a message is sent at
least once. It is sent exactly once unless a server dies, or loses its connection to Redis, during the send.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime, timedelta
from typing import Any

import redis
from channels.delay.models import DelayedMessage
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from . import log_context
from .alive import touch_alive_file
from .backoff import Backoff
from .heartbeat import Heartbeat
from .log_throttle import LogThrottle
from .outages import OUTAGES, REDIS_OUTAGES
from .reliable_queue import Delivery
from .signals import install_signal_handlers
from .stock_layers import unwrap

logger = logging.getLogger(__name__)

CHANNEL = "asgi.delay"
LONGEST_DELAY_SECONDS = 10 * 365 * 24 * 3600
# Each server reads the next due time at this interval, because another server may store a row and die.
CHECK_SECONDS = 5
SEND_BATCH = 100  # rows
# A server that sends a row owns it for this time; after that, another server may send it.
CLAIM = timedelta(seconds=10)
# A row whose channel is full is sent again after this time.
FULL_RETRY = timedelta(seconds=1)


class DelayServer:
    """
    A delay server. It runs until `stop`, in the thread that made it.

    Several servers may run at the same time: each claims a row before it sends the row. With `signal_handlers`, the
    thread must be the main thread.
    """

    kind = "delay server"

    def __init__(self, channel_layer: Any, signal_handlers: bool = True) -> None:
        self.layer = unwrap(channel_layer)
        self.signal_handlers = signal_handlers
        self.queue = self.layer.open_queue(CHANNEL)
        self.is_stopped = False
        # The heartbeat reports the next four attributes.
        self.handled = self.failed = self.retried = 0
        self.busy_since: float | None = None
        self._check_at = 0.0  # when to check for due rows again, by time.monotonic()
        self._backoff = Backoff()
        self._throttle = LogThrottle(logger)

    def stop(self, *signal_arguments: Any) -> None:
        """End `run` after its current step. This is also the signal handler; the wake-up pipe ends a wait."""
        self.is_stopped = True

    def run(self) -> None:
        """Receive, store and send until `stop`. Retry during an outage of Redis or the database."""
        if self.signal_handlers:
            self.layer.receiver.wake_up = install_signal_handlers(self.stop)
        logger.info("Listening on %s", CHANNEL)
        heartbeat = Heartbeat(self, [CHANNEL]) if self.layer.is_shared else None
        if heartbeat is not None:
            heartbeat.start()
        while not self.is_stopped:
            touch_alive_file()
            self._run_once()
        if heartbeat is not None:
            heartbeat.stop()
        self._shut_down()

    def _shut_down(self) -> None:
        try:
            self.queue.close()
        except REDIS_OUTAGES as outage:
            logger.warning("The next delay server continues with the current message: %s", outage)

    def _run_once(self) -> None:
        try:
            close_old_connections()
            self._send_due()
            delivery = self.queue.receive(max(0, self._check_at - time.monotonic()))
            if delivery is not None:
                self._store(delivery)
            self._backoff.reset()
            return
        except OUTAGES as outage:
            self._throttle.warning("Delayed messages wait for Redis or the database, retrying: %s", outage)
        except Exception:
            self._throttle.exception("The delay server failed, retrying", key="failure")
        self._backoff.wait(lambda: self.is_stopped)

    # These methods move a message from the channel to a row.

    def _store(self, delivery: Delivery) -> None:
        with log_context.handling(CHANNEL, *_split(delivery.content)):
            try:
                channel, content, delay = read_delayed_message(self.layer, delivery.content)
            except ValueError as error:
                self.failed += 1
                logger.error("A delayed message is dropped: %s", error)
            else:
                self._insert(delivery, channel, content, delivery.sent_at + delay)
            self.handled += 1
            self.queue.acknowledge(delivery)

    def _insert(self, delivery: Delivery, channel: str, content: str, due_at: float) -> None:
        # Without USE_TZ, Django stores local times without a zone, and `timezone.now()` returns such a time.
        due_date = datetime.fromtimestamp(due_at, timezone.utc if settings.USE_TZ else None)
        try:
            DelayedMessage.objects.create(channel_name=channel, content=content, due_date=due_date)
        except Exception:
            self.retried += 1
            self.queue.requeue(delivery)
            raise
        self._check_at = min(self._check_at, time.monotonic() + due_at - time.time())

    # These methods move a message from its row to its channel.

    def _send_due(self) -> None:
        """Send the rows that are due, in due order, and set the time of the next check."""
        if time.monotonic() < self._check_at:
            return
        rows = DelayedMessage.objects.order_by("due_date", "id")
        for row in rows.filter(due_date__lte=timezone.now())[:SEND_BATCH]:
            if self.is_stopped:
                return
            try:
                self._send(row)
            finally:
                log_context.clear()
        next_due_date = rows.values_list("due_date", flat=True).first()
        seconds = CHECK_SECONDS if next_due_date is None else (next_due_date - timezone.now()).total_seconds()
        self._check_at = time.monotonic() + min(max(0, seconds), CHECK_SECONDS)

    def _send(self, row: DelayedMessage) -> None:
        this_row = DelayedMessage.objects.filter(id=row.id)
        if not this_row.filter(due_date=row.due_date).update(due_date=timezone.now() + CLAIM):
            return  # another server has claimed the row
        try:
            content = json.loads(row.content)
            log_context.set_message(row.channel_name, *_split(content))
            self.layer.send(row.channel_name, content)
        except (self.layer.ChannelFull, redis.ResponseError) as refusal:
            # Redis refuses writes while it has no memory or no disk left.
            self._throttle.warning("A delayed message's channel or Redis is full, retrying: %s", refusal, key="full")
            this_row.update(due_date=timezone.now() + FULL_RETRY)
            return
        except REDIS_OUTAGES:
            this_row.update(due_date=row.due_date)
            raise
        except Exception as error:
            logger.error("A delayed message for %r cannot be sent, and is dropped: %s", row.channel_name, error)
        this_row.delete()


def _split(message: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a message and what it carries, for the lines of the log. The message may be malformed."""
    content = message if isinstance(message, dict) else {}
    return content, log_context.take_carried(dict(content))


def read_delayed_message(layer: Any, message: Any) -> tuple[str, str, float]:
    """
    Return (channel, content as JSON, delay in seconds) of a message on `asgi.delay`.

    Raise ValueError if the message is malformed. The exception's text says why.
    """
    if message is None:
        raise ValueError("it cannot be read")
    if not isinstance(message, dict) or not {"channel", "content", "delay"} <= message.keys():
        raise ValueError("it must have 'channel', 'content' and 'delay'")
    channel, content, delay = message["channel"], message["content"], message["delay"]
    try:
        layer.valid_channel_name(channel)
    except TypeError:
        raise ValueError(f"its channel name is not valid: {str(channel)[:100]!r}") from None
    is_number = isinstance(delay, (int, float)) and not isinstance(delay, bool)
    # The range also excludes NaN.
    if not is_number or not 0 <= delay <= LONGEST_DELAY_SECONDS * 1000:
        raise ValueError(
            f"its delay for {channel} is not a number of milliseconds (at most ten years): {str(delay)[:100]!r}"
        )
    return channel, _encode(channel, content), delay / 1000


def _encode(channel: str, content: Any) -> str:
    if not isinstance(content, dict) or "__asgi_channel__" in content:
        raise ValueError(f"its content for {channel} is not a message")
    try:
        return json.dumps(content)
    except (TypeError, ValueError) as error:
        raise ValueError(f"its content for {channel} cannot be stored as JSON: {error}") from None

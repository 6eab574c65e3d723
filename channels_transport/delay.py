"""
The delay server: keeps what comes on `asgi.delay` as rows, and sends each on its channel when it is due.

Channels' own ends at the first malformed message, and asks channel and database again and again. This one waits for
both at once; a message is in Redis until its row is stored, and in its row until it is sent: it is sent at least once,
and just once unless a server dies, or loses Redis, in the middle of sending. It knows no chat.
"""

import json
import logging
import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta

import redis
from channels.delay.models import DelayedMessage
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from .log_throttle import LogThrottle
from .shards import OUTAGES as REDIS_OUTAGES
from .worker import Heart

logger = logging.getLogger(__name__)

CHANNEL = "asgi.delay"
OUTAGES = (DatabaseError, InterfaceError, *REDIS_OUTAGES)
LONGEST_DELAY_SECONDS = 10 * 365 * 24 * 3600
# Another server may store a row that this one does not hear of, and die: each looks so often.
LOOK_EVERY_SECONDS = 5
SEND_AT_ONCE = 100
# A row that is being sent is its server's for so long.
CLAIM = timedelta(seconds=10)
FULL = timedelta(seconds=1)
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5


class DelayServer:
    """
    Runs until it is told to stop, in the thread that made it. Several may run: each row is claimed before it is sent.
    """

    def __init__(self, channel_layer, signal_handlers=True):
        self.layer = getattr(channel_layer, "channel_layer", channel_layer)
        self.signal_handlers = signal_handlers
        self.taker = self.layer.make_taker(CHANNEL)
        self.termed = False
        self.handled, self.busy_since = 0, None  # for the heart
        self._look_at = 0  # when the next row may be due, by time.monotonic
        self._pause = SHORTEST_PAUSE_SECONDS
        self._throttle = LogThrottle(logger)

    def stop(self, *arguments):
        """Ends `run` soon. Also a signal's handler: the wake-up file ends the waiting."""
        self.termed = True

    def run(self):
        """Takes, stores and sends until `stop`; whatever is away is waited for."""
        if self.signal_handlers:
            self._install_signal_handlers()
        logger.info("Listening on %s", CHANNEL)
        heart = Heart(self, [CHANNEL]) if self.layer.is_shared else None
        if heart is not None:
            heart.start()
        while not self.termed:
            self._run_once()
        if heart is not None:
            heart.stop()
        self._leave()

    def _install_signal_handlers(self):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        self.layer.receiver.wake_up = reading
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)

    def _leave(self):
        try:
            self.taker.finish()
        except REDIS_OUTAGES as outage:
            logger.warning("What was in hand will be taken up by the next delay server: %s", outage)

    def _run_once(self):
        try:
            close_old_connections()
            self._send_due()
            taken = self.taker.take(max(0, self._look_at - time.monotonic()))
            if taken is not None:
                self._store(taken)
            self._pause = SHORTEST_PAUSE_SECONDS
        except OUTAGES as outage:
            self._throttle.warning("Delayed messages have to wait: %s", outage)
            self._rest()
        except Exception:
            logger.exception("The delay server has failed, and goes on")
            self._rest()

    def _rest(self):
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        deadline = time.monotonic() + self._pause * random.uniform(0.5, 1)
        while time.monotonic() < deadline and not self.termed:
            time.sleep(0.05)

    # From the channel into a row.

    def _store(self, taken):
        try:
            channel, content, delay = read_order(self.layer, taken.content)
        except ValueError as error:
            logger.error("A delayed message is dropped: %s", error)
        else:
            self._insert(taken, channel, content, taken.sent_at + delay)
        self.handled += 1
        self.taker.done(taken)

    def _insert(self, taken, channel, content, due_at):
        due_date = datetime.fromtimestamp(due_at, UTC)
        try:
            DelayedMessage.objects.create(channel_name=channel, content=content, due_date=due_date)
        except Exception:
            self.taker.keep(taken)
            raise
        self._look_at = min(self._look_at, time.monotonic() + due_at - time.time())

    # From the row to its channel.

    def _send_due(self):
        """Sends what is due, in due order, and notes when to look again."""
        if time.monotonic() < self._look_at:
            return
        rows = DelayedMessage.objects.order_by("due_date", "id")
        for row in rows.filter(due_date__lte=timezone.now())[:SEND_AT_ONCE]:
            if self.termed:
                return
            self._send(row)
        following = rows.values_list("due_date", flat=True).first()
        seconds = LOOK_EVERY_SECONDS if following is None else (following - timezone.now()).total_seconds()
        self._look_at = time.monotonic() + min(max(0, seconds), LOOK_EVERY_SECONDS)

    def _send(self, row):
        mine = DelayedMessage.objects.filter(id=row.id)
        if not mine.filter(due_date=row.due_date).update(due_date=timezone.now() + CLAIM):
            return  # another server was faster
        try:
            self.layer.send(row.channel_name, json.loads(row.content))
        except (self.layer.ChannelFull, redis.ResponseError) as refusal:
            # Redis refuses what it has no memory or no disk for, and takes it again when it has.
            self._throttle.warning("Delayed messages find no room for now: %s", refusal)
            mine.update(due_date=timezone.now() + FULL)
            return
        except REDIS_OUTAGES:
            mine.update(due_date=row.due_date)
            raise
        except Exception as error:
            logger.error("A delayed message for %r cannot be sent, and is dropped: %s", row.channel_name, error)
        mine.delete()


def read_order(layer, order):
    """
    Returns (channel, content as JSON, delay in seconds) of what came on `asgi.delay`. Raises ValueError that says what
    is wrong with it.
    """
    if not isinstance(order, dict) or not {"channel", "content", "delay"} <= order.keys():
        raise ValueError("it must have 'channel', 'content' and 'delay'")
    channel, content, delay = order["channel"], order["content"], order["delay"]
    try:
        layer.valid_channel_name(channel)
    except TypeError:
        raise ValueError(f"its channel has no valid name: {str(channel)[:100]!r}") from None
    is_number = isinstance(delay, int | float) and not isinstance(delay, bool)
    # NaN is in no range.
    if not is_number or not 0 <= delay <= LONGEST_DELAY_SECONDS * 1000:
        raise ValueError(f"its delay for {channel} is no number of milliseconds: {str(delay)[:100]!r}")
    return channel, _pack(channel, content), delay / 1000


def _pack(channel, content):
    if not isinstance(content, dict) or "__asgi_channel__" in content:
        raise ValueError(f"its content for {channel} is no message")
    try:
        return json.dumps(content)
    except (TypeError, ValueError) as error:
        raise ValueError(f"its content for {channel} cannot be kept: {error}") from None

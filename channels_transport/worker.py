"""
The worker: takes one message after another off the channel layer and runs its consumer to the end.

Channels' worker in all that consumers see; but no exception of a consumer, of what it sends, or of Redis ends it, it
finishes what it has popped when it is told to stop, and it shows that it is alive. It knows no chat.
"""

import json
import logging
import os
import random
import signal
import threading
import time

import redis
from channels import Group as StockGroup
from channels.exceptions import ChannelSocketException, ConsumeLater, DenyConnection, WebsocketCloseException
from channels.message import Message, pending_message_store
from channels.signals import consumer_finished, consumer_started
from channels.utils import name_that_thing
from channels.worker import Worker as StockWorker

from . import scripts
from .group import Group
from .shards import OUTAGES, UnsupportedRedis
from .stopping import set_stopping

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1
REPORT_LEASE_SECONDS = 10
RECLAIM_AT_ONCE = 100
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5


class Worker(StockWorker):
    """
    A worker on our channel layer. `max_messages` (0: none) ends it after so many, to be started again afresh.

    The arguments are Channels', the public ones of runworker.
    """

    def __init__(self, channel_layer, *args, max_messages=0, **kwargs):
        super().__init__(channel_layer, *args, **kwargs)
        self.layer = getattr(channel_layer, "channel_layer", channel_layer)
        self.max_messages = max_messages
        self.handled = 0
        self.busy_since = None
        self._pause = SHORTEST_PAUSE_SECONDS

    def sigterm_handler(self, signo, stack_frame):
        # Nothing ends here, in the middle of whatever runs: the wake-up file ends the waiting, `termed` the loop.
        self.termed = True
        set_stopping(True)

    def install_signal_handler(self):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        self.layer.receiver.wake_up = reading
        super().install_signal_handler()

    def run(self):
        """Runs until it is told to stop, or has handled `max_messages`."""
        if self.signal_handlers:
            self.install_signal_handler()
        channels = self.apply_channel_filters(self.channel_layer.router.channels)
        logger.info("Listening on channels %s", ", ".join(sorted(channels)))
        heart = Heart(self, channels)
        heart.start()
        while not self.termed:
            channel, content = self._receive(channels)
            if channel is not None:
                self._handle(channel, content)
        self._leave(heart)

    def _receive(self, channels):
        """Returns the next message, or (None, None); waits longer and longer while Redis is away, or refuses."""
        try:
            found = self.layer.receive(channels, block=True)
            self._pause = SHORTEST_PAUSE_SECONDS
            return found
        except OUTAGES as outage:
            if self._pause == SHORTEST_PAUSE_SECONDS:
                logger.warning("Redis is away, trying again: %s", outage)
        except UnsupportedRedis:
            raise
        except Exception:
            # It may have no memory or no disk left, or hold what nobody can read.
            logger.exception("No message can be received, trying again")
        self._rest()
        return None, None

    def _rest(self):
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        deadline = time.monotonic() + self._pause * random.uniform(0.5, 1)
        while time.monotonic() < deadline and not self.termed:
            time.sleep(0.05)

    def _leave(self, heart):
        # A second word to end, while it is ending, would end it in the middle.
        if self.signal_handlers:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
        heart.stop()
        try:
            self.layer.receiver.finish()
        except redis.RedisError as error:
            logger.warning("The last message's turn will end by itself: %s", error)
        # No consumer of this worker runs any more, and whoever else is in this process was told nothing.
        set_stopping(False)

    def _handle(self, channel, content):
        self.busy_since = time.time()
        try:
            self._route(channel, content)
        except Exception:
            # What consumers raise does not come here: no sense can be made of the message itself.
            logger.exception("A message on %s can be given to no consumer, and is dropped", channel)
        self.busy_since = None
        self.handled += 1
        if self.max_messages and self.handled >= self.max_messages:
            logger.info("Handled %d messages: making room for a fresh worker", self.handled)
            self.termed = True

    def _route(self, channel, content):
        message = Message(content=content, channel_name=channel, channel_layer=self.channel_layer)
        if content.get("__retries__", 0) == self.message_retries:
            message.__doomed__ = True
        match = self.channel_layer.router.match(_Envelope(content, channel, self.channel_layer))
        if match is None:
            logger.error("Could not find match for message on %s! Check your routing.", channel)
            return
        if self.callback:
            self.callback(channel, message)
        self._run_consumer(message, *match)

    def _run_consumer(self, message, consumer, kwargs):
        try:
            consumer_started.send(sender=self.__class__, environ={})
            try:
                consumer(message, **kwargs)
            except (DenyConnection, ChannelSocketException, ConsumeLater) as order:
                self._obey(message, order)
        except Exception:
            logger.exception("Error processing message with consumer %s:", name_that_thing(consumer))
        finally:
            self._send_later()
            self._finish_consumer()

    def _obey(self, message, order):
        """Does what a consumer ordered by raising an exception."""
        if isinstance(order, DenyConnection):
            if message.channel.name != "websocket.connect":
                raise ValueError("You cannot DenyConnection from a non-websocket.connect handler.")
            message.reply_channel.send({"close": True})
        elif isinstance(order, WebsocketCloseException):
            # Its own `run` expects names of reply channels that Daphne 1.4 does not give.
            message.reply_channel.send({"close": order._code or True})
        elif isinstance(order, ConsumeLater):
            self._retry(message)
        else:
            order.run(message)

    def _retry(self, message):
        retries = message.content.get("__retries__", 0) + 1
        if retries > self.message_retries:
            logger.warning("Exceeded number of retries for message on channel %s", message.channel.name)
            return
        time.sleep(0.05 * random.random())
        self.layer.requeue(message.channel.name, {**message.content, "__retries__": retries})

    def _send_later(self):
        """Lets go what the consumer has sent, together with the question for the next message."""
        # There are none where the beginning has failed already.
        pending = getattr(pending_message_store.threadlocal, "messages", [])
        pending_message_store.prepare()
        for sender, content in pending:
            try:
                if isinstance(sender, Group):
                    self.layer.send_group_later(sender.name, content, sender.except_channels)
                elif isinstance(sender, StockGroup):
                    self.layer.send_group_later(sender.name, content)
                else:
                    self.layer.send_later(sender.name, content)
            except Exception:
                logger.exception("What a consumer sent to %s cannot be sent", sender.name)

    def _finish_consumer(self):
        try:
            # Database connections are looked after here.
            consumer_finished.send(sender=self.__class__)
        except Exception:
            logger.exception("Error after a consumer")


class _Envelope(Message):
    """What routing looks at. `include` copies it to take a prefix off its path; a copy of the letter would be waste."""

    def copy(self):
        return _Envelope(dict(self.content), self.channel.name, self.channel_layer)


class Heart(threading.Thread):
    """Once a second: renews the turn of the message in hand, takes up those of the dead, and shows signs of life."""

    def __init__(self, worker, channels):
        super().__init__(name="heart", daemon=True)
        self.worker = worker
        self.layer = worker.layer
        self.receiver = worker.layer.receiver
        self.channels = sorted(channels)
        self._stopped = threading.Event()
        self._is_ill = False

    def run(self):
        while True:
            try:
                self._beat()
                self._is_ill = False
            except redis.RedisError as error:
                if not self._is_ill:
                    logger.warning("Turns cannot be renewed for now: %s", error)
                self._is_ill = True
            except Exception:
                logger.exception("A heartbeat failed")
            if self._stopped.wait(BEAT_SECONDS):
                return

    def stop(self):
        self._stopped.set()

    def _beat(self):
        trouble = None
        for index in range(len(self.layer.shards)):
            try:
                self._beat_at(index)
            except redis.RedisError as error:
                trouble = error  # the other hosts' turns are renewed all the same
        if trouble is not None:
            raise trouble

    def _beat_at(self, index):
        commands = [self.layer.command(scripts.RECLAIM, RECLAIM_AT_ONCE), self._report()]
        claim = self.receiver.claim()
        if claim is not None and claim[0] == index:
            commands.insert(0, claim[1])
        lost = self.layer.shards[index].call(*commands)[-2]
        if lost:
            logger.warning("%d messages were lost with their workers; their connections go on", len(lost))

    def _report(self):
        state = {
            "pid": os.getpid(),
            "channels": self.channels,
            "handled": self.worker.handled,
            "busy_since": self.worker.busy_since,
            "at": time.time(),
        }
        key = f"{self.layer.prefix}worker:{self.receiver.name}"
        return ("SET", key, json.dumps(state), "EX", REPORT_LEASE_SECONDS)

"""
The worker: receives one message after another from the channel layer and runs its consumer to the end.

Consumers see no difference from Channels' own worker. But no exception of a consumer, of a send or of Redis ends this
worker, except that of a Redis that is too old. After a signal to stop, the worker finishes the current message. Its
heartbeat shows other workers that it is alive.
The module does not depend on a site.
"""

from __future__ import annotations

import functools
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

import redis
from channels import DEFAULT_CHANNEL_LAYER
from channels import Group as StockGroup
from channels.exceptions import ChannelSocketException, ConsumeLater, DenyConnection, WebsocketCloseException
from channels.message import Message, pending_message_store
from channels.signals import consumer_finished, consumer_started
from channels.utils import name_that_thing
from channels.worker import Worker as StockWorker

from . import arrivals, counting, following, log_context
from .alive import touch_alive_file
from .backoff import Backoff
from .channel_names import is_fixed
from .group import Group
from .heartbeat import Heartbeat
from .log_throttle import LogThrottle
from .outages import REDIS_OUTAGES
from .redis_info import UnsupportedRedis
from .routes import Routes
from .signals import ignore_signals, install_signal_handlers, set_stopping
from .slow_log import SlowLog
from .stock_layers import unwrap

logger = logging.getLogger(__name__)

_name_consumer = functools.lru_cache(maxsize=1000)(name_that_thing)

# When a consumer raises ConsumeLater, the worker waits for a random time, at most this long, before it requeues the
# message.
REQUEUE_SECONDS = 0.05
# A layer in memory cannot block until a message arrives.
MEMORY_STEP_SECONDS = 0.01


class Worker(StockWorker):
    """
    A worker on this package's channel layers. On the layer of another package it is Channels' worker.

    `max_messages` (0: no limit) ends the worker after that many messages, so that a supervisor starts a fresh process.
    The other arguments are those of Channels' worker; `runworker` passes them on.
    """

    def __init__(self, channel_layer: Any, *args: Any, max_messages: int = 0, **kwargs: Any) -> None:
        super().__init__(channel_layer, *args, **kwargs)
        self.layer = unwrap(channel_layer)
        # A layer of another package has only `receive`.
        self._take = getattr(self.layer, "receive_with_carried", self.layer.receive)
        self.max_messages = max_messages
        # The heartbeat reports the next four attributes.
        self.handled = self.failed = self.retried = 0
        self.busy_since: float | None = None
        self.backoff = Backoff()
        self._routes: Routes | None = None
        self._throttle = LogThrottle(logger, LogThrottle.ONCE)
        self._slow = SlowLog()

    @property
    def _has_receiver(self) -> bool:
        return hasattr(self.layer, "receiver")

    def sigterm_handler(self, signo: int, stack_frame: FrameType | None) -> None:
        """Tell the worker to stop after the current message. The wake-up pipe ends a wait, `termed` ends the loop."""
        self.termed = True
        set_stopping(True)

    def install_signal_handler(self) -> None:
        """Stop on SIGTERM and SIGINT, also during a wait for a message."""
        if not self._has_receiver:
            super().install_signal_handler()
            return
        self.layer.receiver.wake_up = install_signal_handlers(self.sigterm_handler)

    def run(self) -> None:
        """Receive and handle messages until a signal stops the worker, or it has handled `max_messages`."""
        if not self._has_receiver:
            super().run()
            return
        if self.signal_handlers:
            self.install_signal_handler()
        channels = self.apply_channel_filters(self.channel_layer.router.channels)
        logger.info("Listening on channels %s", ", ".join(sorted(channels)))
        heartbeat = Heartbeat(self, channels)
        heartbeat.start()
        self.layer.receiver.start_prefetching()
        while not self.termed:
            touch_alive_file()
            channel, content = self._receive(channels)
            self._slow.check_trip(self.layer.receiver.sending_seconds)
            if channel is not None:
                self._handle(channel, content)
        self._shut_down(heartbeat)

    def _receive(self, channels: Iterable[str]) -> tuple[str | None, Any]:
        """Return the next message, or (None, None) after a wait. After failures, wait longer each time."""
        try:
            found = self._take(channels, block=True)
        except REDIS_OUTAGES as outage:
            self._throttle.warning("Redis cannot be reached, retrying: %s", outage, key="outage")
        except UnsupportedRedis:
            raise
        except Exception:
            # Redis has no memory or disk space left, or the message cannot be decrypted. Each failure is logged,
            # because the reasons differ.
            logger.exception("No message can be received, retrying")
        else:
            self._throttle.reset("outage")
            self.backoff.reset()
            if found[0] is None and not self.layer.is_shared:
                time.sleep(MEMORY_STEP_SECONDS)
            return found
        self.backoff.wait(lambda: self.termed)
        return None, None

    def _shut_down(self, heartbeat: Heartbeat) -> None:
        if self.signal_handlers:
            ignore_signals()
        heartbeat.stop()
        self.layer.receiver.stop_prefetching()
        try:
            self.layer.receiver.finish()
        except redis.RedisError as error:
            logger.warning("The turn of the last message could not be returned, and ends with its lease: %s", error)
        # No consumer of this worker runs now, and other workers in this process must not see the flag.
        set_stopping(False)

    def _handle(self, channel: str, content: dict[str, Any]) -> None:
        self.busy_since = time.time()
        carried, failed = log_context.take_carried(content), self.failed
        log_context.set_message(channel, content, carried)
        self._slow.begin()
        if following.follower is not None:
            following.follower.begin(channel, carried)
        try:
            arrivals.begin(content)
            self._route(channel, content)
        except Exception:
            # Exceptions of consumers do not reach this line, so the message itself is malformed.
            self.failed += 1
            logger.exception("A message on %s is malformed, and is dropped", channel)
        if following.follower is not None:
            following.follower.end(self.failed > failed)
        self._slow.check(channel, self.busy_since, time.time() - self.busy_since)
        log_context.clear()
        arrivals.end()
        self.busy_since = None
        self.handled += 1
        if self.max_messages and self.handled >= self.max_messages:
            logger.info("Handled %d messages, the limit of this worker: stopping", self.handled)
            self.termed = True

    def _route(self, channel: str, content: dict[str, Any]) -> None:
        message = Message(content=content, channel_name=channel, channel_layer=self.channel_layer)
        if content.get("__retries__", 0) == self.message_retries:
            message.__doomed__ = True
        match = self._get_routes().match(message)
        if match is None:
            logger.error("No consumer matches a message on %s. Check your routing.", channel)
            return
        if self.callback:
            self.callback(channel, message)
        self._run_consumer(message, *match)

    def _get_routes(self) -> Routes:
        if self._routes is None or self._routes.router is not self.channel_layer.router:
            self._routes = Routes(self.channel_layer.router)
        return self._routes

    def _run_consumer(self, message: Message, consumer: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
        labels, failed = (message.channel.name, _name_consumer(consumer)), self.failed
        began = time.perf_counter()
        try:
            consumer_started.send(sender=self.__class__, environ={})
            try:
                consumer(message, **kwargs)
            except (DenyConnection, ChannelSocketException, ConsumeLater) as instruction:
                self._follow(message, instruction)
        except REDIS_OUTAGES as outage:
            # While one of several servers is away, each message that needs it fails: one line is enough.
            self.failed += 1
            name = name_that_thing(consumer)
            self._throttle.warning(f"The consumer {name} failed, because Redis is away: %s", outage, key=name)
        except Exception:
            self.failed += 1
            logger.exception("The consumer %s failed", name_that_thing(consumer))
        finally:
            self._send_later()
            self._finish_consumer()
            counting.observe("consumer_seconds", time.perf_counter() - began, labels)
            if self.failed > failed:
                counting.add("consumer_failures", labels)

    def _follow(self, message: Message, instruction: Any) -> None:
        """Carry out the instruction that a consumer gave by raising one of Channels' exceptions."""
        if isinstance(instruction, DenyConnection):
            if message.channel.name != "websocket.connect":
                raise ValueError("You cannot DenyConnection from a non-websocket.connect handler.")
            message.reply_channel.send({"close": True})
        elif isinstance(instruction, WebsocketCloseException):
            # The exception's `run` rejects the names that Daphne 1.4 gives to reply channels.
            message.reply_channel.send({"close": instruction._code or True})
        elif isinstance(instruction, ConsumeLater):
            self._requeue(message)
        else:
            instruction.run(message)

    def _requeue(self, message: Message) -> None:
        retries = message.content.get("__retries__", 0) + 1
        if retries > self.message_retries:
            logger.warning("A message on %s is dropped after %d retries", message.channel.name, self.message_retries)
            return
        self.retried += 1
        time.sleep(REQUEUE_SECONDS * random.random())
        self.layer.requeue(message.channel.name, log_context.carry_on({**message.content, "__retries__": retries}))

    def _send_later(self) -> None:
        """Queue the consumer's messages. The round trip that asks for the next message sends them."""
        # The list does not exist if a receiver of `consumer_started` failed.
        pending = getattr(pending_message_store.threadlocal, "messages", [])
        pending_message_store.prepare()
        for sender, content in pending:
            try:
                self._send_one_later(sender, content)
            except Exception:
                logger.exception("A consumer's message to %s cannot be sent", sender.name)

    def _send_one_later(self, sender: Any, content: dict[str, Any]) -> None:
        if not self._is_own_layer(sender.channel_layer):
            # The request for the next message goes only to this worker's layer, so this message is sent at once.
            sender.send(content, immediately=True)
        elif isinstance(sender, Group):
            self.layer.send_group_later(sender.name, content, sender.except_channels)
        elif isinstance(sender, StockGroup):
            self.layer.send_group_later(sender.name, content)
        else:
            self._send_to_channel_later(sender.name, content)

    def _send_to_channel_later(self, channel: str, content: dict[str, Any]) -> None:
        follower = following.follower
        if not is_fixed(channel):
            carried = {} if follower is None else follower.carry()
            content = log_context.name_parent(channel, content, **carried)
        elif follower is not None:
            follower.reply(channel)
        self.layer.send_later(channel, content)

    def _is_own_layer(self, layer: Any) -> bool:
        alias = getattr(self.channel_layer, "alias", DEFAULT_CHANNEL_LAYER)
        return unwrap(layer) is self.layer or getattr(layer, "alias", None) == alias

    def _finish_consumer(self) -> None:
        try:
            # Django's receivers close old database connections here.
            consumer_finished.send(sender=self.__class__)
        except Exception:
            logger.exception("A receiver of the signal consumer_finished failed")


def start_thread(worker: Worker) -> threading.Thread:
    """Run a worker in a thread that ends with the process, and return the thread."""
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    return thread

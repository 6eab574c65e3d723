"""Exceptions of the channel layer and of signal receivers: only an unsupported Redis ends a worker."""

import logging
import types

import pytest
import redis
from channels.signals import consumer_started

from channels_transport.backoff import Backoff
from channels_transport.redis_info import UnsupportedRedis
from channels_transport.worker import Worker

pytestmark = pytest.mark.no_database


class Layer:
    """A fake layer. It returns the given messages, or raises the given exceptions."""

    def __init__(self, *found):
        self.found = list(found)
        self.sent = []

    def receive(self, channels, block):
        found = self.found.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def send_later(self, channel, content):
        self.sent.append((channel, content))


@pytest.fixture
def make_worker():
    def make(*found, consumer=lambda message: None):
        router = types.SimpleNamespace(channels=["jobs"], match=lambda message: (consumer, {}))
        worker = Worker(types.SimpleNamespace(channel_layer=Layer(*found), router=router), signal_handlers=False)
        worker.backoff = Backoff(0.001, 0.002)
        return worker

    return make


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("away"),
        redis.TimeoutError("silent"),
        redis.ResponseError("OOM command not allowed"),
        ValueError("not encrypted with any key of ours"),
    ],
)
def test_an_exception_while_receiving_does_not_end_a_worker(make_worker, error):
    worker = make_worker(error, ("jobs", {}))
    assert worker._receive(["jobs"]) == (None, None)
    assert worker._receive(["jobs"]) == ("jobs", {})


def test_an_unsupported_redis_ends_a_worker(make_worker):
    with pytest.raises(UnsupportedRedis):
        make_worker(UnsupportedRedis("too old"))._receive(["jobs"])


def test_a_failing_receiver_of_consumer_started_does_not_end_the_worker(make_worker, caplog):
    def fail(**kwargs):
        raise RuntimeError("on purpose")

    receivers, consumer_started.receivers = consumer_started.receivers, []
    consumer_started.sender_receivers_cache.clear()
    consumer_started.connect(fail)
    try:
        with caplog.at_level(logging.ERROR):
            make_worker()._handle("jobs", {})
    finally:
        consumer_started.receivers = receivers
        consumer_started.sender_receivers_cache.clear()
    assert "on purpose" in caplog.text


def test_a_consumer_that_fails_in_an_outage_of_one_server_is_logged_once_without_a_traceback(make_worker, caplog):
    def consumer(message):
        raise redis.ConnectionError("away")

    worker = make_worker(consumer=consumer)
    for _ in range(3):
        worker._handle("jobs", {})
    assert worker.failed == 3
    [entry] = [entry for entry in caplog.records if entry.message.startswith("The consumer")]
    assert entry.message.endswith("failed, because Redis is away: away") and entry.exc_info is None

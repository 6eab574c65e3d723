"""The delay server's queue in Redis: no message is lost with the server that received it."""

import json
import threading
import time

import pytest
import redis
from channels.delay.models import DelayedMessage
from django.utils import timezone

from channels_transport.delay import CHANNEL, DelayServer
from tests.channels_transport.delayed import delay_message, run_steps
from tests.channels_transport.layers import make_layer
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[1, 3], ids=["one host", "three hosts"])
def redis_layer(request, valkey_url):
    return make_layer(valkey_url, request.param)


def make_queue(layer):
    """Return a queue without a heartbeat."""
    layer._local = threading.local()
    return layer.open_queue(CHANNEL)


def test_a_message_stays_in_redis_until_it_is_acknowledged(redis_layer):
    redis_layer.send(CHANNEL, delay_message())
    queue = make_queue(redis_layer)
    delivery = queue.receive(5)
    assert delivery.content == delay_message() and abs(delivery.sent_at - time.time()) < 60
    for _ in range(2):  # the previous queue has no heartbeat, so its message is returned
        assert make_queue(redis_layer).receive(5).content == delay_message()


def test_an_acknowledged_message_is_not_delivered_again(redis_layer):
    redis_layer.send(CHANNEL, delay_message())
    queue = make_queue(redis_layer)
    queue.acknowledge(queue.receive(5))
    assert make_queue(redis_layer).receive(0.1) is None


def test_a_stored_or_dropped_message_is_not_delivered_again(redis_layer):
    for message in (delay_message(milliseconds=1000), {}):
        redis_layer.send(CHANNEL, message)
    run_steps(DelayServer(redis_layer, signal_handlers=False), 2)
    assert DelayedMessage.objects.count() == 1
    assert make_queue(redis_layer).receive(0.1) is None


def test_a_message_of_a_live_server_is_not_delivered_to_another(redis_layer):
    redis_layer.send(CHANNEL, delay_message())
    queue = make_queue(redis_layer)
    assert queue.receive(5) is not None
    for shard in redis_layer.shards:
        shard.call(("SET", f"{redis_layer.prefix}worker:{queue._name}", "{}", "EX", 60))
    assert make_queue(redis_layer).receive(0.1) is None


def test_returned_messages_are_received_first_and_in_order(valkey_url):
    layer = make_layer(valkey_url)
    for number in range(3):
        layer.send(CHANNEL, delay_message(content={"number": number}))
    queue = make_queue(layer)
    received_before = [queue.receive(5).content["content"]["number"] for _ in range(2)]
    queue.close()
    queue = make_queue(layer)
    assert received_before + [queue.receive(5).content["content"]["number"] for _ in range(3)] == [0, 1, 0, 1, 2]


def test_a_message_is_received_again_if_the_connection_broke_during_the_first_receive(redis_layer, monkeypatch):
    redis_layer.send(CHANNEL, delay_message())
    queue = make_queue(redis_layer)
    with monkeypatch.context() as patch:
        for ending in ("end", "cancel"):
            patch.setattr(f"channels_transport.waiting.Waiter.{ending}", fail_with(redis.ConnectionError("cut")))
        with pytest.raises(redis.ConnectionError):
            queue.receive(5)
    assert queue.receive(5).content == delay_message()


def test_a_message_whose_acknowledgement_fails_is_not_delivered_twice(redis_layer, monkeypatch):
    redis_layer.send(CHANNEL, delay_message())
    queue = make_queue(redis_layer)
    delivery = queue.receive(5)
    with monkeypatch.context() as patch:
        patch.setattr("channels_transport.shards.Shard.ask", fail_with(redis.ConnectionError("away")))
        with pytest.raises(redis.ConnectionError):
            queue.acknowledge(delivery)
    assert queue.receive(0.1) is None


def test_a_message_that_cannot_be_read_is_dropped(redis_layer, caplog):
    redis_layer.shards[0].call(("RPUSH", f"{redis_layer.prefix}{CHANNEL}", b"nonsense"))
    server = DelayServer(redis_layer, signal_handlers=False)
    run_steps(server)
    assert "dropped" in caplog.text and server.queue.receive(0.1) is None


def test_the_time_in_the_channel_counts_towards_the_delay(redis_layer):
    redis_layer.expiry = 60
    redis_layer.send(CHANNEL, delay_message(milliseconds=60_000))
    redis_layer.expiry = 90  # as if it had been sent half a minute ago
    run_steps(DelayServer(redis_layer, signal_handlers=False))
    assert 20 < (DelayedMessage.objects.get().due_date - timezone.now()).total_seconds() <= 30


def test_messages_with_the_same_delay_are_due_in_the_order_of_their_sends(valkey_url):
    layer = make_layer(valkey_url)
    server = DelayServer(layer, signal_handlers=False)
    for number in range(50):
        layer.send(CHANNEL, delay_message(content={"number": number}, milliseconds=1000))
    for _ in range(50):
        server._store(server.queue.receive(5))
    stored = DelayedMessage.objects.order_by("due_date", "id").values_list("content", flat=True)
    assert [json.loads(content)["number"] for content in stored] == list(range(50))


def test_an_expired_message_is_still_delivered(redis_layer):
    body = redis_layer.serialize(delay_message(milliseconds=1000))
    redis_layer.shards[0].call(("RPUSH", f"{redis_layer.prefix}{CHANNEL}", b"M0000000000001\0" + body))
    run_steps(DelayServer(redis_layer, signal_handlers=False))
    assert DelayedMessage.objects.exists()

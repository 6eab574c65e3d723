"""The delay server: messages on `asgi.delay` are stored, sent when they are due, and never lost in between."""

import json
import logging
import threading
import time
from datetime import timedelta

import pytest
import redis
from channels.delay.models import DelayedMessage
from django.db import OperationalError
from django.utils import timezone

from channels_transport import delay
from channels_transport.delay import CHANNEL, DelayServer
from channels_transport.memory import MemoryChannelLayer
from tests.channels_transport.failures import raising
from tests.channels_transport.layers import make_layer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def layer():
    return MemoryChannelLayer(capacity=10)


@pytest.fixture
def server(layer):
    return DelayServer(layer, signal_handlers=False)


@pytest.fixture(params=[1, 3], ids=["one host", "three hosts"])
def redis_layer(request, valkey_url):
    return make_layer(valkey_url, request.param)


def order(channel="chat.later", content=None, milliseconds=0):
    return {"channel": channel, "content": {"number": 1} if content is None else content, "delay": milliseconds}


def run_for(server, turns=1):
    """Make the server send what is due and store one message, this many times, without waiting."""
    for _ in range(turns):
        server._look_at = 0
        server._send_due()
        taken = server.queue.receive(0)
        if taken is not None:
            server._store(taken)


def received(layer, channel="chat.later"):
    found = []
    while (message := layer.receive([channel])[1]) is not None:
        found.append(message["number"])
    return found


def make_row(number=1, seconds=0, channel="chat.later"):
    due = timezone.now() + timedelta(seconds=seconds)
    return DelayedMessage.objects.create(channel_name=channel, content=json.dumps({"number": number}), due_date=due)


def test_a_message_that_is_not_due_waits_as_a_row(layer, server):
    layer.send(CHANNEL, order(milliseconds=60_000))
    run_for(server, 2)
    row = DelayedMessage.objects.get()
    assert (row.channel_name, json.loads(row.content)) == ("chat.later", {"number": 1})
    assert 50 < (row.due_date - timezone.now()).total_seconds() <= 60
    assert received(layer) == []


def test_due_messages_are_sent_once_and_in_due_order(layer, server):
    for number, seconds in ((3, -1), (1, -3), (2, -2), (9, 60)):
        make_row(number, seconds)
    run_for(server, 3)
    assert received(layer) == [1, 2, 3]
    assert DelayedMessage.objects.count() == 1


def test_a_message_with_a_delay_of_zero_is_sent_at_once(layer, server):
    layer.send(CHANNEL, order(milliseconds=0))
    run_for(server, 2)
    assert received(layer) == [1]


def test_the_server_looks_again_when_the_next_row_is_due(layer, server):
    make_row(seconds=2)
    server._send_due()
    assert 1 < server._look_at - delay.time.monotonic() <= 2
    layer.send(CHANNEL, order(milliseconds=500))
    server._store(server.queue.receive(0))
    assert server._look_at - delay.time.monotonic() <= 0.5


MALFORMED = [
    {},
    {"channel": "chat.later", "delay": 1},
    {"channel": "chat.later", "content": {}},
    {"content": {}, "delay": 1},
    order(channel=7),
    order(channel=""),
    order(channel="no spaces"),
    order(channel="x" * 101),
    order(channel="open?"),
    order(content=[1]),
    order(content="text"),
    order(content={"raw": b"bytes"}),
    order(content={"__asgi_channel__": "a"}),
    order(milliseconds=-1),
    order(milliseconds="10"),
    order(milliseconds=None),
    order(milliseconds=True),
    order(milliseconds=float("nan")),
    order(milliseconds=float("inf")),
    order(milliseconds=10**14),
]


@pytest.mark.parametrize("malformed", MALFORMED, ids=[str(number) for number in range(len(MALFORMED))])
def test_a_malformed_message_is_dropped_with_one_log_line_and_the_next_is_served(layer, server, caplog, malformed):
    layer.send(CHANNEL, malformed)
    layer.send(CHANNEL, order())
    with caplog.at_level(logging.INFO):
        run_for(server, 3)
    assert received(layer) == [1]
    assert [record.levelname for record in caplog.records] == ["ERROR"] and "dropped" in caplog.text
    assert "\n" not in caplog.records[0].getMessage()


def test_a_message_for_a_full_channel_is_retried_later(layer, server):
    for number in range(10):
        layer.send("chat.later", {"number": number})
    make_row(11)
    run_for(server)
    assert DelayedMessage.objects.get().due_date > timezone.now()
    assert received(layer) == list(range(10))
    DelayedMessage.objects.update(due_date=timezone.now())
    run_for(server)
    assert received(layer) == [11] and not DelayedMessage.objects.exists()


def test_a_message_is_sent_when_redis_has_memory_again(valkey_url, caplog):
    layer, client = make_layer(valkey_url), redis.StrictRedis.from_url(valkey_url)
    server = DelayServer(layer, signal_handlers=False)
    make_row(1)
    client.config_set("maxmemory", "1mb")
    try:
        server._send_due()
    finally:
        client.config_set("maxmemory", "0")
    assert DelayedMessage.objects.get().due_date > timezone.now() and "is full, retrying: OOM" in caplog.text
    DelayedMessage.objects.update(due_date=timezone.now())
    run_for(server)
    assert received(layer) == [1] and not DelayedMessage.objects.exists()


def test_a_row_that_cannot_be_sent_does_not_delay_the_others(layer, server, caplog):
    make_row(1, -2, channel="no name")
    DelayedMessage.objects.filter(id=make_row(2, -1).id).update(content="{")
    make_row(3)
    run_for(server)
    assert received(layer) == [3] and not DelayedMessage.objects.exists()
    assert caplog.text.count("cannot be sent, and is dropped") == 2


def test_two_servers_send_a_row_once(layer, server):
    row = make_row()
    other = DelayServer(layer, signal_handlers=False)
    server._send(row)
    other._send(row)
    assert received(layer) == [1]


def test_a_row_that_another_server_claimed_is_not_sent(layer, server):
    row = make_row()
    DelayedMessage.objects.filter(id=row.id).update(due_date=timezone.now() + delay.CLAIM)
    server._send(row)  # with the row that it read before the claim
    assert received(layer) == [] and DelayedMessage.objects.exists()


def test_a_row_is_sent_again_after_its_server_died_while_sending(layer, server, monkeypatch):
    row = make_row()
    monkeypatch.setattr(layer, "send", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        server._send(row)
    monkeypatch.undo()
    run_for(server)
    assert received(layer) == []
    DelayedMessage.objects.update(due_date=timezone.now())  # the claim has ended
    run_for(server)
    assert received(layer) == [1]


def test_a_row_keeps_its_due_date_if_redis_cannot_be_reached(layer, server, monkeypatch, caplog):
    row = make_row()
    monkeypatch.setattr(layer, "send", raising(redis.ConnectionError("away")))
    monkeypatch.setattr(server._backoff, "wait", lambda is_stopped: None)
    server._run_once()
    server._run_once()
    assert DelayedMessage.objects.get().due_date == row.due_date
    assert caplog.text.count("Delayed messages wait for Redis or the database, retrying: away") == 1
    monkeypatch.undo()
    run_for(server)
    assert received(layer) == [1]


def test_a_message_that_could_not_be_stored_is_stored_later(layer, server, monkeypatch, caplog):
    layer.send(CHANNEL, order())
    monkeypatch.setattr(DelayedMessage.objects, "create", raising(OperationalError("away")))
    monkeypatch.setattr(server._backoff, "wait", lambda is_stopped: None)
    server._run_once()
    monkeypatch.undo()
    run_for(server, 2)
    assert received(layer) == [1]


def test_the_server_ends_when_it_is_told_to_stop(layer, server):
    thread = threading.Thread(target=server.run)
    thread.start()
    server.stop()
    thread.join(30)
    assert not thread.is_alive()


# In Redis: nothing dies with whoever has taken it.


def make_queue(layer):
    """Return a queue without a heartbeat."""
    layer._local = threading.local()
    return layer.open_queue(CHANNEL)


def test_a_message_stays_in_redis_until_it_is_done(redis_layer):
    redis_layer.send(CHANNEL, order())
    queue = make_queue(redis_layer)
    taken = queue.receive(5)
    assert taken.content == order() and abs(taken.sent_at - time.time()) < 60
    for _ in range(2):  # each finds the one before it dead
        assert make_queue(redis_layer).receive(5).content == order()


def test_a_message_that_is_done_is_not_delivered_again(redis_layer):
    redis_layer.send(CHANNEL, order())
    queue = make_queue(redis_layer)
    queue.acknowledge(queue.receive(5))
    assert make_queue(redis_layer).receive(0.1) is None


def test_a_stored_message_has_no_owner(redis_layer):
    for malformed in (order(milliseconds=1000), {}):
        redis_layer.send(CHANNEL, malformed)
    run_for(DelayServer(redis_layer, signal_handlers=False), 2)
    assert DelayedMessage.objects.count() == 1
    assert make_queue(redis_layer).receive(0.1) is None


def test_a_message_of_a_living_server_is_not_taken_over(redis_layer):
    redis_layer.send(CHANNEL, order())
    queue = make_queue(redis_layer)
    assert queue.receive(5) is not None
    for shard in redis_layer.shards:
        shard.call(("SET", f"{redis_layer.prefix}worker:{queue._name}", "{}", "EX", 60))
    assert make_queue(redis_layer).receive(0.1) is None


def test_returned_messages_come_first_and_in_order(valkey_url):
    layer = make_layer(valkey_url)
    for number in range(3):
        layer.send(CHANNEL, order(content={"number": number}))
    queue = make_queue(layer)
    taken = [queue.receive(5).content["content"]["number"] for _ in range(2)]
    queue.close()
    queue = make_queue(layer)
    assert taken + [queue.receive(5).content["content"]["number"] for _ in range(3)] == [0, 1, 0, 1, 2]


def test_a_message_whose_answer_was_lost_is_found(redis_layer, monkeypatch):
    redis_layer.send(CHANNEL, order())
    queue = make_queue(redis_layer)
    with monkeypatch.context() as patch:
        for ending in ("end", "cancel"):
            patch.setattr(f"channels_transport.waiting.Waiter.{ending}", raising(redis.ConnectionError("cut")))
        with pytest.raises(redis.ConnectionError):
            queue.receive(5)
    assert queue.receive(5).content == order()


def test_a_message_that_could_not_be_deleted_is_not_taken_twice(redis_layer, monkeypatch):
    redis_layer.send(CHANNEL, order())
    queue = make_queue(redis_layer)
    taken = queue.receive(5)
    with monkeypatch.context() as patch:
        patch.setattr("channels_transport.shards.Shard.ask", raising(redis.ConnectionError("away")))
        with pytest.raises(redis.ConnectionError):
            queue.acknowledge(taken)
    assert queue.receive(0.1) is None


def test_a_message_that_cannot_be_decrypted_is_dropped(redis_layer, caplog):
    redis_layer.shards[0].call(("RPUSH", f"{redis_layer.prefix}{CHANNEL}", b"nonsense"))
    server = DelayServer(redis_layer, signal_handlers=False)
    run_for(server)
    assert "dropped" in caplog.text and server.queue.receive(0.1) is None


def test_the_time_in_the_channel_counts_towards_the_delay(redis_layer):
    redis_layer.expiry = 60
    redis_layer.send(CHANNEL, order(milliseconds=60_000))
    redis_layer.expiry = 90  # as if it had been sent half a minute ago
    run_for(DelayServer(redis_layer, signal_handlers=False))
    assert 20 < (DelayedMessage.objects.get().due_date - timezone.now()).total_seconds() <= 30


def test_messages_with_the_same_delay_are_due_in_the_order_of_their_sends(valkey_url):
    layer = make_layer(valkey_url)
    server = DelayServer(layer, signal_handlers=False)
    for number in range(50):
        layer.send(CHANNEL, order(content={"number": number}, milliseconds=1000))
    for _ in range(50):
        server._store(server.queue.receive(5))
    stored = DelayedMessage.objects.order_by("due_date", "id").values_list("content", flat=True)
    assert [json.loads(content)["number"] for content in stored] == list(range(50))


def test_an_expired_message_is_still_delivered(redis_layer):
    body = redis_layer.serialize(order(milliseconds=1000))
    redis_layer.shards[0].call(("RPUSH", f"{redis_layer.prefix}{CHANNEL}", b"M0000000000001\0" + body))
    run_for(DelayServer(redis_layer, signal_handlers=False))
    assert DelayedMessage.objects.exists()

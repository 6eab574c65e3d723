"""The delay server: messages on `asgi.delay` are stored, and sent when they are due. None is lost."""

import json
import logging
import threading
from datetime import timedelta

import pytest
import redis
from channels.delay.models import DelayedMessage
from django.db import OperationalError
from django.utils import timezone

from channels_transport import delay, reliable_queue
from channels_transport.delay import CHANNEL, DelayServer
from channels_transport.memory import MemoryChannelLayer
from tests.channels_transport.delayed import delay_message, run_steps
from tests.channels_transport.layers import make_layer
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def layer():
    return MemoryChannelLayer(capacity=10)


@pytest.fixture
def server(layer):
    return DelayServer(layer, signal_handlers=False)


def receive_numbers(layer, channel="chat.later"):
    found = []
    while (message := layer.receive([channel])[1]) is not None:
        found.append(message["number"])
    return found


def make_row(number=1, seconds=0, channel="chat.later"):
    due = timezone.now() + timedelta(seconds=seconds)
    return DelayedMessage.objects.create(channel_name=channel, content=json.dumps({"number": number}), due_date=due)


def test_a_message_that_is_not_due_waits_as_a_row(layer, server):
    layer.send(CHANNEL, delay_message(milliseconds=60_000))
    run_steps(server, 2)
    row = DelayedMessage.objects.get()
    assert (row.channel_name, json.loads(row.content)) == ("chat.later", {"number": 1})
    assert 50 < (row.due_date - timezone.now()).total_seconds() <= 60
    assert receive_numbers(layer) == []


def test_due_messages_are_sent_once_and_in_due_order(layer, server):
    for number, seconds in ((3, -1), (1, -3), (2, -2), (9, 60)):
        make_row(number, seconds)
    run_steps(server, 3)
    assert receive_numbers(layer) == [1, 2, 3]
    assert DelayedMessage.objects.count() == 1


def test_a_message_with_a_delay_of_zero_is_sent_at_once(layer, server):
    layer.send(CHANNEL, delay_message(milliseconds=0))
    run_steps(server, 2)
    assert receive_numbers(layer) == [1]


def test_the_server_checks_again_when_the_next_row_is_due(layer, server):
    make_row(seconds=2)
    server._send_due()
    assert 1 < server._check_at - delay.time.monotonic() <= 2
    layer.send(CHANNEL, delay_message(milliseconds=500))
    server._store(server.queue.receive(0))
    assert server._check_at - delay.time.monotonic() <= 0.5


MALFORMED = [
    {},
    {"channel": "chat.later", "delay": 1},
    {"channel": "chat.later", "content": {}},
    {"content": {}, "delay": 1},
    delay_message(channel=7),
    delay_message(channel=""),
    delay_message(channel="no spaces"),
    delay_message(channel="x" * 101),
    delay_message(channel="open?"),
    delay_message(content=[1]),
    delay_message(content="text"),
    delay_message(content={"raw": b"bytes"}),
    delay_message(content={"__asgi_channel__": "a"}),
    delay_message(milliseconds=-1),
    delay_message(milliseconds="10"),
    delay_message(milliseconds=None),
    delay_message(milliseconds=True),
    delay_message(milliseconds=float("nan")),
    delay_message(milliseconds=float("inf")),
    delay_message(milliseconds=10**14),
]


@pytest.mark.parametrize("malformed", MALFORMED, ids=[str(number) for number in range(len(MALFORMED))])
def test_a_malformed_message_is_dropped_with_one_log_line_and_the_next_is_sent(layer, server, caplog, malformed):
    layer.send(CHANNEL, malformed)
    layer.send(CHANNEL, delay_message())
    with caplog.at_level(logging.INFO):
        run_steps(server, 3)
    assert receive_numbers(layer) == [1]
    assert [record.levelname for record in caplog.records] == ["ERROR"] and "dropped" in caplog.text
    assert "\n" not in caplog.records[0].getMessage()


def test_a_message_for_a_full_channel_is_retried_later(layer, server):
    for number in range(10):
        layer.send("chat.later", {"number": number})
    make_row(11)
    run_steps(server)
    assert DelayedMessage.objects.get().due_date > timezone.now()
    assert receive_numbers(layer) == list(range(10))
    DelayedMessage.objects.update(due_date=timezone.now())
    run_steps(server)
    assert receive_numbers(layer) == [11] and not DelayedMessage.objects.exists()


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
    run_steps(server)
    assert receive_numbers(layer) == [1] and not DelayedMessage.objects.exists()


def test_a_row_that_cannot_be_sent_does_not_delay_the_others(layer, server, caplog):
    make_row(1, -2, channel="no name")
    DelayedMessage.objects.filter(id=make_row(2, -1).id).update(content="{")
    make_row(3)
    run_steps(server)
    assert receive_numbers(layer) == [3] and not DelayedMessage.objects.exists()
    assert caplog.text.count("cannot be sent, and is dropped") == 2


def test_two_servers_send_a_row_once(layer, server):
    row = make_row()
    other = DelayServer(layer, signal_handlers=False)
    server._send(row)
    other._send(row)
    assert receive_numbers(layer) == [1]


def test_a_row_that_another_server_claimed_is_not_sent(layer, server):
    row = make_row()
    DelayedMessage.objects.filter(id=row.id).update(due_date=timezone.now() + delay.CLAIM)
    server._send(row)  # the server read this row before the other server claimed it
    assert receive_numbers(layer) == [] and DelayedMessage.objects.exists()


def test_a_row_is_sent_again_after_its_server_died_while_sending(layer, server, monkeypatch):
    row = make_row()
    monkeypatch.setattr(layer, "send", fail_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        server._send(row)
    monkeypatch.undo()
    run_steps(server)
    assert receive_numbers(layer) == []
    DelayedMessage.objects.update(due_date=timezone.now())  # the claim has ended
    run_steps(server)
    assert receive_numbers(layer) == [1]


def test_a_row_keeps_its_due_date_if_redis_cannot_be_reached(layer, server, monkeypatch, caplog):
    row = make_row()
    monkeypatch.setattr(layer, "send", fail_with(redis.ConnectionError("away")))
    monkeypatch.setattr(server._backoff, "wait", lambda is_stopped: None)
    server._run_once()
    server._run_once()
    assert DelayedMessage.objects.get().due_date == row.due_date
    assert caplog.text.count("Delayed messages wait for Redis or the database, retrying: away") == 1
    monkeypatch.undo()
    run_steps(server)
    assert receive_numbers(layer) == [1]


def test_a_message_that_could_not_be_stored_is_stored_later(layer, server, monkeypatch):
    layer.send(CHANNEL, delay_message())
    monkeypatch.setattr(DelayedMessage.objects, "create", fail_with(OperationalError("away")))
    monkeypatch.setattr(server._backoff, "wait", lambda is_stopped: None)
    server._run_once()
    monkeypatch.undo()
    run_steps(server, 2)
    assert receive_numbers(layer) == [1]


def test_the_server_ends_after_a_call_of_stop(layer, server, monkeypatch):
    monkeypatch.setattr(reliable_queue, "LONGEST_WAIT_SECONDS", 0.1)
    touched = threading.Event()
    monkeypatch.setattr(delay, "touch_alive_file", touched.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert touched.wait(30)
    server.stop()
    thread.join(30)
    assert not thread.is_alive()

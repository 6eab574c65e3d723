"""The messages of one connection run one after another, in order and once, and no failure blocks the connection."""

import itertools
import threading
import time

import pytest
from channels import DEFAULT_CHANNEL_LAYER, Channel, channel_layers
from channels.exceptions import ConsumeLater, DenyConnection
from channels.message import Message, pending_message_store

from channels_transport import enforce_ordering
from tests.channels_transport.ordered import OrderedConnection

pytestmark = pytest.mark.no_database


@pytest.fixture
def connection(default_layer):
    return OrderedConnection(default_layer)


def test_messages_in_order_run_at_once(connection):
    connection.feed(0, 1, 2)
    assert connection.ran == [0, 1, 2]


def test_messages_out_of_order_wait_for_their_turn(connection):
    connection.feed(2, 3, 1)
    assert connection.ran == []
    connection.feed(0)
    assert connection.ran == [0, 1, 2, 3]
    connection.feed(5, 4)
    assert connection.ran == [0, 1, 2, 3, 4, 5]
    assert connection.replies == []


@pytest.mark.parametrize("orders", itertools.permutations(range(4)))
def test_every_permutation_runs_in_order(connection, orders):
    connection.feed(*orders)
    assert connection.ran == [0, 1, 2, 3]


def test_a_duplicate_message_runs_once(connection):
    connection.feed(0, 0, 1, 1, 0, 3, 3, 2, 3)
    assert connection.ran == [0, 1, 2, 3]


def test_a_waiting_message_keeps_its_content(connection):
    seen = []
    connection.consume = enforce_ordering(lambda message: seen.append((message["order"], message.get("bytes"))))
    connection.handle(connection.message(1, bytes=b"\xff\x00", text=None, path="/chat/ä/"))
    connection.feed(0)
    assert seen == [(0, None), (1, b"\xff\x00")]


@pytest.mark.parametrize("error", [ZeroDivisionError("on purpose"), DenyConnection(), ConsumeLater()])
def test_a_consumer_that_raises_does_not_block_its_connection(connection, error):
    connection.fails = {0: error, 2: error}
    connection.feed(0, 1, 3, 2)
    assert connection.ran == [0, 1, 2, 3]


def test_connections_do_not_wait_for_each_other(default_layer):
    one, other = OrderedConnection(default_layer), OrderedConnection(default_layer)
    one.feed(1)
    other.feed(0, 1)
    assert (one.ran, other.ran) == ([], [0, 1])


def test_the_second_of_two_workers_with_one_message_drops_it(connection):
    # After a broken connection redis-py sends a command again, and then the layer delivers a message twice.
    again = []
    connection.consume = enforce_ordering(
        lambda message: again or (again.append(1), connection.consume(connection.message(0)))
    )
    connection.feed(0)
    assert again == [1]
    connection.consume = enforce_ordering(connection._run)
    connection.feed(1)
    assert connection.ran == [1]


def test_messages_are_sent_before_the_next_consumer_runs(connection):
    already_sent = []

    def consume(message):
        already_sent.append([reply["text"] for reply in connection.replies])
        Channel(connection.name).send({"text": f"of {message['order']}"})

    connection.consume = enforce_ordering(consume)
    connection.feed(1, 2, 0)
    assert already_sent == [[], ["of 0"], ["of 1"]]


def test_the_messages_of_a_failing_consumer_are_sent(connection):
    def consume(message):
        Channel(connection.name).send({"text": "sent"})
        raise ZeroDivisionError

    connection.consume = enforce_ordering(consume)
    connection.feed(0)
    assert [reply["text"] for reply in connection.replies] == ["sent"]


def test_a_full_reply_channel_does_not_end_the_worker(connection, monkeypatch, caplog):
    monkeypatch.setattr(pending_message_store, "retry_time", 0.01)
    monkeypatch.setattr(pending_message_store, "retry_interval", 0.01)

    def consume(message):
        connection.ran.append(message["order"])
        for _ in range(5):
            Channel("replies.full").send({"text": "a"})

    connection.consume = enforce_ordering(consume)
    monkeypatch.setattr(connection.layer.channel_layer, "capacity", 3)
    connection.feed(0, 1)
    assert connection.ran == [0, 1]
    assert "could not be delivered" in caplog.text


def test_outside_a_worker_no_send_is_flushed(connection):
    connection.consume(connection.message(0))
    assert connection.ran == [0]


def test_the_decorator_rejects_slight_ordering_and_messages_without_an_order():
    with pytest.raises(ValueError, match="Slight"):
        enforce_ordering(slight=True)
    decorated = enforce_ordering()(lambda message: message)
    with pytest.raises(ValueError, match="order"):
        decorated(Message({"reply_channel": "replies.x"}, "test.frames", channel_layers[DEFAULT_CHANNEL_LAYER]))


def test_the_decorator_adds_a_channel_session(connection):
    def consume(message):
        message.channel_session["count"] = message.channel_session.get("count", 0) + 1
        connection.ran.append(message.channel_session["count"])

    connection.consume = enforce_ordering(consume)
    connection.feed(1, 0, 2)
    assert connection.ran == [1, 2, 3]


def test_three_workers_keep_the_order_of_many_frames(default_layer):
    connection = OrderedConnection(default_layer)
    for order in range(60):
        default_layer.send("test.frames", connection.message(order).content)
    lock = threading.Lock()
    running = []

    def consume(message):
        with lock:
            running.append(message["order"])
            assert len(running) == 1
        time.sleep(0.001)
        with lock:
            running.clear()
            connection.ran.append(message["order"])

    ordered = enforce_ordering(consume)

    def worker():
        deadline = time.monotonic() + 120
        while len(connection.ran) < 60 and time.monotonic() < deadline:
            channel, content = default_layer.receive(["test.frames"])
            if channel:
                ordered(Message(content, channel, default_layer))

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert connection.ran == list(range(60))

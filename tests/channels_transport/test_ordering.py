"""The messages of one connection run one after another, in order and once, and no failure jams the connection."""

import itertools
import threading
import time

import pytest
from channels import Channel
from channels.exceptions import ConsumeLater, DenyConnection
from channels.message import Message, pending_message_store
from channels.signals import consumer_finished, consumer_started
from django.db import close_old_connections

from channels_transport import enforce_ordering, forget_ordering, ordering
from tests import wire

pytestmark = pytest.mark.no_database

_names = (f"replies.ordering{number}" for number in itertools.count())


@pytest.fixture
def pass_by(any_layer, request):
    """Let time pass: on the clock of the test, or really if Redis measures it."""
    if not any_layer.is_shared:
        return request.getfixturevalue("clock").pass_by
    return time.sleep


class OrderedConnection:
    """A connection whose consumer records what it ran; `feed` passes it messages in any order."""

    def __init__(self, layer):
        self.layer = layer
        self.name = next(_names)
        self.ran = []
        self.consume = enforce_ordering(self._run)
        self.fails = {}

    def _run(self, message):
        order = message["order"]
        self.ran.append(order)
        if order in self.fails:
            raise self.fails[order]

    def message(self, order, **content):
        return Message({"reply_channel": self.name, "order": order, **content}, "test.frames", self.layer)

    def feed(self, *orders):
        for order in orders:
            self.handle(self.message(order))

    def handle(self, message):
        """Run one message as a worker does, and then what was put back onto its channel."""
        consumer_started.send(sender=OrderedConnection, environ={})
        try:
            self.consume(message)
        except (ZeroDivisionError, DenyConnection, ConsumeLater):
            pass
        finally:
            consumer_finished.disconnect(close_old_connections)
            consumer_finished.send(sender=OrderedConnection)
            consumer_finished.connect(close_old_connections)
        channel, content = self.layer.receive(["test.frames"])
        if channel:
            self.handle(Message(content, channel, self.layer))

    @property
    def replies(self):
        return list(iter(lambda: self.layer.receive([self.name])[1], None))


@pytest.fixture
def connection(any_layer):
    return OrderedConnection(any_layer)


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
def test_a_consumer_that_raises_does_not_jam_its_connection(connection, error):
    connection.fails = {0: error, 2: error}
    connection.feed(0, 1, 3, 2)
    assert connection.ran == [0, 1, 2, 3]


def test_connections_do_not_wait_for_each_other(any_layer):
    one, other = OrderedConnection(any_layer), OrderedConnection(any_layer)
    one.feed(1)
    other.feed(0, 1)
    assert (one.ran, other.ran) == ([], [0, 1])


def test_the_second_of_two_workers_with_one_message_drops_it(connection):
    # redis-py sends a command again after its connection broke, and the layer then delivers a message twice.
    again = []
    connection.consume = enforce_ordering(
        lambda message: again or (again.append(1), connection.consume(connection.message(0)))
    )
    connection.feed(0)
    assert again == [1]
    connection.consume = enforce_ordering(connection._run)
    connection.feed(1)
    assert connection.ran == [1]


def test_sends_leave_before_the_next_consumer_runs(connection):
    left = []

    def consume(message):
        left.append([reply["text"] for reply in connection.replies])
        Channel(connection.name).send({"text": f"of {message['order']}"})

    connection.consume = enforce_ordering(consume)
    connection.feed(1, 2, 0)
    assert left == [[], ["of 0"], ["of 1"]]


def test_sends_of_a_failing_consumer_leave_too(connection):
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
    vars(pending_message_store.threadlocal).pop("messages", None)
    connection.consume(connection.message(0))
    assert connection.ran == [0]


# Gaps.


def closes(connection):
    return [reply["close"] for reply in connection.replies if "close" in reply]


def test_a_gap_that_stays_open_closes_the_connection(connection, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    connection.feed(0, 2)
    pass_by(1.1)
    later.run()
    assert closes(connection) == [4408]
    assert connection.ran == [0]


def test_a_gap_that_closes_in_time_does_not_close_the_connection(connection, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    connection.feed(0, 2)
    connection.feed(1)
    pass_by(1.1)
    later.run()
    assert closes(connection) == []
    connection.feed(3)
    assert connection.ran == [0, 1, 2, 3]


def test_the_next_message_detects_a_gap_whose_timer_was_lost(connection, pass_by, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    connection.feed(0, 2)
    pass_by(2.1)
    connection.feed(3)
    assert closes(connection) == [4408]


def test_a_message_lost_with_a_killed_worker_is_a_gap(connection, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    connection.feed(0)
    assert connection.layer.connection_turns.arrive(connection.name, 1, {}) == ordering.RUN  # and then, kill -9
    connection.feed(1, 2)
    assert connection.ran == [0]
    pass_by(1.1)
    later.run()
    assert closes(connection) == [4408]


def test_the_clock_of_a_gap_starts_with_that_gap(connection, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    connection.feed(1)
    pass_by(1.1)
    connection.feed(0)
    connection.feed(3)
    later.run()
    assert closes(connection) == []
    connection.feed(2)
    assert connection.ran == [0, 1, 2, 3]


def test_a_slow_consumer_behind_a_closed_gap_is_not_a_gap(connection, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)

    def consume(message):
        connection.ran.append(message["order"])
        if message["order"] == 1:
            pass_by(1.1)
            later.run()

    connection.consume = enforce_ordering(consume)
    connection.feed(1, 0)
    assert connection.ran == [0, 1]
    assert closes(connection) == []


def test_one_timer_serves_a_connection_with_many_waiting_messages(connection, later):
    connection.feed(1, 2, 3, 4)
    assert len(later.calls) == 1


def test_a_message_that_cannot_be_requeued_closes_the_connection(connection, monkeypatch):
    monkeypatch.setattr(ordering.time, "sleep", lambda seconds: None)
    real = connection.layer.channel_layer.send

    def send(channel, content):
        if channel == "test.frames":
            raise connection.layer.ChannelFull
        real(channel, content)

    monkeypatch.setattr(connection.layer.channel_layer, "send", send)
    connection.feed(1, 0)
    assert connection.ran == [0]
    assert closes(connection) == [4408]


# The end.


def test_the_last_frames_run_after_the_disconnect(connection, later):
    connection.feed(0)
    forget_ordering(connection.message(3))
    connection.feed(2, 1)
    assert connection.ran == [0, 1, 2]
    later.run()


def test_the_state_of_a_closed_connection_is_deleted(connection, later):
    connection.feed(0, 1)
    turns = connection.layer.connection_turns
    forget_ordering(connection.message(2))
    if not connection.layer.is_shared:
        later.run()
        assert turns._records == {}
    else:
        client, key = turns._place(connection.name)
        assert 0 < client.ttl(key) <= ordering.AFTERLIFE_SECONDS


@pytest.mark.parametrize("orders", [[0], [1], [0, 1, 4]])
def test_every_record_in_redis_has_a_lease(connection, orders):
    connection.feed(*orders)
    if connection.layer.is_shared:
        client, key = connection.layer.connection_turns._place(connection.name)
        assert 0 < client.ttl(key) <= ordering.LEASE_SECONDS


def test_the_state_of_a_denied_connection_is_deleted(connection, later):
    connection.fails = {0: DenyConnection()}
    connection.feed(0)
    if not connection.layer.is_shared:
        later.run()
        assert connection.layer.connection_turns._records == {}


def test_a_disconnect_overtakes_the_frames_before_it(connection):
    connection.feed(0)
    ended = []
    wire_disconnect = Message({"reply_channel": connection.name, "order": 9}, "websocket.disconnect", connection.layer)
    forget_ordering(wire_disconnect)
    ended.append(True)
    connection.feed(1)
    assert ended and connection.ran == [0, 1]


# Use.


def test_the_decorator_is_used_like_that_of_channels():
    with pytest.raises(ValueError, match="Slight"):
        enforce_ordering(slight=True)
    decorated = enforce_ordering()(lambda message: message)
    with pytest.raises(ValueError, match="order"):
        decorated(Message({"reply_channel": "replies.x"}, "test.frames", wire.layer()))


def test_the_decorator_adds_a_channel_session(connection):
    def consume(message):
        message.channel_session["count"] = message.channel_session.get("count", 0) + 1
        connection.ran.append(message.channel_session["count"])

    connection.consume = enforce_ordering(consume)
    connection.feed(1, 0, 2)
    assert connection.ran == [1, 2, 3]


def test_two_workers_keep_the_order_of_many_frames(any_layer):
    connection = OrderedConnection(any_layer)
    for order in range(60):
        any_layer.send("test.frames", connection.message(order).content)
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
            channel, content = any_layer.receive(["test.frames"])
            if channel:
                ordered(Message(content, channel, any_layer))

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert connection.ran == list(range(60))

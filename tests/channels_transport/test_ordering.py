"""One connection's messages run one after another, in order, each once, and whatever happens they never jam."""

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
    """Lets time pass: by a clock of ours, or really where Redis measures it."""
    if not any_layer.is_shared:
        return request.getfixturevalue("clock").pass_by
    return time.sleep


class Line:
    """A connection whose consumer writes down what it ran; `feed` gives it messages in any order."""

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
        """Runs one message as a worker does, and then what was put back onto its channel."""
        consumer_started.send(sender=Line, environ={})
        try:
            self.consume(message)
        except (ZeroDivisionError, DenyConnection, ConsumeLater):
            pass
        finally:
            consumer_finished.disconnect(close_old_connections)
            consumer_finished.send(sender=Line)
            consumer_finished.connect(close_old_connections)
        channel, content = self.layer.receive(["test.frames"])
        if channel:
            self.handle(Message(content, channel, self.layer))

    @property
    def replies(self):
        return list(iter(lambda: self.layer.receive([self.name])[1], None))


@pytest.fixture
def line(any_layer):
    return Line(any_layer)


def test_messages_in_order_run_at_once(line):
    line.feed(0, 1, 2)
    assert line.ran == [0, 1, 2]


def test_messages_out_of_order_wait_for_theirs(line):
    line.feed(2, 3, 1)
    assert line.ran == []
    line.feed(0)
    assert line.ran == [0, 1, 2, 3]
    line.feed(5, 4)
    assert line.ran == [0, 1, 2, 3, 4, 5]
    assert line.replies == []


@pytest.mark.parametrize("orders", itertools.permutations(range(4)))
def test_every_permutation_runs_in_order(line, orders):
    line.feed(*orders)
    assert line.ran == [0, 1, 2, 3]


def test_a_message_that_comes_twice_runs_once(line):
    line.feed(0, 0, 1, 1, 0, 3, 3, 2, 3)
    assert line.ran == [0, 1, 2, 3]


def test_what_waits_keeps_its_content(line):
    seen = []
    line.consume = enforce_ordering(lambda message: seen.append((message["order"], message.get("bytes"))))
    line.handle(line.message(1, bytes=b"\xff\x00", text=None, path="/chat/ä/"))
    line.feed(0)
    assert seen == [(0, None), (1, b"\xff\x00")]


@pytest.mark.parametrize("error", [ZeroDivisionError("on purpose"), DenyConnection(), ConsumeLater()])
def test_a_consumer_that_raises_jams_nothing(line, error):
    line.fails = {0: error, 2: error}
    line.feed(0, 1, 3, 2)
    assert line.ran == [0, 1, 2, 3]


def test_connections_do_not_wait_for_each_other(any_layer):
    one, other = Line(any_layer), Line(any_layer)
    one.feed(1)
    other.feed(0, 1)
    assert (one.ran, other.ran) == ([], [0, 1])


def test_the_second_of_two_workers_with_one_message_drops_it(line):
    # redis-py sends a command again when its connection broke: the layer then delivers twice.
    again = []
    line.consume = enforce_ordering(lambda message: again or (again.append(1), line.consume(line.message(0))))
    line.feed(0)
    assert again == [1]
    line.consume = enforce_ordering(line._run)
    line.feed(1)
    assert line.ran == [1]


def test_what_a_consumer_sent_has_left_before_the_next_one_runs(line):
    left = []

    def consume(message):
        left.append([reply["text"] for reply in line.replies])
        Channel(line.name).send({"text": f"of {message['order']}"})

    line.consume = enforce_ordering(consume)
    line.feed(1, 2, 0)
    assert left == [[], ["of 0"], ["of 1"]]


def test_sends_leave_also_when_the_consumer_raised(line):
    def consume(message):
        Channel(line.name).send({"text": "sent"})
        raise ZeroDivisionError

    line.consume = enforce_ordering(consume)
    line.feed(0)
    assert [reply["text"] for reply in line.replies] == ["sent"]


def test_a_reply_channel_that_stays_full_ends_no_worker(line, monkeypatch, caplog):
    monkeypatch.setattr(pending_message_store, "retry_time", 0.01)
    monkeypatch.setattr(pending_message_store, "retry_interval", 0.01)

    def consume(message):
        line.ran.append(message["order"])
        for _ in range(5):
            Channel("replies.full").send({"text": "a"})

    line.consume = enforce_ordering(consume)
    monkeypatch.setattr(line.layer.channel_layer, "capacity", 3)
    line.feed(0, 1)
    assert line.ran == [0, 1]
    assert "could not be delivered" in caplog.text


def test_outside_a_worker_there_is_nothing_to_flush(line):
    vars(pending_message_store.threadlocal).pop("messages", None)
    line.consume(line.message(0))
    assert line.ran == [0]


# Gaps.


def closes(line):
    return [reply["close"] for reply in line.replies if "close" in reply]


def test_a_gap_that_does_not_close_closes_the_connection(line, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    line.feed(0, 2)
    pass_by(1.1)
    later.run()
    assert closes(line) == [4408]
    assert line.ran == [0]


def test_a_gap_that_closes_in_time_closes_nothing(line, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    line.feed(0, 2)
    line.feed(1)
    pass_by(1.1)
    later.run()
    assert closes(line) == []
    line.feed(3)
    assert line.ran == [0, 1, 2, 3]


def test_with_the_timer_lost_the_next_message_finds_the_gap(line, pass_by, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    line.feed(0, 2)
    pass_by(2.1)
    line.feed(3)
    assert closes(line) == [4408]


def test_a_message_lost_with_a_killed_worker_is_a_gap(line, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    line.feed(0)
    assert line.layer.connection_turns.arrive(line.name, 1, {}) == ordering.RUN  # and then, kill -9
    line.feed(1, 2)
    assert line.ran == [0]
    pass_by(1.1)
    later.run()
    assert closes(line) == [4408]


def test_the_clock_of_a_gap_starts_with_that_gap(line, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)
    line.feed(1)
    pass_by(1.1)
    line.feed(0)
    line.feed(3)
    later.run()
    assert closes(line) == []
    line.feed(2)
    assert line.ran == [0, 1, 2, 3]


def test_a_slow_consumer_behind_a_closed_gap_is_not_a_gap(line, pass_by, later, monkeypatch):
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)

    def consume(message):
        line.ran.append(message["order"])
        if message["order"] == 1:
            pass_by(1.1)
            later.run()

    line.consume = enforce_ordering(consume)
    line.feed(1, 0)
    assert line.ran == [0, 1]
    assert closes(line) == []


def test_one_timer_watches_a_connection_however_much_waits(line, later):
    line.feed(1, 2, 3, 4)
    assert len(later.calls) == 1


def test_a_full_channel_to_requeue_on_closes_the_connection(line, monkeypatch):
    monkeypatch.setattr(ordering.time, "sleep", lambda seconds: None)
    real = line.layer.channel_layer.send

    def send(channel, content):
        if channel == "test.frames":
            raise line.layer.ChannelFull
        real(channel, content)

    monkeypatch.setattr(line.layer.channel_layer, "send", send)
    line.feed(1, 0)
    assert line.ran == [0]
    assert closes(line) == [4408]


# The end.


def test_after_the_disconnect_the_last_frames_still_run(line, later):
    line.feed(0)
    forget_ordering(line.message(3))
    line.feed(2, 1)
    assert line.ran == [0, 1, 2]
    later.run()


def test_nothing_is_kept_of_a_connection_that_ended(line, later):
    line.feed(0, 1)
    turns = line.layer.connection_turns
    forget_ordering(line.message(2))
    if not line.layer.is_shared:
        later.run()
        assert turns._records == {}
    else:
        client, key = turns._place(line.name)
        assert 0 < client.ttl(key) <= ordering.AFTERLIFE_SECONDS


@pytest.mark.parametrize("orders", [[0], [1], [0, 1, 4]])
def test_every_record_in_redis_has_a_lease(line, orders):
    line.feed(*orders)
    if line.layer.is_shared:
        client, key = line.layer.connection_turns._place(line.name)
        assert 0 < client.ttl(key) <= ordering.LEASE_SECONDS


def test_a_denied_connection_leaves_nothing(line, later):
    line.fails = {0: DenyConnection()}
    line.feed(0)
    if not line.layer.is_shared:
        later.run()
        assert line.layer.connection_turns._records == {}


def test_a_disconnect_overtakes_the_frames_before_it(line):
    line.feed(0)
    ended = []
    wire_disconnect = Message({"reply_channel": line.name, "order": 9}, "websocket.disconnect", line.layer)
    forget_ordering(wire_disconnect)
    ended.append(True)
    line.feed(1)
    assert ended and line.ran == [0, 1]


# Use.


def test_it_is_used_as_channels_own_is():
    with pytest.raises(ValueError, match="Slight"):
        enforce_ordering(slight=True)
    decorated = enforce_ordering()(lambda message: message)
    with pytest.raises(ValueError, match="order"):
        decorated(Message({"reply_channel": "replies.x"}, "test.frames", wire.layer()))


def test_it_brings_a_channel_session(line):
    def consume(message):
        message.channel_session["count"] = message.channel_session.get("count", 0) + 1
        line.ran.append(message.channel_session["count"])

    line.consume = enforce_ordering(consume)
    line.feed(1, 0, 2)
    assert line.ran == [1, 2, 3]


def test_two_workers_keep_the_order_of_many_frames(any_layer):
    line = Line(any_layer)
    for order in range(60):
        any_layer.send("test.frames", line.message(order).content)
    lock = threading.Lock()
    running = []

    def consume(message):
        with lock:
            running.append(message["order"])
            assert len(running) == 1
        time.sleep(0.001)
        with lock:
            running.clear()
            line.ran.append(message["order"])

    ordered = enforce_ordering(consume)

    def worker():
        deadline = time.monotonic() + 120
        while len(line.ran) < 60 and time.monotonic() < deadline:
            channel, content = any_layer.receive(["test.frames"])
            if channel:
                ordered(Message(content, channel, any_layer))

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert line.ran == list(range(60))

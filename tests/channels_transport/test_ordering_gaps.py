"""Tests of `enforce_ordering` when a message is missing, and of the deletion of its state when a connection ends."""

import pytest
from channels.exceptions import DenyConnection
from channels.message import Message

from channels_transport import enforce_ordering, forget_ordering, ordering
from tests.channels_transport.ordered import OrderedConnection

pytestmark = pytest.mark.no_database


@pytest.fixture
def pass_by(clock):
    """Return a function that lets time pass on the test's clock."""
    return clock.pass_by


@pytest.fixture(autouse=True)
def short_gap(monkeypatch):
    """Let a gap close its connection after one second."""
    monkeypatch.setattr(ordering, "GAP_SECONDS", 1)


@pytest.fixture
def connection(default_layer):
    return OrderedConnection(default_layer)


def closes(connection):
    return [reply["close"] for reply in connection.replies if "close" in reply]


def test_a_gap_that_stays_open_closes_the_connection(connection, pass_by, later):
    connection.feed(0, 2)
    pass_by(1.1)
    later.run()
    assert closes(connection) == [4408]
    assert connection.ran == [0]


def test_a_gap_that_closes_in_time_does_not_close_the_connection(connection, pass_by, later):
    connection.feed(0, 2)
    connection.feed(1)
    pass_by(1.1)
    later.run()
    assert closes(connection) == []
    connection.feed(3)
    assert connection.ran == [0, 1, 2, 3]


def test_the_next_message_detects_a_gap_whose_timer_was_lost(connection, pass_by):
    connection.feed(0, 2)
    pass_by(2.1)
    connection.feed(3)
    assert closes(connection) == [4408]


def test_a_message_lost_with_a_killed_worker_is_a_gap(connection, pass_by, later):
    connection.feed(0)
    assert connection.layer.connection_turns.arrive(connection.name, 1, {}) == ordering.RUN  # then the worker is killed
    connection.feed(1, 2)
    assert connection.ran == [0]
    pass_by(1.1)
    later.run()
    assert closes(connection) == [4408]


def test_the_clock_of_a_gap_starts_with_that_gap(connection, pass_by, later):
    connection.feed(1)
    pass_by(1.1)
    connection.feed(0)
    connection.feed(3)
    later.run()
    assert closes(connection) == []
    connection.feed(2)
    assert connection.ran == [0, 1, 2, 3]


def test_a_slow_consumer_behind_a_closed_gap_is_not_a_gap(connection, pass_by, later):
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
    real_send = connection.layer.channel_layer.send

    def send(channel, content):
        if channel == "test.frames":
            raise connection.layer.ChannelFull
        real_send(channel, content)

    monkeypatch.setattr(connection.layer.channel_layer, "send", send)
    connection.feed(1, 0)
    assert connection.ran == [0]
    assert closes(connection) == [4408]


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
    later.run()
    assert turns._records == {}


def test_the_state_of_a_denied_connection_is_deleted(connection, later):
    connection.fails = {0: DenyConnection()}
    connection.feed(0)
    later.run()
    assert connection.layer.connection_turns._records == {}


def test_a_frame_runs_after_a_disconnect_that_overtook_it(connection):
    connection.feed(0)
    disconnect = Message({"reply_channel": connection.name, "order": 9}, "websocket.disconnect", connection.layer)
    forget_ordering(disconnect)
    connection.feed(1)
    assert connection.ran == [0, 1]

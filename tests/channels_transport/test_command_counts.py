"""Redis runs few commands for one message, also inside scripts. A change that adds a command fails a test."""

import pytest

from channels_transport.shards import read_written
from tests.channels_transport.layers import make_layer, renew_interface, send_frame, wait_for_turn

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"


@pytest.fixture
def layer(valkey_url):
    """Return a layer with one interface, whose connections x and y are in the group `room`."""
    layer = make_layer(valkey_url)
    renew_interface(layer, PROCESS, 10000)
    for name in "xy":
        layer.group_add("room", PROCESS + name)
    layer.channel_session_backend.save("key", "{}", 60, must_create=False)
    return layer


def count(count_commands, function):
    """Return how many commands Redis runs while a function runs, without the commands that begin scripts."""
    with count_commands() as counted:
        function()
    return sum(counted.calls.values()) - counted.scripts


def test_a_frame_is_queued_with_few_commands(layer, count_commands):
    send_frame(layer, 0)
    # A connection whose turn waits, and another connection.
    assert count(count_commands, lambda: send_frame(layer, 1)) == 8
    assert count(count_commands, lambda: send_frame(layer, 0, reply=PROCESS + "y")) == 13


def test_a_frame_that_a_waiting_worker_takes_is_queued_with_few_commands(layer, count_commands):
    assert count(count_commands, lambda: send_frame(layer, 0)) == 14


def test_a_worker_claims_a_frame_that_it_has_already_without_reading_it_again(layer, count_commands):
    layer.receive(["websocket.receive"])
    send_frame(layer, 0)

    def take():
        assert wait_for_turn(layer) == 0
        layer.receiver._waiters[0]._connection.read_response()  # the answer to the claim, so that it has run
        layer.receiver._waiters[0]._unread = 0

    assert count(count_commands, take) == 6, "the id of the connection, the blocking pop, and four in the claim"


def test_a_busy_worker_asks_for_the_next_frame_with_few_commands(layer, count_commands):
    for name in "xy":
        send_frame(layer, 0, reply=PROCESS + name)
    layer.receive(["websocket.receive"])
    assert count(count_commands, lambda: layer.receive(["websocket.receive"])) == 10


def test_a_prefetched_frame_takes_few_more_commands(layer, count_commands):
    for number in range(16):
        send_frame(layer, 0, reply=f"{PROCESS}{number}")
    layer.receive(["websocket.receive"])
    layer.receiver.prefetched._stopped.clear()

    def take_four():
        for _ in range(4):
            layer.receive(["websocket.receive"])
        read_written()

    assert count(count_commands, take_four) == 48, "without prefetching, ten for each frame"


def test_a_broadcast_takes_few_commands_beside_the_next_frame(layer, count_commands):
    assert count(count_commands, lambda: layer.send_group("room", {"text": "hello"})) == 7
    assert count(count_commands, lambda: layer.send(PROCESS + "x", {"text": "hello"})) == 5

"""The frames of one connection run one after another and in order, and each frame runs once."""

import time

import pytest

from tests.channels_transport.layers import FRAME, in_a_worker, make_layer, receive_orders, send_frame

pytestmark = pytest.mark.no_database


def test_frames_of_one_connection_are_received_in_order(layer):
    for order in range(20):
        send_frame(layer, order)
    assert receive_orders(layer, 20) == list(range(20))
    assert layer.receive(["websocket.receive"]) == (None, None)


def test_the_next_frame_waits_until_the_last_one_is_finished(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert receive_orders(layer, 1) == [0]
    assert in_a_worker(lambda: layer.receive(["websocket.receive"])) == (None, None)
    layer.receiver.finish()
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 1


def test_a_frame_of_another_connection_does_not_wait(layer):
    send_frame(layer, 0)
    send_frame(layer, 0, reply="daphne.response.abc!y")
    first = layer.receive(["websocket.receive"])[1]["reply_channel"]
    second = in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["reply_channel"]
    assert {first, second} == {"daphne.response.abc!x", "daphne.response.abc!y"}


def test_two_busy_connections_take_turns(layer):
    for reply in ("daphne.response.abc!x", "daphne.response.abc!y"):
        for order in range(3):
            send_frame(layer, order, reply=reply)
    names = [layer.receive(["websocket.receive"])[1]["reply_channel"][-1] for _ in range(6)]
    assert names in (list("xyxyxy"), list("yxyxyx"))


def test_a_frame_that_arrives_twice_runs_once(layer):
    for order in (0, 1, 1, 0, 2):
        send_frame(layer, order)
    assert receive_orders(layer, 3) == [0, 1, 2]
    assert layer.receive(["websocket.receive"]) == (None, None)


def test_a_frame_that_arrives_too_early_is_refused(layer):
    send_frame(layer, 0)
    with pytest.raises(layer.ChannelFull):
        send_frame(layer, 2)
    send_frame(layer, 1)
    send_frame(layer, 2)
    assert receive_orders(layer, 3) == [0, 1, 2]


def test_a_worker_receives_only_from_the_channels_that_it_names(layer):
    send_frame(layer, 0, "websocket.connect")
    send_frame(layer, 1, "websocket.receive")
    assert layer.receive(["websocket.receive"]) == (None, None)
    assert layer.receive(["websocket.connect"])[1]["order"] == 0
    assert layer.receive(["websocket.connect"]) == (None, None)
    assert layer.receive(["websocket.receive"])[1]["order"] == 1


def test_a_requeued_message_is_received_first(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    channel, message = layer.receive(["websocket.receive"])
    layer.requeue(channel, {**message, "__retries__": 1})
    again = layer.receive(["websocket.receive"])[1]
    assert (again["order"], again["__retries__"]) == (0, 1)
    assert receive_orders(layer, 1) == [1]


def test_an_order_on_another_channel_is_ignored(layer):
    for _ in range(2):
        layer.send("jobs", {**FRAME, "order": 7})
    assert receive_orders(layer, 2, ["jobs"]) == [7, 7]


def enqueue(layer, order, place):
    """Send a frame like an interface. `place` is `first` or `next`: see scripts/turns.py. Return Redis' answer."""
    index, command = layer.send_command("websocket.receive", {**FRAME, "order": order})
    return layer.shards[index].call((*command, place))[0]


def test_frames_continue_after_redis_has_lost_the_last_ones(layer):
    """Check the loss after a failover to a replica, or after a crash before the last second was written to disk."""
    assert [enqueue(layer, order, "first") for order in range(3)] == [b"ok"] * 3
    assert enqueue(layer, 6, "next") == b"gap"
    assert enqueue(layer, 5, "first") == b"ok"
    assert enqueue(layer, 6, "next") == b"ok"
    assert receive_orders(layer, 5) == [0, 1, 2, 5, 6]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 2


def test_no_frame_of_an_unknown_connection_overtakes_a_refused_frame(layer):
    assert enqueue(layer, 7, "next") == b"gap"
    assert enqueue(layer, 6, "first") == b"ok"
    assert enqueue(layer, 7, "next") == b"ok"


def forget(layer, order):
    """Send a disconnect in place of the frames that still wait. Return the answer of Redis."""
    index, command = layer.send_command("websocket.disconnect", {**FRAME, "order": order})
    return layer.shards[index].call((*command, "forget"))[0]


def test_the_frames_of_a_forgotten_connection_are_dropped_and_its_disconnect_runs(layer):
    for order in range(100):
        send_frame(layer, order)
    assert layer.receive(["websocket.receive"])[1]["order"] == 0
    assert forget(layer, 150) == b"ok"
    channels = ["websocket.receive", "websocket.disconnect"]
    assert layer.receive(channels)[1]["order"] == 150
    assert layer.receive(channels) == (None, None)
    statistics = layer.channel_statistics("websocket.disconnect")
    assert (statistics["forgotten_count"], statistics["lost_count"]) == (99, 0)


def test_a_forgotten_connection_keeps_the_frame_whose_turn_is_in_a_channels_list(layer):
    for order in range(100):
        send_frame(layer, order)
    assert forget(layer, 100) == b"ok"
    assert receive_orders(layer, 2, ["websocket.receive", "websocket.disconnect"]) == [0, 100]


def test_a_turn_that_expires_in_its_list_is_followed_by_the_next_turn(layer, monkeypatch):
    monkeypatch.setattr(layer, "expiry", 0)
    send_frame(layer, 0)
    monkeypatch.setattr(layer, "expiry", 60)
    send_frame(layer, 1)
    time.sleep(0.01)
    assert layer.receive(["websocket.receive"], block=True)[1]["order"] == 1
    assert layer.channel_statistics("websocket.receive")["expired_count"] == 1


def test_a_busy_worker_runs_one_script_for_each_message(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    for order in range(10):
        send_frame(layer, order)
    layer.receive(["websocket.receive"])
    with count_commands() as counted:
        for _ in range(9):
            layer.receive(["websocket.receive"])
    assert counted.scripts == 9
    assert not {name for name in counted.calls if name.startswith("b")}, "no blocking pop while there is work"

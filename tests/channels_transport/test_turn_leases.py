"""A turn has a lease. If its worker dies, is delayed or loses a reply of Redis, the connection still continues."""

import time

import pytest
import redis

from channels_transport import scripts
from tests.channels_transport.layers import (
    end_turn_lease,
    in_a_worker,
    make_layer,
    pop_turn,
    receive_orders,
    send_frame,
    wait_for_turn,
)

pytestmark = pytest.mark.no_database


def test_the_connection_of_a_dead_worker_continues(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 0.2)
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 0
    assert layer.receive(["websocket.receive"]) == (None, None)
    time.sleep(0.3)
    lost = [shard.call(layer.command(scripts.RECLAIM, 100))[0] for shard in layer.shards]
    assert sum(lost, []) == [b"daphne.response.abc!x"]
    assert layer.receive(["websocket.receive"])[1]["order"] == 1
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 1


def test_a_worker_that_counted_as_dead_takes_no_turn_from_another_worker(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 0.1)
    for order in range(3):
        send_frame(layer, order)
    layer.receive(["websocket.receive"])
    time.sleep(0.2)
    for shard in layer.shards:
        shard.call(layer.command(scripts.RECLAIM, 100))
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 5)
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 1
    assert layer.receive(["websocket.receive"]) == (None, None)


def test_a_turn_that_was_popped_and_never_claimed_is_queued_again(layer):
    for order in range(2):
        send_frame(layer, order)
    pop_turn(layer)
    assert end_turn_lease(layer) == []
    assert receive_orders(layer, 2) == [0, 1]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


@pytest.mark.parametrize("ahead", [0, 399, 400, 550])
def test_a_turn_that_waits_long_for_a_worker_is_not_lost(valkey_url, ahead):
    layer = make_layer(valkey_url, capacity=1000)
    for number in range(ahead):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    send_frame(layer, 0)
    send_frame(layer, 0, reply="daphne.response.abc!behind")
    assert end_turn_lease(layer) == []
    assert layer.shards[0].call(("LLEN", f"{layer.prefix}websocket.receive")) == [ahead + 2], "the turn is listed once"
    assert len(receive_orders(layer, ahead + 2)) == ahead + 2


def test_a_turn_that_was_returned_out_of_order_is_not_queued_twice(valkey_url):
    layer = make_layer(valkey_url, capacity=1000)
    for number in range(420):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    for item in [pop_turn(layer) for _ in range(3)]:
        layer.shards[0].call(("LPUSH", f"{layer.prefix}websocket.receive", item))
    for number in range(420):
        end_turn_lease(layer, f"daphne.response.abc!{number}")
    assert layer.shards[0].call(("LLEN", f"{layer.prefix}websocket.receive")) == [420], "each turn is listed once"


def test_a_popped_turn_is_queued_again_even_if_many_turns_wait(valkey_url):
    layer = make_layer(valkey_url, capacity=1000)
    send_frame(layer, 0)
    pop_turn(layer)
    for number in range(450):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    end_turn_lease(layer)
    assert layer.shards[0].call(("LLEN", f"{layer.prefix}websocket.receive")) == [451]


def test_a_turn_that_ends_a_wait_is_claimed_without_a_round_trip(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    layer.receive(["websocket.receive"])
    send_frame(layer, 0)
    send_frame(layer, 1)
    with count_commands() as counted:
        assert wait_for_turn(layer) == 0
    # Redis has run the blocking pop. Redis may also have run the claim: the worker reads its reply later.
    assert counted.calls["blmpop"] == 1 and counted.scripts <= 1
    assert end_turn_lease(layer) == [b"daphne.response.abc!x"], "the turn was claimed"
    assert receive_orders(layer, 1) == [1]


@pytest.mark.parametrize("is_claimed", [True, False])
def test_a_turn_ends_whether_or_not_its_claim_has_arrived(layer, monkeypatch, is_claimed):
    if not is_claimed:
        monkeypatch.setattr("channels_transport.waiting.Waiter.send", lambda *arguments: None)
    layer.receive(["websocket.receive"])
    for order in range(3):
        send_frame(layer, order)
    assert wait_for_turn(layer) == 0
    assert receive_orders(layer, 2) == [1, 2]


def test_a_worker_that_was_delayed_checks_whether_it_still_owns_the_turn(valkey_url):
    layer = make_layer(valkey_url)
    layer.receive(["websocket.receive"])
    send_frame(layer, 0)
    assert layer.receiver._wait(["websocket.receive"])
    end_turn_lease(layer)
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 0
    layer.receiver._empty_at -= 10
    assert layer.receiver._open_popped(*layer.receiver._popped.popleft()) is None
    assert layer.receiver.reply == ""


def test_a_frame_that_is_lost_with_the_answer_to_its_claim_is_counted(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    item, index = pop_turn(layer), layer.consistent_hash("daphne.response.abc!")
    layer.receiver._begin_turn(index, b"daphne.response.abc!x", item[14:30], None)
    layer.shards[index].call(layer.receiver.claim_command()[1])
    layer.receiver._empty_at = -10
    assert layer.receiver._open_popped(index, "websocket.receive", item) is None
    assert receive_orders(layer, 1) == [1]
    assert layer.global_statistics()["lost_count"] == 1


def test_a_frame_whose_answer_is_lost_is_counted_and_the_next_one_arrives(layer, monkeypatch):
    for order in range(3):
        send_frame(layer, order)
    assert receive_orders(layer, 1) == [0]
    shard = layer.shards[layer.receiver.index]
    ask = shard.ask

    def fail_after_sending(*commands):
        ask(*commands)
        raise redis.ConnectionError("on purpose")

    monkeypatch.setattr(shard, "ask", fail_after_sending)
    with pytest.raises(redis.ConnectionError):
        layer.receive(["websocket.receive"])
    monkeypatch.setattr(shard, "ask", ask)
    assert receive_orders(layer, 1) == [2]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 1


def test_turns_get_new_numbers_after_redis_lost_its_data(layer):
    send_frame(layer, 0)
    assert wait_for_turn(layer) == 0
    shards, receiver = layer.shards, layer.receiver
    for shard in shards:
        shard.call(("FLUSHDB",))
    send_frame(layer, 0)
    send_frame(layer, 1)
    index, command = receiver.claim_command()
    assert shards[index].call(command) == [None], "the number belongs to another turn"
    assert receive_orders(layer, 2) == [0, 1]


def test_a_worker_keeps_the_turn_that_it_renews(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert receive_orders(layer, 1) == [0]
    index, command = layer.receiver.claim_command()
    assert layer.shards[index].call(command) == [0]
    assert receive_orders(layer, 1) == [1]
    assert layer.shards[index].call(command) == [None], "that turn has ended"


def test_an_outage_of_redis_takes_no_turn_from_a_live_worker(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 0.05)
    reclaim = layer.command(scripts.RECLAIM, 100)
    for shard in layer.shards:
        shard.call(reclaim)
    send_frame(layer, 0)
    layer.receive(["websocket.receive"])
    shard = layer.shards[layer.receiver.index]
    time.sleep(0.1)
    shard.call(("HINCRBY", f"{layer.prefix}reclaim", "at", -3500))
    assert shard.call(reclaim) == [[]]
    assert shard.call(reclaim) == [[]], "the next RECLAIM gives the worker time for a renewal"
    shard.call(("HSET", f"{layer.prefix}reclaim", "from", 0))
    assert shard.call(reclaim) == [[b"daphne.response.abc!x"]]

"""Turns of connections after failures between Redis and a worker."""

import threading
import time

import pytest
import redis

from channels_transport import scripts
from tests.channels_transport.layers import (
    CHANNELS,
    end_turn_lease,
    in_a_worker,
    make_layer,
    pop_turn,
    receive_orders,
    send_frame,
    wait_for_turn,
)

pytestmark = pytest.mark.no_database


@pytest.fixture
def layer(valkey_url):
    return make_layer(valkey_url, capacity=5000)


@pytest.fixture
def no_memory(valkey_url):
    """Return a function that calls another function while Redis has no memory left."""
    server = redis.StrictRedis.from_url(valkey_url)

    def call(function):
        server.config_set("maxmemory", 1)
        try:
            return function()
        finally:
            server.config_set("maxmemory", 0)

    return call


def wait_long(layer):
    """Let this thread wait for a turn, as if the wait were so long that another worker may own the turn now."""
    assert layer.receiver._wait(CHANNELS)
    layer.receiver._empty_at -= 2


def test_a_heartbeat_during_a_claim_does_not_take_the_frame(layer):
    layer.receive(CHANNELS)
    stop = threading.Event()

    receiver = layer.receiver

    def renew():
        while not stop.is_set():
            claim = receiver.claim_command()
            if claim is not None:
                layer.shards[0].call(claim[1])

    heartbeat = threading.Thread(target=renew)
    heartbeat.start()
    try:
        for order in range(200):
            send_frame(layer, order)
            wait_long(layer)
            assert layer.receiver._poll(CHANNELS)[1]["order"] == order
            layer.receiver.finish()
    finally:
        stop.set()
        heartbeat.join()


def test_a_worker_must_claim_a_turn_that_another_worker_returned(layer):
    layer.receive(CHANNELS)
    send_frame(layer, 0)
    assert layer.receiver._wait(CHANNELS)
    end_turn_lease(layer)
    assert in_a_worker(lambda: layer.receive(CHANNELS))[1]["order"] == 0
    layer.receiver.finish()
    assert in_a_worker(lambda: layer.receive(CHANNELS, block=False)) == (None, None)


def test_a_refused_claim_leaves_the_frame_to_the_next_worker(layer, monkeypatch):
    layer.receive(CHANNELS)
    send_frame(layer, 0)
    wait_long(layer)
    monkeypatch.setattr(layer.shards[0], "ask", lambda *commands: [redis.ResponseError("BUSY")])
    with pytest.raises(redis.ResponseError):
        layer.receive(CHANNELS)
    monkeypatch.undo()
    assert layer.receive(CHANNELS) == (None, None)
    assert end_turn_lease(layer) == []
    assert receive_orders(layer, 1) == [0]


def test_a_broken_wait_is_replaced_before_a_turn_is_claimed(layer):
    layer.receive(CHANNELS)
    send_frame(layer, 0)
    assert layer.receiver._wait(CHANNELS)
    layer.receiver._waiters[0]._connection.disconnect()
    with pytest.raises(redis.ConnectionError):
        layer.receiver._poll(CHANNELS)
    waiter = layer.receiver._waiters[0]
    waiter.begin(["transport:nothing"], 60)
    started = time.monotonic()
    waiter.cancel()
    assert time.monotonic() - started < 30


def test_a_message_that_is_requeued_before_its_claim_arrives_keeps_its_retries(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.waiting.Waiter.send", lambda *arguments: None)
    layer.receive(CHANNELS)
    send_frame(layer, 0)
    assert wait_for_turn(layer) == 0
    late_claim = layer.receiver.claim_command()[1]
    message = {"reply_channel": "daphne.response.abc!x", "path": "/", "order": 0, "__retries__": 1}
    layer.requeue("websocket.receive", message)
    layer.receiver.deferred.send()
    layer.shards[0].call(late_claim)
    assert layer.receive(CHANNELS)[1]["__retries__"] == 1


def test_an_expired_disconnect_leaves_no_open_connection(valkey_url, monkeypatch):
    layer = make_layer(valkey_url)
    monkeypatch.setattr(layer, "expiry", 0)
    send_frame(layer, 0, "websocket.connect")
    send_frame(layer, 1, "websocket.disconnect")
    time.sleep(0.01)
    for _ in range(4):
        assert layer.receive(CHANNELS) == (None, None)
    assert layer.shards[0].call(("KEYS", "transport:open:*")) == [[]]


def test_a_full_channel_without_workers_has_room_again_when_its_turns_expire(valkey_url, monkeypatch):
    layer = make_layer(valkey_url, capacity=5)
    monkeypatch.setattr(layer, "expiry", 0)
    for number in range(5):
        send_frame(layer, 0, "websocket.disconnect", reply=f"daphne.response.abc!{number}")
    with pytest.raises(layer.ChannelFull):
        send_frame(layer, 0, "websocket.disconnect")
    time.sleep(0.01)
    end_turn_lease(layer, "daphne.response.abc!0")
    send_frame(layer, 0, "websocket.disconnect")
    assert layer.channel_statistics("websocket.disconnect")["expired_count"] == 5


def test_an_expired_turn_is_ended_although_redis_has_no_memory(layer, no_memory, monkeypatch):
    monkeypatch.setattr(layer, "expiry", 0)
    send_frame(layer, 0)
    time.sleep(0.01)
    assert layer.receiver._wait(CHANNELS)
    assert no_memory(lambda: layer.receive(CHANNELS)) == (None, None)


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_list_with_a_returned_item_still_expires(layer, no_memory, has_memory):
    layer.send("http.request", {"path": "/"})
    assert layer.receiver._wait(["http.request"])
    layer.receiver.finish() if has_memory else no_memory(layer.receiver.finish)
    assert layer.shards[0].call(("TTL", "transport:http.request"))[0] > 0
    assert layer.receive(["http.request"])[1] == {"path": "/"}


def test_many_waiting_turns_do_not_hide_the_turn_of_a_dead_worker(layer):
    for number in range(900):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    pop_turn(layer)
    shard = layer.shards[0]
    for name in shard.call(("ZRANGE", "transport:turns", 0, -1))[0]:
        shard.call(("ZADD", "transport:turns", 1, name))
    shard.call(("ZADD", "transport:turns", 2, "daphne.response.abc!0"))
    shard.call(layer.command(scripts.RECLAIM, 100))
    assert len(receive_orders(layer, 900)) == 900


def test_a_renewal_reports_a_membership_that_was_lost(layer):
    reports = []
    layer.group_add_all(["room", "person"], "daphne.response.abc!x")
    send_frame(layer, 0)
    send_frame(layer, 1)
    layer.receive(CHANNELS)
    layer.group_renew(["room", "person"], "daphne.response.abc!x", lambda: reports.append("too early"))
    layer.receive(CHANNELS)
    assert reports == []
    layer.shards[0].call(("DEL", "transport:group:room", "transport:members:room:daphne.response.abc!"))
    layer.group_renew(["room", "person"], "daphne.response.abc!x", lambda: reports.append("again"))
    assert reports == []
    layer.receive(CHANNELS)
    assert reports == ["again"]

"""An interface whose lease ends counts as dead: its connections are disconnected and removed from their groups."""

import time

import pytest

from channels_transport import scripts
from channels_transport.redis_sending import DISCONNECT_ORDER
from tests.channels_transport.layers import (
    CHANNELS,
    end_turn_lease,
    in_a_worker,
    open_connection,
    receive_all,
    reclaim,
    renew_interface,
    send_frame,
)

pytestmark = pytest.mark.no_database


def test_each_connection_of_a_dead_interface_gets_one_disconnect(layer):
    process, other = "daphne.response.dead!", "daphne.response.alive!"
    renew_interface(layer, process, 100)
    renew_interface(layer, other, 60000)
    first, second = open_connection(layer, process, "a", frames=2), open_connection(layer, process, "b")
    alive = open_connection(layer, other, "c")
    time.sleep(0.15)
    for _ in range(3):
        reclaim(layer)
    found = receive_all(layer)
    disconnect = ("websocket.disconnect", DISCONNECT_ORDER)
    frames = [("websocket.receive", 1), ("websocket.receive", 2)]
    assert found[first] == [("websocket.connect", 0), *frames, disconnect]
    assert found[second] == [("websocket.connect", 0), disconnect]
    assert found[alive] == [("websocket.connect", 0)]
    for _ in range(3):
        reclaim(layer)
    assert receive_all(layer) == {}
    assert 1 in renew_interface(layer, process, 60000), "an interface that is alive after all gets this answer"


def test_the_disconnect_of_a_dead_interface_has_the_path_and_code_1006(layer):
    renew_interface(layer, "daphne.response.dead!", 0)
    open_connection(layer, "daphne.response.dead!", "a")
    layer.receive(["websocket.connect"])
    time.sleep(0.01)
    reclaim(layer)
    channel, message = layer.receive(["websocket.disconnect"])
    assert (channel, message["path"], message["code"]) == ("websocket.disconnect", "/a/", 1006)


def test_a_connection_that_has_disconnected_gets_no_second_disconnect(layer):
    process = "daphne.response.dead!"
    renew_interface(layer, process, 0)
    reply = open_connection(layer, process, "a")
    send_frame(layer, 1, reply=reply, channel="websocket.disconnect")
    time.sleep(0.01)
    reclaim(layer)
    assert receive_all(layer) == {reply: [("websocket.connect", 0), ("websocket.disconnect", 1)]}
    reclaim(layer)
    assert receive_all(layer) == {}
    assert not any(shard.call(("KEYS", f"{layer.prefix}open:*"))[0] for shard in layer.shards)


def test_a_disconnect_whose_worker_died_runs_a_second_time_and_not_a_third(layer):
    reply = open_connection(layer, "daphne.response.abc!", "x")
    send_frame(layer, 1, reply=reply, channel="websocket.disconnect")
    for order in (0, 1, 1):
        assert in_a_worker(lambda: layer.receive(CHANNELS))[1]["order"] == order
        assert end_turn_lease(layer) == [reply.encode()]
    assert receive_all(layer) == {}


def test_a_group_send_removes_the_members_of_a_dead_interface(layer):
    layer.group_add("room", "daphne.response.gone!a")
    layer.group_add("room", "daphne.response.here!b")
    for shard in layer.shards:
        shard.call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.gone!", 1))
        shard.call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.here!", 60000))
    time.sleep(0.01)
    layer.send_group("room", {"text": "hello"})
    assert layer.receive(["daphne.response.gone!"]) == (None, None)
    assert layer.receive(["daphne.response.here!"]) == ("daphne.response.here!b", {"text": "hello"})
    assert layer.channel_statistics("daphne.response.gone!")["gone_count"] == 1
    assert layer.group_channels("room") == ["daphne.response.here!b"]


def test_an_interface_that_counted_as_dead_learns_this_at_its_renewal(layer):
    process = "daphne.response.gone!"
    layer.group_add("room", f"{process}a")
    assert 1 not in renew_interface(layer, process, 1)
    time.sleep(0.01)
    layer.send_group("room", {"text": "hello"})
    assert 1 in renew_interface(layer, process, 1)
    assert 1 not in renew_interface(layer, process, 1)


def test_an_outage_of_redis_makes_no_interface_count_as_dead(layer):
    shard = layer.shards[layer.consistent_hash("room")]
    layer.group_add("room", "daphne.response.here!a")
    shard.call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.here!", 1))
    shard.call(layer.command(scripts.RECLAIM, 100), ("HINCRBY", f"{layer.prefix}reclaim", "at", -3500))
    time.sleep(0.01)
    layer.send_group("room", {"text": "hello"})
    assert layer.receive(["daphne.response.here!"])[1] == {"text": "hello"}


def read_mark(layer):
    """Renew the lease of an interface, and return the mark in the answer."""
    (answer,) = layer.shards[0].call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.here!", 1))
    return answer[1]


def test_a_mark_tells_an_interface_that_redis_has_lost_its_data(layer):
    before = read_mark(layer)
    time.sleep(0.01)
    renew_interface(layer, "daphne.response.other!", 0)
    layer.shards[0].call(("DEL", f"{layer.prefix}interfaces"))
    assert read_mark(layer) == before, "an interface may also lose only its lease"
    layer.shards[0].call(("FLUSHDB",))
    assert read_mark(layer) != before

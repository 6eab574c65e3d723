"""Redis' clock is set back by 25 hours: leases and messages still end at the right time."""

import threading

import pytest

from channels_transport import scripts
from tests.channels_transport.layers import (
    SET_BACK_MS,
    end_turn_lease,
    make_layer,
    receive_orders,
    reclaim,
    renew_interface,
    send_frame,
    set_clock_back,
)

pytestmark = pytest.mark.no_database


def read_remaining_times(layer, leases):
    """Return the remaining time of each lease in ms."""
    remaining = []
    for shard in layer.shards:
        (seconds, micros), scores = shard.call(("TIME",), ("ZRANGE", layer.prefix + leases, 0, -1, "WITHSCORES"))
        remaining += [float(score) - int(seconds) * 1000 - int(micros) // 1000 for score in scores[1::2]]
    return remaining


def test_a_lease_that_began_before_the_clock_was_set_back_is_shortened(layer):
    renew_interface(layer, "daphne.response.abc!", 10000)
    send_frame(layer, 0)
    receive_orders(layer, 1)
    set_clock_back(layer)
    assert min(read_remaining_times(layer, "interfaces") + read_remaining_times(layer, "turns")) > 20 * 3600 * 1000
    reclaim(layer)
    assert 0 < max(read_remaining_times(layer, "interfaces")) <= 10000
    assert 0 < max(read_remaining_times(layer, "turns")) <= 4000


def test_a_dead_workers_connection_continues_after_a_stall_and_a_clock_set_back(layer):
    send_frame(layer, 0)
    receive_orders(layer, 1)
    reclaim(layer)
    for shard in layer.shards:
        shard.call(("HINCRBY", f"{layer.prefix}reclaim", "at", -3500))
    reclaim(layer)
    set_clock_back(layer)
    reclaim(layer)
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    assert end_turn_lease(layer) == [b"daphne.response.abc!x"]
    assert shard.call(("ZCARD", f"{layer.prefix}turns")) == [0]


def test_a_message_sent_after_the_clock_was_set_back_has_not_expired(valkey_url):
    layer = make_layer(valkey_url)
    shard = layer.shards[0]
    shard.now()
    shard._clock = shard._clock[0] + SET_BACK_MS, shard._clock[1]
    sending = threading.Timer(0.2, layer.send, ["jobs", {"number": 1}])
    sending.start()
    assert layer.receive(["jobs"], block=True) == ("jobs", {"number": 1})
    sending.join()


def test_a_member_added_after_the_clock_was_set_back_gets_the_messages(layer, monkeypatch):
    layer.group_expiry = 7 * 24 * 3600
    layer.group_add("room", "daphne.response.abc!a")
    layer.send_group("room", {"text": "1"})
    assert layer.receive(["daphne.response.abc!"])[0] == "daphne.response.abc!a"
    text_with_earlier_clock = scripts.GROUP_ADD.text.replace(
        "redis.call('TIME')", "redis.call('TIME')\ntime[1] = time[1] - 25 * 3600"
    )
    monkeypatch.setattr(scripts, "GROUP_ADD", scripts.Script(text_with_earlier_clock))
    layer.group_add("room", "daphne.response.abc!b")
    layer.send_group("room", {"text": "2"})
    received = [layer.receive(["daphne.response.abc!"])[0] for _ in range(2)]
    assert sorted(received) == ["daphne.response.abc!a", "daphne.response.abc!b"]

"""Messages that expire or exceed the capacity are counted, and a sender to a full list slows down."""

import time

import asgi_redis
import pytest
import redis

from channels_transport import redis_sending
from tests.channels_transport.layers import make_layer, pass_time, send_frame
from tests.stand_ins import Clock

pytestmark = pytest.mark.no_database


def test_an_expired_message_is_counted(valkey_url):
    layer = make_layer(valkey_url, expiry=60)
    layer.send("jobs", {})
    send_frame(layer, 0)
    pass_time(layer, 60.1)
    assert layer.receive(["jobs", "websocket.receive"]) == (None, None)
    assert layer.channel_statistics("jobs")["expired_count"] == 1
    assert layer.channel_statistics("websocket.receive")["expired_count"] == 1
    assert layer.global_statistics()["expired_count"] == 2


def test_a_full_channel_is_counted_and_expired_messages_make_room(valkey_url):
    layer = make_layer(valkey_url, expiry=60, capacity=2)
    layer.send("jobs", {})
    layer.send("jobs", {})
    with pytest.raises(layer.ChannelFull):
        layer.send("jobs", {})
    assert layer.channel_statistics("jobs")["channel_full_count"] == 1
    layer.send("others", {})
    layer.expiry = 120
    layer.send("others", {"number": 1})
    pass_time(layer, 60.1)
    layer.send("others", {"number": 2})
    assert [layer.receive(["others"])[1]["number"] for _ in range(2)] == [1, 2]


def test_an_item_of_another_kind_of_layer_counts_as_expired(valkey_url):
    layer = make_layer(valkey_url, capacity=1)
    redis.StrictRedis.from_url(valkey_url).rpush(f"{layer.prefix}jobs", "asgi:5fd0")
    assert layer.channel_statistics("jobs")["messages_pending"] == 1
    layer.send("jobs", {"number": 1})
    assert layer.receive(["jobs"]) == ("jobs", {"number": 1})
    assert layer.channel_statistics("jobs")["expired_count"] == 1


def test_an_idle_worker_logs_that_another_kind_of_layer_uses_its_keys(valkey_url, caplog):
    layer = make_layer(valkey_url)
    layer.receiver._popped.append((0, "jobs", b"asgi:5fd0"))
    assert layer.receive(["jobs"]) == (None, None)
    assert "another kind of channel layer, which is dropped: use another prefix" in caplog.text


def test_a_layer_has_other_keys_than_the_layer_of_asgi_redis(valkey_url):
    stock, layer = asgi_redis.RedisChannelLayer(hosts=[valkey_url]), make_layer(valkey_url)
    stock.send("jobs", {"of": "asgi_redis"})
    layer.send("jobs", {"of": "this package"})
    assert layer.receive(["jobs"])[1] == {"of": "this package"} and layer.receive(["jobs"]) == (None, None)
    assert stock.receive(["jobs"])[1] == {"of": "asgi_redis"} and stock.receive(["jobs"]) == (None, None)


def test_statistics_have_the_pending_messages_and_their_age(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    layer.send("jobs", {})
    time.sleep(0.05)
    statistics = layer.channel_statistics("websocket.receive")
    assert (statistics["messages_count"], statistics["messages_pending"]) == (2, 2)
    assert 0.05 <= statistics["messages_max_age"] < 50
    assert layer.channel_statistics("jobs")["messages_pending"] == 1


def test_the_messages_that_wait_for_an_interface_can_be_counted(layer):
    for name in "aabb":
        layer.send(f"daphne.response.abc!{name}", {"text": "x"})
    layer.send("daphne.response.def!a", {"text": "x"})
    assert layer.count_waiting("daphne.response.abc!c") == 4
    layer.receive(["daphne.response.abc!"])
    assert layer.count_waiting("daphne.response.abc!a") == 3
    assert layer.count_waiting("daphne.response.new!a") == 0


def test_group_sends_to_an_unread_list_slow_down_and_are_then_counted(valkey_url, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(redis_sending, "time", clock)
    layer = make_layer(valkey_url, capacity=2)
    layer.group_add("room", "daphne.response.slow!a")
    started = clock.now
    for _ in range(10):
        layer.send_group("room", {"text": "x"})
    assert 1 <= (clock.now - started) / redis_sending.SLOW_DOWN_SECONDS < 1.5, "the sender waits only once"
    statistics = layer.channel_statistics("daphne.response.slow!")
    assert statistics["messages_pending"] == 2 * redis_sending.OVERFILL_FACTOR
    assert statistics["channel_full_count"] == 10 - 2 * redis_sending.OVERFILL_FACTOR


def test_statistics_without_losses_have_the_fields_of_asgi_redis(layer):
    layer.send("jobs", {})
    assert layer.global_statistics() == {"messages_count": 1, "channel_full_count": 0}
    counted = {"messages_count": 1, "messages_pending": 1, "messages_max_age": 0, "channel_full_count": 0}
    assert layer.channel_statistics("jobs") == counted
    assert layer.channel_statistics("jobs")["lost_count"] == layer.global_statistics()["lost_count"] == 0

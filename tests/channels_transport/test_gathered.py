"""Gathered frames at the workers: sessions and groups of many connections in one trip, and nothing is added again."""

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.asgi import ChannelLayerWrapper
from channels.message import Message

from channels_transport import GatheredFrames, redis_groups
from channels_transport.leases import ENDED_SECONDS
from channels_transport.memory import MemoryChannelLayer
from channels_transport.session_backends import session_key
from tests.channels_transport.layers import in_a_worker, send_frame

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"
A, B, C = (f"{PROCESS}{name}" for name in "abc")


def save_session(layer, reply, text):
    layer.channel_session_backend.save(session_key(reply), text, 60, must_create=False)


def shard_of(layer, reply=A):
    return layer.shards[layer.consistent_hash(layer.non_local_name(reply))]


def put_session(layer, reply, text):
    """Store a session on the shard of its connection, as the worker of the connection does."""
    shard_of(layer, reply).call(("SET", f"{layer.prefix}session:{session_key(reply)}", text, "EX", 60))


def test_the_sessions_of_many_connections_take_one_trip(layer, count_commands):
    replies = [f"{PROCESS}{number}" for number in range(50)]
    for reply in replies:
        put_session(layer, reply, f'{{"name": "{reply}"}}')
    layer.channel_session_backend.load_idle(replies[:1])  # Redis has loaded the script now
    with count_commands() as counted:
        found = layer.channel_session_backend.load_idle([*replies, C])
    assert found == [*(f'{{"name": "{reply}"}}' for reply in replies), None]
    assert (counted.trips, counted.calls["evalsha"]) == (1, 1)


def test_the_sessions_of_several_interfaces_are_found_on_their_shards(layer):
    replies = [f"daphne.response.{name * 5}!x" for name in "abcdefgh"]
    for reply in replies:
        put_session(layer, reply, reply)
    assert layer.channel_session_backend.load_idle(replies) == replies


def test_reading_renews_the_leases_of_a_connection(layer):
    put_session(layer, A, "{}")
    shard, turn = shard_of(layer), f"{layer.prefix}turn:{A}"
    shard.call(("HSET", turn, "order", 5), ("EXPIRE", turn, 10))
    assert layer.channel_session_backend.load_idle([A]) == ["{}"]
    session = f"{layer.prefix}session:{session_key(A)}"
    assert [ttl > 3000 for ttl in shard.call(("TTL", session), ("TTL", turn))] == [True, True]


def test_reading_does_not_prolong_the_record_of_a_connection_that_has_ended(layer):
    shard, turn = shard_of(layer), f"{layer.prefix}turn:{A}"
    send_frame(layer, 0, "websocket.disconnect", reply=A)
    layer.receive(["websocket.disconnect"])
    layer.receive(["websocket.receive"])  # ends the turn
    assert layer.channel_session_backend.load_idle([A]) == [None]
    assert 0 < shard.call(("TTL", turn))[0] <= ENDED_SECONDS


def test_a_connection_whose_frame_waits_or_runs_is_not_idle(layer):
    put_session(layer, A, "{}")
    send_frame(layer, 0, reply=A)
    assert layer.channel_session_backend.load_idle([A]) == [None], "the frame waits"
    layer.receive(["websocket.receive"])
    assert in_a_worker(lambda: layer.channel_session_backend.load_idle([A])) == [None], "the frame runs"
    layer.receive(["websocket.receive"])
    assert layer.channel_session_backend.load_idle([A]) == ["{}"]


def test_memberships_are_renewed_and_the_missing_ones_are_reported_and_not_added(layer):
    groups = {A: ["room-1", "member-1"], B: ["room-1", "member-2"], C: ["room-2"]}
    layer.group_add_all(groups[A], A)
    layer.group_add_all(["room-1"], B)
    assert sorted(layer.group_renew_many(groups)) == [B, C]
    assert layer.group_channels("room-1") == [A, B]
    assert layer.group_channels("member-2") == layer.group_channels("room-2") == []


def test_a_membership_is_prolonged_only_after_a_twentieth_of_its_time(layer):
    layer.group_add_all(["room-1"], A)
    shard = layer.shards[layer.consistent_hash("room-1")]
    members = f"{layer.prefix}members:room-1:{PROCESS}"
    ((_, ends_at),) = [shard.call(("ZRANGE", members, 0, -1, "WITHSCORES"))[0]]
    assert layer.group_renew_many({A: ["room-1"]}) == []
    assert shard.call(("ZSCORE", members, A)) == [ends_at]
    early = float(ends_at) - layer.group_expiry * 100
    shard.call(("ZADD", members, early, A), ("EXPIRE", members, 60))
    assert layer.group_renew_many({A: ["room-1"]}) == []
    score, ttl = shard.call(("ZSCORE", members, A), ("TTL", members))
    assert float(score) > early + layer.group_expiry * 99 and ttl > 60


def test_a_group_that_redis_has_lost_is_reported(layer):
    layer.group_add_all(["room-1"], A)
    layer.shards[layer.consistent_hash("room-1")].call(("DEL", f"{layer.prefix}group:room-1"))
    assert layer.group_renew_many({A: ["room-1"]}) == [A]
    assert layer.group_renew_many({}) == []


def test_the_memberships_of_many_channels_take_one_trip_to_each_shard(layer, count_commands):
    memberships = {f"{PROCESS}{number}": ["room-1", f"member-{number}", "login-1"] for number in range(30)}
    for channel, groups in memberships.items():
        layer.group_add_all(groups, channel)
    layer.group_renew_many(memberships)
    with count_commands() as counted:
        assert layer.group_renew_many(memberships) == []
    assert counted.trips == counted.calls["evalsha"] == layer.ring_size


def test_one_script_renews_a_limited_number_of_memberships(layer, count_commands, monkeypatch):
    monkeypatch.setattr(redis_groups, "MAX_RENEWED", 10)
    memberships = {f"{PROCESS}{number}": [f"feed-{number}-{room}" for room in range(4)] for number in range(10)}
    for channel, groups in list(memberships.items())[::2]:
        layer.group_add_all(groups, channel)
    layer.group_renew_many({f"{PROCESS}x": [f"feed-{room}" for room in range(50)]})
    with count_commands() as counted:
        assert sorted(layer.group_renew_many(memberships)) == sorted(list(memberships)[1::2])
    assert counted.trips == layer.ring_size
    assert counted.calls["evalsha"] >= 5


# The consumer's side, on the layer in memory.


@pytest.fixture
def memory(monkeypatch):
    layer = MemoryChannelLayer()
    monkeypatch.setitem(channel_layers.backends, DEFAULT_CHANNEL_LAYER, ChannelLayerWrapper(layer, "default", {}))
    return layer


def test_frames_have_their_sessions_and_those_without_a_session_are_left_out(memory):
    save_session(memory, A, '{"person": 1}')
    save_session(memory, B, "{}")
    save_session(memory, C, "no JSON")
    content = {"reply_channel": f"{PROCESS}-gathered", "batch": 3, "frames": [[A, "one"], [B, "two"], [C, "three"]]}
    gathered = GatheredFrames(Message(content, "websocket.gathered", channel_layers[DEFAULT_CHANNEL_LAYER]))
    assert gathered.frames == [(A, "one", {"person": 1})]
    gathered.answer({A: "fine"})
    assert memory.receive([PROCESS])[1] == {"batch": 3, "texts": ["fine", None, None]}


def test_the_layer_in_memory_renews_the_same_memberships(memory):
    memory.group_add_all(["room-1", "member-1"], A)
    memory.group_add_all(["room-1"], B)
    assert memory.group_renew_many({A: ["room-1", "member-1"], B: ["room-1", "member-2"]}) == [B]
    assert memory.group_channels("member-2") == []

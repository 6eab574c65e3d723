"""The channel layer in memory: ASGI's contract, and the interface that it shares with the layer in Redis."""

import inspect
import time

import pytest
from asgiref import conformance

from channels_transport.channel_layer import ChannelLayer
from channels_transport.layer import RedisChannelLayer
from channels_transport.memory import MemoryChannelLayer
from tests.stand_ins import Clock

pytestmark = pytest.mark.no_database

METHODS = [name for name, member in vars(ChannelLayer).items() if inspect.isfunction(member) and name[0] != "_"]


class TestConformance(conformance.ConformanceTestCase):
    """ASGI's own tests."""

    expiry_delay = 20.1
    capacity_limit = 5

    @pytest.fixture(autouse=True)
    def set_channel_layer(self, clock, monkeypatch):
        # The test of groups is skipped if the expiry is above 20 s. Only a test's `sleep` lets time pass.
        monkeypatch.setattr(conformance, "time", clock)
        type(self).channel_layer = MemoryChannelLayer(expiry=20, group_expiry=20, capacity=5)


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock of the layer: only the test moves it."""
    clock = Clock()
    clock.time = clock.monotonic
    monkeypatch.setattr("asgiref.inmemory.time", clock)
    monkeypatch.setattr("channels_transport.memory.time", clock)
    return clock


@pytest.fixture
def layer():
    return MemoryChannelLayer(capacity=3)


@pytest.mark.parametrize("layer_class", [MemoryChannelLayer, RedisChannelLayer])
@pytest.mark.parametrize("name", METHODS)
def test_both_layers_have_every_method_of_the_interface(layer_class, name):
    wanted = inspect.signature(getattr(ChannelLayer, name)).parameters
    found = inspect.signature(getattr(layer_class, name)).parameters
    assert [(p.name, p.default) for p in found.values()] == [(p.name, p.default) for p in wanted.values()]


@pytest.mark.parametrize("make", [MemoryChannelLayer, RedisChannelLayer])
def test_both_layers_have_every_attribute_of_the_interface(make):
    layer = make()
    assert not [name for name in ChannelLayer.__annotations__ if not hasattr(layer, name)]


def test_only_the_layer_in_redis_is_shared_and_keeps_the_order_itself():
    memory, shared = MemoryChannelLayer(), RedisChannelLayer()
    assert (memory.is_shared, memory.shards) == (False, []) and memory.connection_turns is not None
    assert (shared.is_shared, len(shared.shards)) == (True, 1) and shared.connection_turns is None


def test_a_channel_joins_and_leaves_several_groups_at_once(layer):
    layer.group_add_all(["room", "member"], "replies.a")
    assert layer.group_channels("room") == layer.group_channels("member") == ["replies.a"]
    assert layer.find_joined(["room", "nobody", "member"]) == ["room", "member"]
    layer.group_discard_all(["room", "member", "other"], "replies.a")
    assert layer.group_channels("room") == layer.group_channels("member") == []


def test_a_renewal_restores_a_membership_at_once(layer):
    calls = []
    layer.group_renew(["room", "member"], "replies.a", lambda: calls.append("new"))
    assert layer.group_channels("room") == layer.group_channels("member") == ["replies.a"]
    assert layer.find_joined(["room", "nobody", "member"]) == ["room", "member"]
    assert calls == [], "the channel misses no message after the call"


def test_a_group_send_skips_the_excluded_channels_only(layer):
    layer.group_add_all(["room"], "replies.a")
    layer.group_add_all(["room"], "replies.b")
    layer.send_group("room", {"text": "1"}, ["replies.a"])
    layer.send_group_later("room", {"text": "2"}, ["replies.b"])
    assert layer.receive(["replies.b"]) == ("replies.b", {"text": "1"})
    assert layer.receive(["replies.a"]) == ("replies.a", {"text": "2"})
    assert layer.receive(["replies.a", "replies.b"]) == (None, None)


def test_a_requeued_message_is_received_first(layer):
    for number in range(3):
        layer.send("jobs", {"number": number})
    layer.requeue(*layer.receive(["jobs"]))
    assert [layer.receive(["jobs"])[1]["number"] for _ in range(3)] == [0, 1, 2]


def test_a_full_channel_raises_at_once_and_is_logged_later(layer, caplog):
    for _ in range(3):
        layer.send_later("daphne.response.abc!a", {"text": "x"})
    with pytest.raises(layer.ChannelFull):
        layer.send("daphne.response.abc!b", {"text": "x"})
    for _ in range(2):
        layer.send_later("daphne.response.abc!a", {"text": "x"})
    assert caplog.text.count("daphne.response.abc! is full") == 1
    assert layer.count_waiting("daphne.response.abc!c") == 3


def test_statistics_count_sent_and_refused_messages(layer, clock):
    for _ in range(4):
        layer.send_later("jobs", {})
        clock.pass_by(1)
    layer.receive(["jobs"])
    assert layer.channel_statistics("jobs") == {
        "messages_count": 3,
        "channel_full_count": 1,
        "messages_pending": 2,
        "messages_max_age": 3,
    }
    assert layer.global_statistics() == {"messages_count": 3, "channel_full_count": 1}
    assert layer.channel_statistics("other")["messages_max_age"] == 0


def test_a_flush_deletes_everything(layer):
    layer.send("jobs", {})
    layer.group_add("room", "replies.a")
    layer.channel_session_backend.save("key", "{}", 60, True)
    layer.connection_turns.arrive("replies.a", 0, {})
    layer.flush()
    assert layer.receive(["jobs"]) == (None, None) and layer.group_channels("room") == []
    assert layer.channel_session_backend.load("key") is None
    assert layer.connection_turns.arrive("replies.a", 0, {}) == "run"
    assert layer.global_statistics()["messages_count"] == 0


def test_a_queue_returns_a_requeued_message_again(layer):
    queue = layer.open_queue("jobs")
    layer.send("jobs", {"number": 1})
    delivery = queue.receive(0)
    queue.requeue(delivery)
    assert queue.receive(0).content == {"number": 1} and abs(delivery.sent_at - time.time()) < 60
    queue.acknowledge(delivery)
    queue.close()
    assert queue.receive(0) is None

"""`Group.send` with `except_channels` sends these channels nothing, with one script for any number of members."""

import channels
import pytest
from channels import Channel
from channels.message import Message, pending_message_store

from channels_transport import Group
from channels_transport.downstream import Downstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.memory import MemoryChannelLayer
from channels_transport.worker import Worker
from tests.channels_transport.fakes import GroupRedis
from tests.channels_transport.layers import make_layer, send_frame

pytestmark = pytest.mark.no_database

FIRST, SECOND = "daphne.response.abc!", "daphne.response.def!"
KINDS = {
    "memory": None,
    "redis": {},
    "three hosts": {"shards": 3},
    "encrypted": {"symmetric_encryption_keys": ["secret"]},
    "encrypted on three hosts": {"shards": 3, "symmetric_encryption_keys": ["secret"]},
}


@pytest.fixture(params=KINDS)
def layer(request):
    if KINDS[request.param] is None:
        return MemoryChannelLayer(capacity=100)
    return make_layer(request.getfixturevalue("valkey_url"), **KINDS[request.param], capacity=100)


def receive_all(layer, *names):
    """Return the sorted channels of all messages that wait in these lists."""
    found = []
    while (received := layer.receive(names))[0] is not None:
        found.append(received[0])
    return sorted(found)


def add_members(layer, *channels, group="room"):
    for channel in channels:
        layer.group_add(group, channel)


def test_members_of_several_interfaces_are_left_out(layer):
    add_members(layer, f"{FIRST}a", f"{FIRST}b", f"{SECOND}a", f"{SECOND}b")
    layer.send_group("room", {"text": "x"}, [f"{FIRST}a", f"{SECOND}b"])
    assert receive_all(layer, FIRST) == [f"{FIRST}b"]
    assert receive_all(layer, SECOND) == [f"{SECOND}a"]


def test_plain_channels_are_left_out(layer):
    add_members(layer, "polls?a", "polls?b", "jobs", "others", f"{FIRST}a")
    layer.send_group("room", {"text": "x"}, ["polls?a", "others"])
    assert receive_all(layer, "polls?a", "polls?b", "jobs", "others") == ["jobs", "polls?b"]
    assert receive_all(layer, FIRST) == [f"{FIRST}a"]


def test_a_send_that_leaves_out_all_members_does_not_delay_the_next_message(layer):
    add_members(layer, f"{FIRST}a")
    for _ in range(3):
        layer.send_group("room", {"text": "1"}, [f"{FIRST}a"])
    layer.send(f"{FIRST}a", {"text": "2"})
    assert layer.receive([FIRST]) == (f"{FIRST}a", {"text": "2"})
    assert layer.receive([FIRST]) == (None, None)


def test_excluding_a_channel_that_is_no_member_changes_nothing(layer):
    add_members(layer, f"{FIRST}a")
    layer.send_group("room", {"text": "1"}, [f"{SECOND}z", "polls?z"])
    assert layer.receive([FIRST]) == (f"{FIRST}a", {"text": "1"})


def test_a_send_without_excluded_channels_reaches_all_members(layer):
    add_members(layer, f"{FIRST}a", f"{FIRST}b")
    Group("room", channel_layer=layer).send({"text": "1"})
    assert receive_all(layer, FIRST) == [f"{FIRST}a", f"{FIRST}b"]


def test_the_content_must_be_a_dict(layer):
    for names in ([], [f"{FIRST}a"]):
        with pytest.raises(ValueError, match="only send dicts"):
            Group("room", channel_layer=layer).send("text", except_channels=names)


# The next tests send within a consumer.


@pytest.fixture
def consumer():
    """Let a test send like a consumer. Messages that were not sent are discarded."""
    pending_message_store.prepare()


def test_within_a_consumer_a_send_waits_until_the_consumer_has_ended(layer, consumer):
    add_members(layer, f"{FIRST}a", f"{FIRST}b")
    Group("room", channel_layer=layer).send({"text": "1"}, except_channels=[Channel(f"{FIRST}a", channel_layer=layer)])
    assert layer.receive([FIRST]) == (None, None)
    pending_message_store.send_and_flush()
    assert receive_all(layer, FIRST) == [f"{FIRST}b"]


def test_an_immediate_send_within_a_consumer_is_not_delayed(layer, consumer):
    add_members(layer, f"{FIRST}a", f"{FIRST}b")
    Group("room", channel_layer=layer).send({"text": "1"}, immediately=True, except_channels=[f"{FIRST}a"])
    assert receive_all(layer, FIRST) == [f"{FIRST}b"]


class Router:
    channels = ["websocket.receive"]

    def __init__(self, consumer):
        self.consumer = consumer

    def match(self, message):
        return self.consumer, {}


class Wrapper:
    """A fake of Channels' wrapper around a layer."""

    def __init__(self, layer, consumer):
        self.channel_layer, self.router = layer, Router(consumer)

    def __getattr__(self, name):
        return getattr(self.channel_layer, name)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
def test_a_worker_sends_group_messages_with_its_next_trip(kind, valkey_url):
    layer = make_layer(valkey_url, **KINDS[kind])

    def consume(message: Message):
        group = Group("room", channel_layer=message.channel_layer)
        group.send({"text": "1"}, except_channels=[message.reply_channel])
        channels.Group("room", channel_layer=message.channel_layer).send({"text": "2"})

    add_members(layer, f"{FIRST}x", f"{FIRST}y")
    send_frame(layer, 0)
    Worker(Wrapper(layer, consume), signal_handlers=False, max_messages=1).run()
    received = [layer.receive([FIRST]) for _ in range(3)]
    assert received[0] == (f"{FIRST}y", {"text": "1"})
    assert sorted(channel for channel, _ in received[1:]) == [f"{FIRST}x", f"{FIRST}y"]


# The next test counts the commands of a send.


@pytest.mark.parametrize("is_later", [False, True])
def test_a_send_takes_one_script_with_any_number_of_members(valkey_url, count_commands, is_later):
    layer, counted = make_layer(valkey_url), {}
    for members in (10, 1000):
        for number in range(members):
            layer.group_add("room", f"{FIRST}{number}")
        send_frame(layer, 2 * (members == 1000))
        send_frame(layer, 2 * (members == 1000) + 1)
        layer.receive(["websocket.receive"])
        with count_commands() as counted[members]:
            if is_later:
                layer.send_group_later("room", {"text": "x"}, [f"{FIRST}1"])
            else:
                layer.send_group("room", {"text": "x"}, [f"{FIRST}1"])
        assert counted[members].scripts == (0 if is_later else 1), "a deferred send waits for the next trip"
        with count_commands() as counted[members]:
            layer.receive(["websocket.receive"])
        assert counted[members].scripts == (2 if is_later else 1), (
            "one script receives, and one sends what was deferred"
        )
    assert counted[10].calls == counted[1000].calls


# The next test receives like an interface.


@pytest.mark.parametrize("keys", [None, ["secret"]], ids=["plain", "encrypted"])
@pytest.mark.parametrize("message", [{"text": "1"}, {"close": 4401}])
def test_an_interface_delivers_no_message_to_channels_that_are_left_out(message, keys):
    layer, received = RedisChannelLayer(symmetric_encryption_keys=keys), []
    redis = GroupRedis([f"{FIRST}a", f"{FIRST}b", f"{FIRST}c"])
    downstream = Downstream(
        layer,
        FIRST,
        redis,
        [redis],
        lambda channel, message: received.append(channel),
        lambda channels, text, frame: received.extend(channels),
    )
    body = layer.serialize(message)
    items = [
        b"E9999999999999%016droom\0%sb,%sz\0%s" % (1, FIRST.encode(), FIRST.encode(), body),
        b"G9999999999999%016droom\0%s" % (1, body),
    ]
    downstream._deliver(iter(items))
    assert received == [f"{FIRST}{name}" for name in "acabc"] and redis.readings == 1

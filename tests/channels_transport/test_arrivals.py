"""Interfaces measure the time from a client's message to the last socket of a group, without a command to Redis."""

import time
import types

import pytest
from twisted.internet import task

from channels_transport import Group, arrivals, counting, downstream, log_context
from channels_transport.downstream import Downstream
from channels_transport.items import GroupSend, read_group_item
from channels_transport.layer import RedisChannelLayer
from channels_transport.worker import Worker
from tests.channels_transport.fakes import GroupRedis
from tests.channels_transport.layers import make_layer

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"
NAME = "interface_broadcast_seconds"


@pytest.fixture(autouse=True)
def no_numbers():
    counting.forget()
    yield
    counting.forget()
    arrivals.end()


def read_histogram():
    """Return (number of values, their sum) of the measured times."""
    found = counting.read().get(NAME)
    return (sum(found[0][1][0]), found[0][1][1]) if found else (0, 0)


def run_worker(layer, consumer):
    """Let a worker handle one message of `chat.posts`, without a heartbeat: its commands would be counted."""
    router = types.SimpleNamespace(channels=["chat.posts"], match=lambda message: (consumer, {}))
    worker = Worker(types.SimpleNamespace(channel_layer=layer, router=router), signal_handlers=False)
    worker._handle(*worker._receive(["chat.posts"]))
    layer.receiver.finish()


def make_item(*except_channels):
    send = GroupSend("room", b"body", except_channels)
    return f"{send.kind}{'9' * 13}{1:016d}room\0".encode() + send.content


def test_the_consumer_does_not_see_the_time_and_its_group_messages_carry_it():
    message = arrivals.add_arrival({"text": "a"})
    before = time.time() * 1000
    arrivals.begin(message)
    assert message == {"text": "a"} and before - 1000 < arrivals.get_arrival() <= before
    assert read_group_item(make_item()).arrived_at == arrivals.get_arrival()
    arrivals.end()
    assert make_item()[:1] == b"G" and read_group_item(make_item()).arrived_at is None


@pytest.mark.parametrize("excluded", [(), ("daphne.response.abc!1", "daphne.response.abc!2")])
def test_an_item_with_a_time_has_the_excluded_channels_without_the_time(excluded):
    arrivals.begin({arrivals.KEY: 1764489600123})
    item = read_group_item(make_item(*excluded))
    assert (set(item.except_channels), item.body, item.arrived_at) == (set(excluded), b"body", 1764489600123)
    assert item.group == b"room"


@pytest.mark.parametrize("excluded", [(), ("daphne.response.abc!1",)])
def test_a_process_of_an_older_version_excludes_no_real_channel_because_of_the_time(excluded):
    arrivals.begin({arrivals.KEY: 1764489600123})
    names, _, body = make_item(*excluded)[30:].partition(b"\0")[2].partition(b"\0")
    left_out = frozenset(names.decode().split(","))  # as an older process reads an item E
    layer = RedisChannelLayer()
    assert body == b"body" and left_out >= set(excluded)
    for name in left_out - set(excluded):
        with pytest.raises(TypeError):
            layer.valid_channel_name(name)


@pytest.mark.parametrize("time_of_arrival", [None, "x", 1.5, [1]])
def test_a_message_without_a_valid_time_is_not_measured(time_of_arrival):
    arrivals.begin({arrivals.KEY: time_of_arrival})
    assert arrivals.get_arrival() is None


def test_the_time_is_removed_from_a_message_and_a_malformed_message_is_not_changed():
    message, malformed = arrivals.add_arrival({"text": "1"}), ["no", "message"]
    for content in (message, malformed, None):
        log_context.strip(content)
    assert (message, malformed) == ({"text": "1"}, ["no", "message"])


def test_a_clock_that_is_behind_counts_as_no_time():
    arrivals.observe(int(time.time() * 1000) + 60_000)
    arrivals.observe(int(time.time() * 1000) - 2_000)
    number, total = read_histogram()
    assert number == 2 and 2 <= total < 10


@pytest.mark.parametrize("message", [{"text": "a"}, {"close": 4403}])
def test_an_interface_measures_each_group_message_that_has_a_time_and_a_local_member(message, monkeypatch):
    clock, redis, layer = task.Clock(), GroupRedis([f"{PROCESS}1"]), RedisChannelLayer()
    monkeypatch.setattr(downstream, "reactor", clock)
    received = []
    reader = Downstream(
        layer, PROCESS, redis, [redis], lambda *reply: received.append(reply), lambda *sent: received.append(sent)
    )
    head = f"{'9' * 13}{1:016d}room\0".encode()
    arrived_at = b"@%d" % (time.time() * 1000 - 3000)
    body = layer.serialize(message)
    redis.batches = [[b"G" + head + body, b"E" + head + arrived_at + b"\0" + body]]
    redis.batches += [[b"E" + head + arrived_at + f",{PROCESS}1".encode() + b"\0" + body]]
    reader.run()
    clock.pump([0.01] * 10)
    assert len([sent for sent in received if sent[0]]) == 2 and read_histogram()[0] == 1
    assert 3 <= read_histogram()[1] < 30


def test_the_worker_passes_the_time_on_to_the_interfaces_without_a_further_command(valkey_url, count_commands):
    layer, commands, items = make_layer(valkey_url), [], []
    layer.group_add("room", f"{PROCESS}1")
    layer.receive(["chat.posts"])  # checks the version of Redis
    for message in ({"text": "a"}, arrivals.add_arrival({"text": "a"})):
        layer.send("chat.posts", message)
        with count_commands() as counted:
            run_worker(layer, lambda found: Group("room", channel_layer=layer).send(found.content))
        commands.append((counted.scripts, counted.trips))
        ((item,),) = layer.shards[0].call(("LRANGE", f"{layer.prefix}{PROCESS}", 0, -1))
        items.append(read_group_item(item))
        layer.shards[0].call(("DEL", f"{layer.prefix}{PROCESS}"))
    assert commands[0] == commands[1]
    assert items[0].arrived_at is None and 0 <= time.time() * 1000 - items[1].arrived_at < 60_000
    assert layer.deserialize(items[0].body) == layer.deserialize(items[1].body) == {"text": "a"}

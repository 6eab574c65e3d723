"""The layer with a local part: which of its two Redis servers has which messages."""

import inspect

import asgi_redis
import pytest
import redis

from channels_transport.local import RedisLocalChannelLayer

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.a!"


@pytest.fixture
def layer(valkey_url):
    server = valkey_url.rsplit("/", 1)[0]
    return RedisLocalChannelLayer(hosts=[f"{server}/0"], local_hosts=[f"{server}/1"], capacity=2)


@pytest.fixture
def keys(valkey_url):
    """Return a function that returns the keys of the shared and of the local server."""
    servers = [redis.StrictRedis.from_url(f"{valkey_url.rsplit('/', 1)[0]}/{number}") for number in (0, 1)]
    return lambda: [" ".join(sorted(key.decode() for key in server.keys("*"))) for server in servers]


def test_plain_channels_are_local_and_replies_are_shared(layer, keys):
    layer.send("http.request", {"number": 1})
    layer.send("websocket.receive", {"reply_channel": f"{PROCESS}1", "order": 0, "path": "/"})
    layer.send(f"{PROCESS}1", {"text": "hello"})
    layer.group_add("friends", f"{PROCESS}1")
    shared, local = keys()
    assert "http.request" in local and "websocket.receive" in local and "response" not in shared.replace(PROCESS, "")
    assert f"transport:{PROCESS}" in shared and "friends" in shared and "friends" not in local


def test_local_messages_are_received_before_shared_ones(layer):
    layer.send("http.request", {"number": 1})
    layer.send(f"{PROCESS}1", {"text": "hello"})
    assert layer.receive(["http.request", PROCESS]) == ("http.request", {"number": 1})
    assert layer.receive(["http.request", PROCESS]) == (f"{PROCESS}1", {"text": "hello"})
    assert layer.receive([PROCESS]) == (None, None)


def test_a_group_may_contain_plain_channels(layer):
    layer.group_add("friends", f"{PROCESS}1")
    layer.group_add("friends", "jobs")
    layer.send_group("friends", {"text": "hello"})
    assert layer.receive(["jobs"]) == ("jobs", {"text": "hello"})
    assert layer.receive([PROCESS]) == (f"{PROCESS}1", {"text": "hello"})
    assert layer.find_joined(["enemies", "friends"]) == ["friends"]


def test_the_messages_of_a_consumer_may_overfill_a_list(layer):
    for number in range(3):
        layer.send_later(f"{PROCESS}1", {"text": str(number)})
    with pytest.raises(layer.ChannelFull):
        layer.send(f"{PROCESS}1", {"text": "one more"})
    assert layer.count_waiting(f"{PROCESS}1") == 3
    assert layer.channel_statistics(PROCESS)["messages_count"] == 3
    assert layer.global_statistics()["messages_count"] == 3


def test_the_layer_has_the_arguments_of_the_layer_of_asgi_redis():
    theirs = list(inspect.signature(asgi_redis.RedisLocalChannelLayer.__init__).parameters)
    assert list(inspect.signature(RedisLocalChannelLayer.__init__).parameters)[: len(theirs) - 1] == theirs[:-1]

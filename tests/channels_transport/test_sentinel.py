"""The channel layer on servers that Redis Sentinel monitors. The master is killed, and the replica is promoted."""

import time

import asgi_redis
import pytest
import redis

from channels_transport.outages import REDIS_OUTAGES
from channels_transport.sentinel import RedisSentinelChannelLayer
from tests.channels_transport.sentinels import FAILOVER_SECONDS, SERVICE, Cluster, client

pytestmark = [pytest.mark.process, pytest.mark.no_database]


@pytest.fixture
def cluster(tmp_path):
    running = Cluster(tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()


def make_layer(cluster, **options):
    return RedisSentinelChannelLayer(
        hosts=[("127.0.0.1", 1), ("127.0.0.1", cluster.sentinel_port)],
        connection_kwargs={"socket_timeout": 6, "socket_connect_timeout": 2},
        **options,
    )


def retry(function, *arguments):
    """Call a function until Redis can be reached, and return its result."""
    deadline = time.monotonic() + FAILOVER_SECONDS
    while True:
        try:
            return function(*arguments)
        except REDIS_OUTAGES:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("interval", [0, 3600])
def test_the_layer_follows_the_master(cluster, interval):
    layer = make_layer(cluster, services=[SERVICE], sentinel_refresh_interval=interval)
    layer.group_add("friends", "daphne.response.a!1")
    layer.send("things", {"number": 1})
    # Replication is asynchronous: a message that the replica does not have yet is lost with the master.
    assert client(cluster.ports[0]).execute_command("WAIT", 1, 10_000) == 1
    new = cluster.kill_master()
    assert retry(layer.receive, ["things"]) == ("things", {"number": 1})
    assert layer.group_channels("friends") == ["daphne.response.a!1"]
    layer.send("things", {"number": 2})
    assert layer.receive(["things"], block=True) == ("things", {"number": 2})
    assert str(new) in layer.shards[0].address and SERVICE in layer.shards[0].address


def test_a_connection_to_a_server_that_has_become_a_replica_is_not_used_again(cluster):
    layer = make_layer(cluster)
    assert layer.services == [SERVICE]
    layer.send("things", {"number": 1})
    first, second = cluster.ports
    # The Sentinel would undo the next change.
    cluster.processes.pop(cluster.sentinel_port).kill()
    # The connection stays open: only the answer to a write says that the server is no longer the master.
    client(second).slaveof()
    client(first).slaveof("127.0.0.1", second)
    layer.shards[0].pool.connection_kwargs["locator"].find = lambda: ("127.0.0.1", second)
    with pytest.raises(redis.ConnectionError):
        layer.send("things", {"number": 2})
    layer.send("things", {"number": 3})
    assert client(second).llen(f"{layer.prefix}things") >= 1


def test_without_a_sentinel_the_layer_raises_connection_errors():
    layer = RedisSentinelChannelLayer(hosts=[("127.0.0.1", 1)], services=[SERVICE])
    with pytest.raises(redis.ConnectionError, match="No Sentinel knows a master of 'chat-master'"):
        layer.send("things", {})
    with pytest.raises(redis.ConnectionError, match="No Sentinel answers"):
        RedisSentinelChannelLayer(hosts=[("127.0.0.1", 1)])


@pytest.mark.parametrize(
    "wrong",
    [{"hosts": "127.0.0.1"}, {"hosts": ["redis://127.0.0.1"]}, {"services": "a"}, {"services": [1]}],
)
def test_wrong_arguments_are_refused_as_in_asgi_redis(wrong):
    for layer in (asgi_redis.RedisSentinelChannelLayer, RedisSentinelChannelLayer):
        with pytest.raises(ValueError):
            layer(**{"services": ["a"], **wrong})

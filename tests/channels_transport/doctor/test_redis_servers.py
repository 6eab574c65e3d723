"""The doctor's checks of Redis: speed, version, memory and replication of each server."""

import pytest

from channels_transport.doctor import redis_servers
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.doctor.checking import checked_text
from tests.valkey import running_valkey

pytestmark = pytest.mark.no_database


def test_a_redis_that_does_not_answer_is_named(wrapper):
    assert "answers in" in checked_text(redis_servers.check_redis(wrapper.channel_layer), is_well=True)
    absent = RedisChannelLayer(hosts=["redis://127.0.0.1:1/0"])
    assert "127.0.0.1:1 does not answer" in checked_text(redis_servers.check_redis(absent))


def test_an_unsuitable_redis_is_reported():
    fields = {"redis_version": "7.0.1", "maxmemory": "0", "used_memory": "9", "maxmemory_policy": "allkeys-lru"}
    assert redis_servers._evaluate_redis("here", 0.001, fields)[0].is_well
    full = {**fields, "maxmemory": "100", "used_memory": "95"}
    text = checked_text(redis_servers._evaluate_redis("here", 0.2, {**full, "redis_version": "6.2"}))
    for problem in ("is 6.2: run version 7", "200 ms", "noeviction", "raise maxmemory"):
        assert problem in text
    text = checked_text(redis_servers._evaluate_redis("here", 0.001, {**fields, "redis_mode": "cluster"}))
    assert "The Redis at here is part of a Redis Cluster" in text and "REDIS_URL" in text


@pytest.mark.parametrize(
    "fields, is_behind_sentinel, problem",
    [
        ({"role": "slave"}, False, "is a replica, which accepts no writes"),
        ({"role": "slave"}, True, "is a replica, which accepts no writes"),
        ({"role": "master", "connected_slaves": "0"}, True, "has no replica, so Sentinel cannot replace it"),
        ({"role": "master", "connected_slaves": "2"}, True, "set min-replicas-to-write 1"),
        ({"role": "master", "connected_slaves": "2", "min_slaves_good_slaves": "2"}, True, None),
        ({"role": "master", "connected_slaves": "1"}, True, None),
        ({"role": "master", "connected_slaves": "0"}, False, None),
    ],
)
def test_a_server_that_cannot_be_replaced_or_written_to_is_reported(fields, is_behind_sentinel, problem):
    found = redis_servers._evaluate_redis("here", 0.001, {"redis_version": "7.2", **fields}, is_behind_sentinel)
    assert (problem or "answers in") in checked_text(found, is_well=problem is None)


@pytest.mark.parametrize("limits", [(0, 0), (100, 200)])
def test_servers_with_similar_limits_of_memory_are_well(limits):
    assert redis_servers._compare_limits(dict(zip("ab", limits))) == []


@pytest.mark.parametrize("limits, shown", [((0, 1 << 20), "a no limit, b 1 MiB"), ((1 << 20, 3 << 20), "b 3 MiB")])
def test_servers_with_different_limits_of_memory_are_reported(limits, shown):
    text = checked_text(redis_servers._compare_limits(dict(zip("ab", limits))))
    assert shown in text and "set the same maxmemory on all" in text


def test_each_of_several_servers_is_examined(valkey_url):
    # The INFO of a real server has the fields that the checks read.
    with running_valkey("--maxmemory", "1000mb", "--replicaof", "127.0.0.1 1") as url:
        layer = RedisChannelLayer(hosts=[f"{valkey_url},{url}"])
        found = [finding.text for finding in redis_servers.check_redis(layer)]
    first, second = (shard.address for shard in layer.shards)
    assert f"{first} answers in" in found[0]
    assert f"The Redis at {second} is a replica" in found[1]
    assert f"{first} no limit, {second} 1000 MiB" in found[2]

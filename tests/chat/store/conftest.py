"""The two stores, with clocks that only a test moves."""

from functools import partial

import pytest

from chat.store import MemoryStore, RedisStore


class TimedRedisStore(RedisStore):
    """A RedisStore whose clock a test moves: its scripts read the time from a key, and its keys expire by that time."""

    def __init__(self, url, encryption_keys=()):
        for name in ("_TAKE", "_LEASE", "_RENEW", "_RENEW_HELD", "_COUNT_LEASES", "_ROSTER"):
            script = getattr(RedisStore, name)
            assert script.count("redis.call('TIME')") == 1
            setattr(self, name, script.replace("redis.call('TIME')", "redis.call('LRANGE', 'time', 0, 1)"))
        super().__init__(url, encryption_keys)
        self._client.rpush("time", 1000, 0)

    def pass_by(self, seconds):
        now = float(self._client.lindex("time", 0)) + float(self._client.lindex("time", 1)) / 1_000_000 + seconds
        self._client.lset("time", 0, int(now))
        self._client.lset("time", 1, int(now % 1 * 1_000_000))
        for key in self._client.keys(f"{self.prefix}*"):
            # Redis deletes a key that has no time left.
            self._client.pexpire(key, self._client.pttl(key) - int(seconds * 1000))


@pytest.fixture(params=["memory", "redis", "encrypted redis"])
def store(request):
    """Return one of the two stores. Each test runs once with each store, and once with a store that encrypts."""
    if request.param == "memory":
        return MemoryStore()
    return TimedRedisStore(request.getfixturevalue("valkey_url"), ["a key"] if "encrypted" in request.param else ())


@pytest.fixture
def pass_by(store, request):
    """Return a function that moves the store's clock by some seconds."""
    if isinstance(store, TimedRedisStore):
        return store.pass_by
    return request.getfixturevalue("clock").pass_by


@pytest.fixture
def make_timed(valkey_url):
    """Return a function that makes a store in Redis with encryption keys. The first one sets the clock."""
    return partial(TimedRedisStore, valkey_url)


@pytest.fixture
def timed(valkey_url):
    """Return a store in Redis with a clock that the test moves."""
    return TimedRedisStore(valkey_url)

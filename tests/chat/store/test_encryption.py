"""The store in Redis with encryption keys: what it hides, what wrong keys read, and the replacement of a key."""

import logging

import pytest
import redis

from channels_transport import LogThrottle
from chat.store import RedisStore

pytestmark = pytest.mark.no_database


def test_redis_holds_no_text_and_no_owner_that_can_be_read(valkey_url):
    store = RedisStore(valkey_url, ["key"])
    store.exchange("polled", "Hello", 60)
    store.add_entry("room:1", "Alice", "socket", 60)
    client = redis.StrictRedis.from_url(valkey_url)
    held = [client.dump(key) for key in client.keys("*")]
    assert len(held) == 5 and not any(b"Hello" in value or b"Alice" in value for value in held)
    assert store.exchange("polled", "Bye", 60) == "Hello"
    assert store.list_owners("room:1", 10) == (["Alice"], 1)
    assert store.take_changes("room:1") == (["Alice"], [], 1)


@pytest.mark.parametrize("keys", [["other"], []])
def test_content_of_another_key_counts_as_missing(valkey_url, keys, caplog, monkeypatch):
    monkeypatch.setattr("chat.store.redis.throttle", LogThrottle(logging.getLogger("chat.store")))
    store, other = RedisStore(valkey_url, ["key"]), RedisStore(valkey_url, keys)
    store.exchange("polled", "Hello", 60)
    store.add_entry("room:1", "Alice", "socket", 60)
    assert other.exchange("polled", "Bye", 60) is None
    assert other.list_owners("room:1", 10) == ([], 1)
    assert other.list_entries(["room:1"]) == [{}]
    assert other.take_changes("room:1") == ([], [], 1)
    assert "every process needs the same symmetric_encryption_keys" in caplog.text


def test_nobody_leaves_a_room_when_a_key_is_replaced(make_timed):
    old = make_timed(["old", "new"])
    new = make_timed(["new", "old"])
    old.add_entry("room:1", "Alice", "socket", 75)
    old.add_entry("room:1", "Bob", "another socket", 75)
    assert set(old.take_changes("room:1")[0]) == {"Alice", "Bob"}
    new.pass_by(25)
    # Only the heartbeat of Alice comes again, to a process with the new key.
    new.renew_entry("room:1", "Alice", "socket", 75, lambda: None)
    owners, count = new.list_owners("room:1", 10)
    assert (sorted(owners), count) == (["Alice", "Bob"], 2), "Alice is there under both keys, and counts once"
    assert new.take_changes("room:1")[:2] == (["Alice"], [])
    new.pass_by(51)
    assert new.list_owners("room:1", 10) == (["Alice"], 1)
    assert new.take_changes("room:1") == ([], ["Bob"], 1)

"""Both stores behave in the same way, and all of their state expires."""

import inspect
import threading
from types import SimpleNamespace

import pytest
import redis

from channels_transport import deferred
from channels_transport.layer import RedisChannelLayer
from chat.store import MemoryStore, RedisStore, Store, make_store

pytestmark = pytest.mark.no_database


def test_make_store_returns_a_redis_store_for_a_url_and_otherwise_a_memory_store(valkey_url):
    assert isinstance(make_store(None), MemoryStore)
    assert isinstance(make_store(valkey_url), RedisStore)


@pytest.mark.parametrize("store_class", [MemoryStore, RedisStore])
def test_both_stores_have_exactly_the_methods_of_the_abstract_store(store_class):
    def signatures(cls):
        public = {name: value for name, value in vars(cls).items() if not name.startswith("_") and callable(value)}
        return {name: inspect.signature(method) for name, method in public.items()}

    assert signatures(store_class) == signatures(Store)


def test_every_method_of_the_abstract_store_has_a_docstring():
    assert [name for name in Store.__abstractmethods__ if not getattr(Store, name).__doc__] == []


def test_a_ping_of_a_working_store_raises_nothing(store):
    store.ping()


def test_a_ping_raises_when_redis_is_down():
    with pytest.raises(redis.ConnectionError):
        RedisStore("redis://127.0.0.1:1/0").ping()


def test_clear_deletes_everything(store):
    store.take_token("a", 1, 1)
    store.increment("a", 60)
    store.exchange("a", "text", 60)
    store.acquire_lease("a", "x", 60, 1)
    store.add_entry("a", "Alice", "tab", 60)
    store.clear()
    assert store.take_token("a", 1, 1) == 0
    assert store.increment("a", 60) == 1
    assert store.exchange("a", "text", 60) is None
    assert store.acquire_lease("a", "y", 60, 1)
    assert store.take_changes("a") == ([], [], 0)


def test_many_threads_get_no_more_than_the_limits(store):
    given = []

    def take_tokens_and_leases(number):
        for attempt in range(20):
            if not store.take_token("bucket", 50, 0.001):
                given.append("bucket")
            if store.acquire_lease("lease", f"{number}-{attempt}", 60, 30):
                given.append("lease")

    threads = [threading.Thread(target=take_tokens_and_leases, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (given.count("bucket"), given.count("lease")) == (50, 30)


def test_every_key_in_redis_expires(valkey_url):
    store = RedisStore(valkey_url)
    store.take_token("a", 5, 1)
    store.increment("a", 60)
    store.exchange("a", "text", 60)
    store.acquire_lease("a", "x", 60, 1)
    store.add_entry("a", "Alice", "tab1", 60)
    store.add_entry("a", "Alice", "tab2", 60)
    store.add_entry("a", "Bob", "tab", 60)
    store.remove_entry("a", "Bob", "tab")
    store.take_changes("a")
    store.remove_entry("a", "Alice", "tab1")
    store.remove_entry("a", "Alice", "tab2")
    client = redis.StrictRedis.from_url(valkey_url)
    assert client.keys("*")
    assert [key for key in client.keys("*") if client.ttl(key) < 0] == []


def test_a_deferred_command_is_sent_with_the_workers_next_round_trip(valkey_url, monkeypatch):
    layer, reported = RedisChannelLayer(hosts=[valkey_url]), []
    monkeypatch.setattr(deferred, "channel_layers", {"default": SimpleNamespace(channel_layer=layer)})
    store = RedisStore(valkey_url)
    layer.send("websocket.receive", {"reply_channel": "daphne.response.abc!x", "order": 0})
    layer.receive(["websocket.receive"])
    store.renew_entry("r", "alice", "1", 60, lambda: reported.append(store.take_changes("r")))
    assert (store.list_owners("r", 9), reported) == (([], 0), [])
    layer.receive(["websocket.receive"])
    assert reported == [(["alice"], [], 1)]
    store.renew_entry("r", "bob", "2", 60, lambda: reported.append("now"))
    assert reported[1:] == ["now"], "while no consumer runs, there is no next round trip to wait for"


def test_a_series_keeps_its_newest_texts_and_expires(store, pass_by):
    assert store.read_series("points", "nothing") == [[], []]
    for number in range(5):
        store.append_texts({"points": f"text {number}", "state": f"state {number}"}, {"points": 3, "state": 1}, 60)
    assert store.read_series("points", "state") == [["text 2", "text 3", "text 4"], ["state 4"]]
    pass_by(61)
    assert store.read_series("points", "state") == [[], []]

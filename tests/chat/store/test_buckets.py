"""Token buckets, counters and texts, the same in this process and in Redis."""

import time

import pytest

from chat.store import MemoryStore, RedisStore
from chat.store.memory import SWEEP_SECONDS

pytestmark = pytest.mark.no_database


def test_a_bucket_gives_its_burst_and_then_the_seconds_to_wait(store):
    assert [store.take_token("a", 3, 0.05) for _ in range(3)] == [0, 0, 0]
    wait = store.take_token("a", 3, 0.05)
    assert 15 < wait <= 20
    assert store.take_token("b", 3, 0.05) == 0


def test_a_caller_that_waits_for_the_returned_time_gets_a_token(store, pass_by):
    assert store.take_token("a", 1, 0.05) == 0
    wait = store.take_token("a", 1, 0.05)
    assert 0 < wait <= 20
    pass_by(wait + 0.001)
    assert store.take_token("a", 1, 0.05) == 0


def test_a_bucket_in_redis_is_refilled_by_the_clock_of_redis(valkey_url):
    store = RedisStore(valkey_url)
    assert store.take_token("a", 1, 1) == 0
    wait = store.take_token("a", 1, 1)
    assert 0 < wait <= 1
    time.sleep(wait + 0.01)
    assert store.take_token("a", 1, 1) == 0


def test_a_refused_token_costs_nothing(store, pass_by):
    store.take_token("a", 1, 0.05)
    for _ in range(10):
        assert store.take_token("a", 1, 0.05) > 0
    pass_by(20.1)
    assert store.take_token("a", 1, 0.05) == 0


def test_a_bucket_holds_no_more_than_its_burst(store, pass_by):
    for _ in range(2):
        store.take_token("a", 2, 0.1)
    # This time is long enough for three tokens, but Redis has not forgotten the bucket yet.
    pass_by(30)
    assert [bool(store.take_token("a", 2, 0.1)) for _ in range(3)] == [False, False, True]


def test_a_counter_counts_within_its_window(store, pass_by):
    assert [store.increment("a", 60) for _ in range(3)] == [1, 2, 3]
    assert store.increment("b", 60) == 1
    pass_by(61)
    assert store.increment("a", 60) == 1


def test_counting_does_not_prolong_the_window(store, pass_by):
    store.increment("a", 60)
    pass_by(40)
    assert store.increment("a", 60) == 2
    pass_by(25)
    assert store.increment("a", 60) == 1


def test_an_exchange_returns_the_text_before(store, pass_by):
    assert store.exchange("a", "one", 60) is None
    assert store.exchange("a", "two \u2713", 60) == "one"
    pass_by(40)
    assert store.exchange("a", "three", 60) == "two \u2713"
    pass_by(65)
    assert store.exchange("a", "four", 60) is None


def test_expired_texts_are_deleted(clock):
    kept = MemoryStore()
    for number in range(100):
        kept.exchange(f"connection {number}", "text", 10)
    clock.pass_by(SWEEP_SECONDS + 1)
    kept.exchange("one more", "text", 10)
    assert len(kept._values) == 1


def test_expired_counters_are_deleted(clock):
    kept = MemoryStore()
    for number in range(100):
        kept.increment(f"connection {number}", 10)
    clock.pass_by(SWEEP_SECONDS + 1)
    kept.increment("one more", 10)
    assert len(kept._values) == 1

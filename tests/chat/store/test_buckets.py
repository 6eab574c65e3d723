"""Token buckets, counters, texts and tallies, the same in this process and in Redis."""

import time

import pytest

from chat.store import Bucket, MemoryStore, RedisStore
from chat.store.interface import TALLY_SECONDS
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


PERSON, SITE = Bucket("person", 4, 0.05), Bucket("site", 2, 0.05, 3)


def test_tokens_of_several_buckets_are_taken_together_or_not_at_all(store):
    small, large = Bucket("small", 1, 0.05), Bucket("large", 9, 0.05)
    assert store.take_tokens([large, small]) == (0, None)
    wait, empty = store.take_tokens([large, small])
    assert 15 < wait <= 20 and empty == "small"
    levels = []
    store.take_tokens_deferred([large, small], 0, levels.extend)
    assert [round(level) for level in levels] == [8, 0], "the refused request took nothing"


def test_a_bucket_gives_more_than_it_has_and_is_then_in_debt(store, pass_by):
    bucket = [Bucket("a", 3, 1)]
    assert store.take_tokens(bucket, 10) == (0, None)
    wait, empty = store.take_tokens(bucket, 0)
    assert 7 < wait <= 8 and empty == "a"
    pass_by(8.001)
    assert store.take_tokens(bucket, 0) == (0, None)


def test_a_check_costs_nothing(store):
    for _ in range(5):
        assert store.take_tokens([Bucket("a", 1, 0.05)], 0) == (0, None)


def test_an_owner_who_has_used_little_gets_tokens_from_the_reserve(store):
    answers = [store.take_tokens([PERSON, SITE]).empty for _ in range(4)]
    assert answers == [None, None, None, "site"], "the third token comes from the reserve"
    other = Bucket("other", 4, 0.05)
    answers = [store.take_tokens([other, SITE]).empty for _ in range(3)]
    assert answers == [None, None, "site"], "the reserve ends too"


def test_several_deferred_costs_report_all_levels(store):
    levels = []
    store.take_tokens_deferred([PERSON, SITE], 3, levels.extend)
    assert [round(level) for level in levels] == [1, -1]


def test_a_tally_counts_each_of_its_entries(store):
    assert store.read_tally("refusals") == {}
    for entry in ("b", "a", "b"):
        store.add_to_tally("refusals", entry)
    assert list(store.read_tally("refusals").items()) == [("a", 1), ("b", 2)]
    assert store.read_tally("other") == {}


def test_a_tally_is_deleted_long_after_its_last_entry(store, pass_by):
    store.add_to_tally("refusals", "a")
    pass_by(TALLY_SECONDS - 10)
    store.add_to_tally("refusals", "a")
    pass_by(20)
    assert store.read_tally("refusals") == {"a": 2}
    pass_by(TALLY_SECONDS)
    assert store.read_tally("refusals") == {}


def test_a_site_in_one_process_forgets_the_buckets_that_are_full_again(clock):
    store = MemoryStore()
    for number in range(1000):
        store.take_token(f"requests:192.0.2.{number}", 10, 1)
    store.take_token_deferred("in debt", 1, 0.001, lambda level: None)
    clock.pass_by(100)
    store.take_token("requests:here", 10, 1)
    assert len(store._values) == 2
    assert store.take_token("in debt", 1, 0.001) > 0

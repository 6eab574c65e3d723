"""Small shared state: the same promises in this process and in Redis."""
import threading
import time

import pytest
import redis

from chatproj.store import SWEEP_SECONDS, MemoryStore, RedisStore, make_store


@pytest.fixture(params=["memory", "redis"])
def store(request):
    if request.param == "memory":
        return MemoryStore()
    return RedisStore(request.getfixturevalue("valkey_url"))


@pytest.fixture
def pass_by(store, request):
    """Lets time pass: by a clock of ours, or really where Redis measures it."""
    if isinstance(store, RedisStore):
        return time.sleep
    return request.getfixturevalue("clock").pass_by


def test_a_url_makes_the_one_and_none_the_other(valkey_url):
    assert isinstance(make_store(None), MemoryStore)
    assert isinstance(make_store(valkey_url), RedisStore)


def test_the_store_answers(store):
    store.ping()


def test_a_redis_that_is_away_is_told():
    with pytest.raises(redis.ConnectionError):
        RedisStore("redis://127.0.0.1:1/0").ping()


# Buckets.


def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait(store):
    assert [store.take("a", 3, 0.5) for _ in range(3)] == [0, 0, 0]
    wait = store.take("a", 3, 0.5)
    assert 1.5 < wait <= 2
    assert store.take("b", 3, 0.5) == 0


def test_who_waits_as_long_as_told_is_let_in(store, pass_by):
    assert store.take("a", 1, 5) == 0
    wait = store.take("a", 1, 5)
    assert 0 < wait <= 0.2
    pass_by(wait + 0.001)
    assert store.take("a", 1, 5) == 0


def test_asking_too_early_costs_nothing(store, pass_by):
    store.take("a", 1, 2)
    for _ in range(10):
        assert store.take("a", 1, 2) > 0
    pass_by(0.51)
    assert store.take("a", 1, 2) == 0


def test_a_bucket_holds_no_more_than_its_burst(store, pass_by):
    for _ in range(2):
        store.take("a", 2, 10)
    pass_by(1)
    assert [bool(store.take("a", 2, 10)) for _ in range(3)] == [False, False, True]


# Counters.


def test_a_counter_counts_within_its_window(store, pass_by):
    assert [store.count("a", 1) for _ in range(3)] == [1, 2, 3]
    assert store.count("b", 1) == 1
    pass_by(1.1)
    assert store.count("a", 1) == 1


def test_counting_does_not_prolong_the_window(store, pass_by):
    store.count("a", 1)
    pass_by(0.7)
    store.count("a", 1)
    pass_by(0.5)
    assert store.count("a", 1) == 1


# Leases.


def test_there_are_only_so_many_leases(store):
    assert [store.lease("a", holder, 60, 2) for holder in ("x", "y", "z")] == [True, True, False]
    assert store.lease("b", "z", 60, 2)


def test_a_holder_renews_its_lease_also_when_all_are_given(store):
    store.lease("a", "x", 60, 1)
    assert store.lease("a", "x", 60, 1)


def test_a_lease_that_was_given_back_is_free(store):
    store.lease("a", "x", 60, 1)
    store.release("a", "x")
    store.release("a", "nobody")
    store.release("nothing", "x")
    assert store.lease("a", "y", 60, 1)


def test_a_lease_ends_by_itself_unless_renewed(store, pass_by):
    store.lease("a", "x", 1, 2)
    store.lease("a", "y", 1, 2)
    pass_by(0.6)
    store.lease("a", "y", 1, 2)
    pass_by(0.6)
    assert store.lease("a", "z", 1, 2)
    assert not store.lease("a", "x", 1, 2)


# Rosters.


def test_the_first_entry_comes_and_the_last_one_goes(store):
    assert store.enter("room", "Alice", "tab1", 60)
    assert store.take_news("room") == (["Alice"], [], 1)
    assert not store.enter("room", "Alice", "tab2", 60)
    assert not store.leave("room", "Alice", "tab1")
    assert store.take_news("room") == ([], [], 1)
    assert store.leave("room", "Alice", "tab2")
    assert store.take_news("room") == ([], ["Alice"], 0)


def test_news_are_told_once(store):
    store.enter("room", "Alice", "tab", 60)
    store.take_news("room")
    assert store.take_news("room") == ([], [], 1)


def test_who_came_and_went_before_it_was_told_did_neither(store):
    store.enter("room", "Alice", "tab", 60)
    assert not store.leave("room", "Alice", "tab")
    assert store.take_news("room") == ([], [], 0)
    store.enter("room", "Bob", "tab", 60)
    store.take_news("room")
    store.leave("room", "Bob", "tab")
    assert not store.enter("room", "Bob", "tab", 60)
    assert store.take_news("room") == ([], [], 1)


def test_leaving_twice_or_without_having_come_is_nothing(store):
    assert not store.leave("room", "Alice", "tab")
    store.enter("room", "Alice", "tab1", 60)
    store.enter("room", "Alice", "tab2", 60)
    store.take_news("room")
    store.leave("room", "Alice", "tab1")
    assert not store.leave("room", "Alice", "tab1")
    assert store.roster("room", 10) == (["Alice"], 1)


def test_entering_again_renews_and_counts_once(store):
    store.enter("room", "Alice", "tab", 60)
    store.enter("room", "Alice", "tab", 60)
    assert store.leave("room", "Alice", "tab") is False
    assert store.roster("room", 10) == ([], 0)


def test_who_is_silent_is_swept_and_told(store, pass_by):
    store.enter("room", "Alice", "tab1", 1)
    store.enter("room", "Bob", "tab2", 1)
    store.take_news("room")
    pass_by(0.6)
    store.enter("room", "Alice", "tab1", 1)
    pass_by(0.6)
    assert store.take_news("room") == ([], ["Bob"], 1)
    assert store.roster("room", 10) == (["Alice"], 1)


def test_a_roster_names_only_some_and_counts_all(store):
    for name in ("Alice", "Bob", "Charlie"):
        store.enter("room", name, f"tab-{name}", 60)
        store.enter("room", name, f"other-{name}", 60)
    some, count = store.roster("room", 2)
    assert len(some) == 2 and count == 3
    assert store.roster("room", 0) == ([], 3)
    assert store.roster_sizes(["room", "nothing", "room"]) == [3, 0, 3]
    assert store.roster_sizes([]) == []


@pytest.mark.parametrize("owner", ["Zoë", "O'Neil %d", "a:b", "😀", "-", "a b", ".*%", "\\n", "came", "1"])
def test_any_handle_can_be_on_a_roster(store, owner):
    store.enter("room", owner, "daphne.response.abc!def", 60)
    assert store.roster("room", 5) == ([owner], 1)
    assert store.take_news("room") == ([owner], [], 1)
    store.leave("room", owner, "daphne.response.abc!def")
    assert store.take_news("room") == ([], [owner], 0)


def test_everything_can_be_forgotten(store):
    store.take("a", 1, 1)
    store.count("a", 60)
    store.lease("a", "x", 60, 1)
    store.enter("a", "Alice", "tab", 60)
    store.clear()
    assert store.take("a", 1, 1) == 0
    assert store.count("a", 60) == 1
    assert store.lease("a", "y", 60, 1)
    assert store.take_news("a") == ([], [], 0)


def test_many_at_once_get_no_more_than_there_is(store):
    given = []

    def ask(number):
        for turn in range(20):
            if not store.take("bucket", 50, 0.001):
                given.append("bucket")
            if store.lease("lease", f"{number}-{turn}", 60, 30):
                given.append("lease")

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (given.count("bucket"), given.count("lease")) == (50, 30)


def test_whatever_is_in_redis_ends_by_itself(valkey_url):
    store = RedisStore(valkey_url)
    store.take("a", 5, 1)
    store.count("a", 60)
    store.lease("a", "x", 60, 1)
    store.enter("a", "Alice", "tab1", 60)
    store.enter("a", "Alice", "tab2", 60)
    store.enter("a", "Bob", "tab", 60)
    store.leave("a", "Bob", "tab")
    store.take_news("a")
    store.leave("a", "Alice", "tab1")
    store.leave("a", "Alice", "tab2")
    client = redis.StrictRedis.from_url(valkey_url)
    assert client.keys("*")
    assert [key for key in client.keys("*") if client.ttl(key) < 0] == []


def test_counts_that_are_over_are_forgotten_in_time(clock):
    kept = MemoryStore()
    for number in range(100):
        kept.count(f"connection {number}", 10)
    clock.pass_by(SWEEP_SECONDS + 1)
    kept.count("one more", 10)
    assert len(kept._values) == 1

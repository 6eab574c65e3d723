"""Small shared state: the same promises in this process and in Redis."""

import inspect
import threading
import time
from types import SimpleNamespace

import pytest
import redis

from channels_transport import deferred
from channels_transport.layer import RedisChannelLayer
from chat.store import MemoryStore, RedisStore, Store, make_store
from chat.store import redis as redis_store
from chat.store.memory import SWEEP_SECONDS

pytestmark = pytest.mark.no_database


class TimedRedisStore(RedisStore):
    """Its scripts read the time from a key, where it passes only when a test says so; so do its keys expire."""

    def __init__(self, url):
        for name in ("_TAKE", "_LEASE", "_COUNT_LEASES", "_ROSTER"):
            script = getattr(RedisStore, name)
            assert script.count("redis.call('TIME')") == 1
            setattr(self, name, script.replace("redis.call('TIME')", "redis.call('LRANGE', 'time', 0, 1)"))
        super().__init__(url)
        self._client.rpush("time", 1000, 0)

    def pass_by(self, seconds):
        now = float(self._client.lindex("time", 0)) + float(self._client.lindex("time", 1)) / 1_000_000 + seconds
        self._client.lset("time", 0, int(now))
        self._client.lset("time", 1, int(now % 1 * 1_000_000))
        for key in self._client.keys(f"{self.PREFIX}*"):
            # One that has no time left is deleted.
            self._client.pexpire(key, self._client.pttl(key) - int(seconds * 1000))


@pytest.fixture(params=["memory", "redis"])
def store(request):
    if request.param == "memory":
        return MemoryStore()
    return TimedRedisStore(request.getfixturevalue("valkey_url"))


@pytest.fixture
def pass_by(store, request):
    """Lets time pass, without any of it passing."""
    if isinstance(store, TimedRedisStore):
        return store.pass_by
    return request.getfixturevalue("clock").pass_by


def test_a_url_makes_the_one_and_none_the_other(valkey_url):
    assert isinstance(make_store(None), MemoryStore)
    assert isinstance(make_store(valkey_url), RedisStore)


@pytest.mark.parametrize("made", [MemoryStore, RedisStore])
def test_both_stores_have_the_methods_of_the_interface_and_no_others(made):
    def signatures(cls):
        public = {name: value for name, value in vars(cls).items() if not name.startswith("_") and callable(value)}
        return {name: inspect.signature(method) for name, method in public.items()}

    assert signatures(made) == signatures(Store)


def test_every_method_of_the_interface_has_a_docstring():
    assert [name for name in Store.__abstractmethods__ if not getattr(Store, name).__doc__] == []


def test_the_store_answers(store):
    store.ping()


def test_a_redis_that_is_away_is_told():
    with pytest.raises(redis.ConnectionError):
        RedisStore("redis://127.0.0.1:1/0").ping()


# Buckets.


def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait(store):
    assert [store.take_token("a", 3, 0.05) for _ in range(3)] == [0, 0, 0]
    wait = store.take_token("a", 3, 0.05)
    assert 15 < wait <= 20
    assert store.take_token("b", 3, 0.05) == 0


def test_who_waits_as_long_as_told_is_let_in(store, pass_by):
    assert store.take_token("a", 1, 0.05) == 0
    wait = store.take_token("a", 1, 0.05)
    assert 0 < wait <= 20
    pass_by(wait + 0.001)
    assert store.take_token("a", 1, 0.05) == 0


def test_a_bucket_in_redis_fills_by_the_time_of_redis(valkey_url):
    store = RedisStore(valkey_url)
    assert store.take_token("a", 1, 0.5) == 0
    wait = store.take_token("a", 1, 0.5)
    assert 0 < wait <= 2
    time.sleep(wait + 0.01)
    assert store.take_token("a", 1, 0.5) == 0


def test_asking_too_early_costs_nothing(store, pass_by):
    store.take_token("a", 1, 0.05)
    for _ in range(10):
        assert store.take_token("a", 1, 0.05) > 0
    pass_by(20.1)
    assert store.take_token("a", 1, 0.05) == 0


def test_a_bucket_holds_no_more_than_its_burst(store, pass_by):
    for _ in range(2):
        store.take_token("a", 2, 0.1)
    # Half of what it would take for Redis to forget the bucket, and enough for three.
    pass_by(30)
    assert [bool(store.take_token("a", 2, 0.1)) for _ in range(3)] == [False, False, True]


# Counters.


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


# Leases.


def test_there_are_only_so_many_leases(store):
    assert [store.acquire_lease("a", holder, 60, 2) for holder in ("x", "y", "z")] == [True, True, False]
    assert store.acquire_lease("b", "z", 60, 2)


def test_a_holder_renews_its_lease_also_when_all_are_given(store):
    store.acquire_lease("a", "x", 60, 1)
    assert store.acquire_lease("a", "x", 60, 1)


def test_a_lease_is_renewed_also_where_it_was_lost_and_none_is_left(store):
    store.acquire_lease("a", "x", 60, 1)
    store.renew_leases(["a"], "y", 60)
    assert store.acquire_lease("a", "y", 60, 1), "it has it"
    assert not store.acquire_lease("a", "z", 60, 2)


def test_who_stays_keeps_their_entry_and_news_are_told(store, pass_by):
    told = []
    store.add_entry("r", "alice", "1", 60)
    store.take_changes("r")
    store.renew_entry("r", "alice", "1", 60, lambda: told.append("at once"))
    pass_by(40)
    store.renew_entry("r", "alice", "1", 60, lambda: told.append("later"))
    pass_by(40)
    assert (store.list_owners("r", 9), told) == ((["alice"], 1), [])
    store.renew_entry("r", "bob", "2", 60, lambda: told.append("bob"))
    assert told == ["bob"]


def test_a_worker_takes_what_nobody_waits_for_along_with_its_next_trip(valkey_url, monkeypatch):
    layer, told = RedisChannelLayer(hosts=[valkey_url]), []
    monkeypatch.setattr(deferred, "channel_layers", {"default": SimpleNamespace(channel_layer=layer)})
    store = RedisStore(valkey_url)
    layer.send("websocket.receive", {"reply_channel": "daphne.response.abc!x", "order": 0})
    layer.receive(["websocket.receive"])
    store.renew_entry("r", "alice", "1", 60, lambda: told.append(store.take_changes("r")))
    assert (store.list_owners("r", 9), told) == (([], 0), [])
    layer.receive(["websocket.receive"])
    assert told == [(["alice"], [], 1)]
    store.renew_entry("r", "bob", "2", 60, lambda: told.append("now"))
    assert told[1:] == ["now"], "with nothing in hand, nobody would take it along"


def test_a_lease_that_was_given_back_is_free(store):
    store.acquire_lease("a", "x", 60, 1)
    store.release_lease("a", "x")
    store.release_lease("a", "nobody")
    store.release_lease("nothing", "x")
    assert store.acquire_lease("a", "y", 60, 1)


def test_a_lease_ends_by_itself_unless_renewed(store, pass_by):
    store.acquire_lease("a", "x", 60, 2)
    store.acquire_lease("a", "y", 60, 2)
    pass_by(40)
    store.acquire_lease("a", "y", 60, 2)
    pass_by(40)
    assert store.count_leases("a") == 1 and store.count_leases("b") == 0
    assert store.acquire_lease("a", "z", 60, 2)
    assert not store.acquire_lease("a", "x", 60, 2)
    assert store.count_leases("a") == 2


# Rosters.


def test_the_first_entry_comes_and_the_last_one_goes(store):
    assert store.add_entry("room", "Alice", "tab1", 60)
    assert store.take_changes("room") == (["Alice"], [], 1)
    assert not store.add_entry("room", "Alice", "tab2", 60)
    assert not store.remove_entry("room", "Alice", "tab1")
    assert store.take_changes("room") == ([], [], 1)
    assert store.remove_entry("room", "Alice", "tab2")
    assert store.take_changes("room") == ([], ["Alice"], 0)


def test_news_are_told_once(store):
    store.add_entry("room", "Alice", "tab", 60)
    store.take_changes("room")
    assert store.take_changes("room") == ([], [], 1)


def test_who_came_and_went_before_it_was_told_did_neither(store):
    store.add_entry("room", "Alice", "tab", 60)
    assert not store.remove_entry("room", "Alice", "tab")
    assert store.take_changes("room") == ([], [], 0)
    store.add_entry("room", "Bob", "tab", 60)
    store.take_changes("room")
    store.remove_entry("room", "Bob", "tab")
    assert not store.add_entry("room", "Bob", "tab", 60)
    assert store.take_changes("room") == ([], [], 1)


def test_leaving_twice_or_without_having_come_is_nothing(store):
    assert not store.remove_entry("room", "Alice", "tab")
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Alice", "tab2", 60)
    store.take_changes("room")
    store.remove_entry("room", "Alice", "tab1")
    assert not store.remove_entry("room", "Alice", "tab1")
    assert store.list_owners("room", 10) == (["Alice"], 1)


def test_entering_again_renews_and_counts_once(store):
    store.add_entry("room", "Alice", "tab", 60)
    store.add_entry("room", "Alice", "tab", 60)
    assert store.remove_entry("room", "Alice", "tab") is False
    assert store.list_owners("room", 10) == ([], 0)


def test_who_is_silent_is_swept_and_told(store, pass_by):
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Bob", "tab2", 60)
    store.take_changes("room")
    pass_by(40)
    store.add_entry("room", "Alice", "tab1", 60)
    pass_by(40)
    assert store.take_changes("room") == ([], ["Bob"], 1)
    assert store.list_owners("room", 10) == (["Alice"], 1)


def test_a_roster_names_only_some_and_counts_all(store):
    for name in ("Alice", "Bob", "Charlie"):
        store.add_entry("room", name, f"tab-{name}", 60)
        store.add_entry("room", name, f"other-{name}", 60)
    some, count = store.list_owners("room", 2)
    assert len(some) == 2 and count == 3
    assert store.list_owners("room", 0) == ([], 3)
    assert store.count_owners(["room", "nothing", "room"]) == [3, 0, 3]
    assert store.count_owners([]) == []


@pytest.mark.parametrize("owner", ["Zoë", "O'Neil %d", "a:b", "😀", "-", "a b", ".*%", "\\n", "came", "1"])
def test_any_handle_can_be_on_a_roster(store, owner):
    store.add_entry("room", owner, "daphne.response.abc!def", 60)
    assert store.list_owners("room", 5) == ([owner], 1)
    assert store.take_changes("room") == ([owner], [], 1)
    store.remove_entry("room", owner, "daphne.response.abc!def")
    assert store.take_changes("room") == ([], [owner], 0)


def test_all_rosters_are_looked_at_together(store):
    assert store.summarize_rosters() == {}
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Alice", "tab2", 60)
    store.add_entry("attic", "Bob", "tab3", 60)
    store.take_changes("attic")
    store.add_entry("cellar", "Bob", "tab4", 60)
    store.remove_entry("cellar", "Bob", "tab4")
    assert store.summarize_rosters() == {"room": (1, True), "attic": (1, False)}
    store.remove_entry("attic", "Bob", "tab3")
    assert store.summarize_rosters() == {"room": (1, True)}


def test_leases_end_with_a_look_and_leave_news_behind(store, pass_by):
    store.add_entry("room", "Alice", "tab1", 60)
    store.take_changes("room")
    pass_by(61)
    assert store.summarize_rosters() == {"room": (0, True)}
    assert store.summarize_rosters() == {}
    assert store.take_changes("room") == ([], ["Alice"], 0)


def test_a_roster_that_ended_unseen_is_looked_at_no_more(store, pass_by):
    store.add_entry("room", "Alice", "tab1", 60)
    pass_by(61)
    store.list_owners("room", 0)
    store.summarize_rosters()
    assert store.summarize_rosters() == {}


def test_entries_are_told_with_their_owners(store):
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Alice", "a\nb", 60)
    store.add_entry("room", "Bob", "tab2", 60)
    found = store.list_entries(["room", "nothing"])
    assert found == [{"tab1": "Alice", "a\nb": "Alice", "tab2": "Bob"}, {}]
    assert store.list_entries([]) == []


@pytest.mark.parametrize("rooms", [3, 300])
def test_a_look_takes_two_trips_however_many_rosters_there_are(valkey_url, rooms, monkeypatch):
    store, trips = RedisStore(valkey_url), []
    for number in range(rooms):
        store.add_entry(f"room:{number}", "Alice", "tab", 60)
    ask = store._shard.ask
    monkeypatch.setattr(store._shard, "ask", lambda *commands: trips.append(len(commands)) or ask(*commands))
    assert len(store.summarize_rosters()) == rooms
    assert trips == [1, rooms]


def test_the_names_of_rosters_end_with_them(valkey_url):
    store = RedisStore(valkey_url)
    store.add_entry("room", "Alice", "tab", 60)
    assert 0 < store._client.ttl("chat:rosters") <= 60 + redis_store.ROSTER_GRACE_SECONDS
    for part in ("entries", "owners", "changes"):
        store._client.delete(f"chat:roster:room:{part}")
    assert store.summarize_rosters() == {"room": (0, False)}
    assert not store._client.exists("chat:rosters")


def test_news_that_nobody_takes_end_by_themselves(timed):
    timed.add_entry("room", "Alice", "tab", 60)
    timed.take_changes("room")
    timed.pass_by(61)
    timed.count_owners(["room"])
    assert 0 < timed._client.ttl("chat:roster:room:changes") <= redis_store.ROSTER_GRACE_SECONDS


def test_everything_can_be_forgotten(store):
    store.take_token("a", 1, 1)
    store.increment("a", 60)
    store.acquire_lease("a", "x", 60, 1)
    store.add_entry("a", "Alice", "tab", 60)
    store.clear()
    assert store.take_token("a", 1, 1) == 0
    assert store.increment("a", 60) == 1
    assert store.acquire_lease("a", "y", 60, 1)
    assert store.take_changes("a") == ([], [], 0)


def test_many_at_once_get_no_more_than_there_is(store):
    given = []

    def ask(number):
        for turn in range(20):
            if not store.take_token("bucket", 50, 0.001):
                given.append("bucket")
            if store.acquire_lease("lease", f"{number}-{turn}", 60, 30):
                given.append("lease")

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (given.count("bucket"), given.count("lease")) == (50, 30)


def test_whatever_is_in_redis_ends_by_itself(valkey_url):
    store = RedisStore(valkey_url)
    store.take_token("a", 5, 1)
    store.increment("a", 60)
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


def test_counts_that_are_over_are_forgotten_in_time(clock):
    kept = MemoryStore()
    for number in range(100):
        kept.increment(f"connection {number}", 10)
    clock.pass_by(SWEEP_SECONDS + 1)
    kept.increment("one more", 10)
    assert len(kept._values) == 1


# A clock that is set back by 25 hours. (In this process time is monotonic.)

DAY = 25 * 3600


@pytest.fixture
def timed(valkey_url):
    return TimedRedisStore(valkey_url)


def test_no_bucket_waits_for_the_time_before(timed):
    assert [bool(timed.take_token("a", 2, 0.05)) for _ in range(3)] == [False, False, True]
    timed.pass_by(-DAY)
    assert 0 < timed.take_token("a", 2, 0.05) <= 20
    timed.pass_by(20.1)
    assert timed.take_token("a", 2, 0.05) == 0


def test_no_count_lasts_until_the_time_before(timed):
    timed.increment("a", 10)
    timed.pass_by(-DAY)
    timed.increment("a", 10)
    assert timed._client.ttl(f"{timed.PREFIX}count:a") <= 10


def test_a_lease_of_the_time_before_ends_after_its_length(timed):
    timed.acquire_lease("a", "dead", 60, 2)
    timed.acquire_lease("a", "living", 60, 2)
    timed.pass_by(-DAY)
    assert not timed.acquire_lease("a", "new", 60, 2), "the living have time to renew theirs"
    timed.pass_by(30)
    timed.renew_leases(["a"], "living", 60)
    timed.pass_by(31)
    assert timed.acquire_lease("a", "new", 60, 2)
    assert not timed.acquire_lease("a", "one more", 60, 2)


def test_on_a_roster_nobody_lives_until_the_time_before(timed):
    timed.add_entry("a", "Alice", "tab", 60)
    timed.add_entry("a", "Bob", "tab", 60)
    timed.pass_by(-DAY)
    timed.add_entry("a", "Bob", "tab", 60)
    assert timed.list_owners("a", 10)[1] == 2
    timed.pass_by(30)
    timed.add_entry("a", "Bob", "tab", 60)
    timed.pass_by(31)
    assert timed.list_owners("a", 10) == (["Bob"], 1)


def test_a_room_that_nobody_enters_is_empty_soon_too(timed):
    timed.add_entry("a", "Alice", "tab", 60)
    timed.pass_by(-DAY)
    assert timed.count_owners(["a"]) == [1]
    timed.pass_by(redis_store.ROSTER_GRACE_SECONDS + 1)
    assert timed.count_owners(["a"]) == [0]

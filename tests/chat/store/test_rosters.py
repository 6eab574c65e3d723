"""Rosters: an owner enters with the first entry and leaves with the last one."""

import pytest

from chat.store import RedisStore, Renewal
from chat.store import redis as redis_store
from tests.redis_commands import CommandCount

pytestmark = pytest.mark.no_database


def test_a_renewed_entry_stays_and_changes_are_reported(store, pass_by):
    reported = []
    store.add_entry("r", "alice", "1", 60)
    store.take_changes("r")
    store.renew_entry("r", "alice", "1", 60, lambda: reported.append("at once"))
    pass_by(40)
    store.renew_entry("r", "alice", "1", 60, lambda: reported.append("later"))
    pass_by(40)
    assert (store.list_owners("r", 9), reported) == ((["alice"], 1), [])
    store.renew_entry("r", "bob", "2", 60, lambda: reported.append("bob"))
    assert reported == ["bob"]


def test_the_first_entry_and_the_removal_of_the_last_one_are_reported(store):
    assert store.add_entry("room", "Alice", "tab1", 60)
    assert store.take_changes("room") == (["Alice"], [], 1)
    assert not store.add_entry("room", "Alice", "tab2", 60)
    assert not store.remove_entry("room", "Alice", "tab1")
    assert store.take_changes("room") == ([], [], 1)
    assert store.remove_entry("room", "Alice", "tab2")
    assert store.take_changes("room") == ([], ["Alice"], 0)


def test_changes_are_returned_once(store):
    store.add_entry("room", "Alice", "tab", 60)
    store.take_changes("room")
    assert store.take_changes("room") == ([], [], 1)


def test_an_owner_who_entered_and_left_between_two_calls_is_in_neither_list(store):
    store.add_entry("room", "Alice", "tab", 60)
    assert not store.remove_entry("room", "Alice", "tab")
    assert store.take_changes("room") == ([], [], 0)
    store.add_entry("room", "Bob", "tab", 60)
    store.take_changes("room")
    store.remove_entry("room", "Bob", "tab")
    assert not store.add_entry("room", "Bob", "tab", 60)
    assert store.take_changes("room") == ([], [], 1)


def test_removing_an_unknown_entry_changes_nothing(store):
    assert not store.remove_entry("room", "Alice", "tab")
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Alice", "tab2", 60)
    store.take_changes("room")
    store.remove_entry("room", "Alice", "tab1")
    assert not store.remove_entry("room", "Alice", "tab1")
    assert store.list_owners("room", 10) == (["Alice"], 1)


def test_an_entry_added_twice_is_renewed_and_counts_once(store):
    store.add_entry("room", "Alice", "tab", 60)
    store.add_entry("room", "Alice", "tab", 60)
    assert store.remove_entry("room", "Alice", "tab") is False
    assert store.list_owners("room", 10) == ([], 0)


def test_an_entry_that_is_not_renewed_expires_and_its_owner_leaves(store, pass_by):
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Bob", "tab2", 60)
    store.take_changes("room")
    pass_by(40)
    store.add_entry("room", "Alice", "tab1", 60)
    pass_by(40)
    assert store.take_changes("room") == ([], ["Bob"], 1)
    assert store.list_owners("room", 10) == (["Alice"], 1)


def test_a_roster_lists_some_owners_and_counts_all(store):
    for name in ("Alice", "Bob", "Charlie"):
        store.add_entry("room", name, f"tab-{name}", 60)
        store.add_entry("room", name, f"other-{name}", 60)
    some, count = store.list_owners("room", 2)
    assert len(some) == 2 and count == 3
    assert store.list_owners("room", 0) == ([], 3)
    assert store.count_owners(["room", "nothing", "room"]) == [3, 0, 3]
    assert store.count_owners([]) == []


@pytest.mark.parametrize("owner", ["Zoë", "O'Neil %d", "a:b", "😀", "-", "a b", ".*%", "\\n", "came", "1"])
def test_any_handle_can_be_an_owner(store, owner):
    store.add_entry("room", owner, "daphne.response.abc!def", 60)
    assert store.list_owners("room", 5) == ([owner], 1)
    assert store.take_changes("room") == ([owner], [], 1)
    store.remove_entry("room", owner, "daphne.response.abc!def")
    assert store.take_changes("room") == ([], [owner], 0)


def test_all_rosters_are_summarized_together(store):
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


def test_a_summary_deletes_expired_entries_and_keeps_their_changes(store, pass_by):
    store.add_entry("room", "Alice", "tab1", 60)
    store.take_changes("room")
    pass_by(61)
    assert store.summarize_rosters() == {"room": (0, True)}
    assert store.summarize_rosters() == {}
    assert store.take_changes("room") == ([], ["Alice"], 0)


def test_a_roster_that_expired_between_summaries_is_not_summarized_again(store, pass_by):
    store.add_entry("room", "Alice", "tab1", 60)
    pass_by(61)
    store.list_owners("room", 0)
    store.summarize_rosters()
    assert store.summarize_rosters() == {}


def test_entries_are_listed_with_their_owners(store):
    store.add_entry("room", "Alice", "tab1", 60)
    store.add_entry("room", "Alice", "a\nb", 60)
    store.add_entry("room", "Bob", "tab2", 60)
    found = store.list_entries(["room", "nothing"])
    assert found == [{"tab1": "Alice", "a\nb": "Alice", "tab2": "Bob"}, {}]
    assert store.list_entries([]) == []


@pytest.mark.parametrize("rooms", [3, 300])
def test_a_summary_takes_two_round_trips_for_any_number_of_rosters(valkey_url, rooms, monkeypatch):
    store, trips = RedisStore(valkey_url), []
    for number in range(rooms):
        store.add_entry(f"room:{number}", "Alice", "tab", 60)
    ask = store._shard.ask
    monkeypatch.setattr(store._shard, "ask", lambda *commands: trips.append(len(commands)) or ask(*commands))
    assert len(store.summarize_rosters()) == rooms
    assert trips == [1, rooms]


def test_the_list_of_rosters_loses_a_roster_that_has_expired(valkey_url):
    store = RedisStore(valkey_url)
    store.add_entry("room", "Alice", "tab", 60)
    assert 0 < store._client.ttl("chat:rosters") <= 60 + redis_store.ROSTER_GRACE_SECONDS
    for part in ("entries", "owners", "changes"):
        store._client.delete(f"chat:roster:room:{part}")
    assert store.summarize_rosters() == {"room": (0, False)}
    assert not store._client.exists("chat:rosters")


def test_changes_that_no_process_takes_expire(timed):
    timed.add_entry("room", "Alice", "tab", 60)
    timed.take_changes("room")
    timed.pass_by(61)
    timed.count_owners(["room"])
    assert 0 < timed._client.ttl("chat:roster:room:changes") <= redis_store.ROSTER_GRACE_SECONDS


def test_an_owner_who_enters_gets_the_list_of_all_owners(store):
    assert store.enter("room", "Alice", "tab1", 60, 9, {}) == (None, ["Alice"], 1)
    _, owners, count = store.enter("room", "Bob", "tab2", 60, 9, {})
    assert (sorted(owners), count) == (["Alice", "Bob"], 2)
    _, owners, count = store.enter("room", "Alice", "tab3", 60, 1, {})
    assert (len(owners), count) == (1, 2)
    came, went, count = store.take_changes("room")
    assert (sorted(came), went, count) == (["Alice", "Bob"], [], 2)


def test_changes_are_taken_once_in_a_period(store, pass_by):
    taken = []

    def take():
        store.take_changes_paced(
            "room", "pace", 10, lambda *changes: taken.append(changes), lambda: taken.append("held")
        )

    store.add_entry("room", "Alice", "tab1", 600)
    take()
    store.add_entry("room", "Bob", "tab2", 600)
    take()
    pass_by(11)
    take()
    assert taken == [(["Alice"], [], 1), "held", (["Bob"], [], 2)]


def test_an_increment_of_the_counter_holds_the_changes_too(store):
    """Check that processes of an older version, which only increment the counter, keep the pace too."""
    taken = []
    store.add_entry("room", "Alice", "tab", 600)
    store.increment("pace", 10)
    store.take_changes_paced("room", "pace", 10, lambda *changes: taken.append(changes), lambda: taken.append("held"))
    assert taken == ["held"]
    store.take_changes_paced("room", "other", 10, lambda *changes: taken.append(changes), lambda: None)
    assert store.increment("other", 10) == 2


def test_a_call_without_changes_does_not_hold_the_next_changes(store):
    taken = []
    for number in range(2):
        store.take_changes_paced("room", "pace", 10, lambda *changes: taken.append(changes), lambda: None)
        store.add_entry("room", f"Alice {number}", "tab", 600)
    assert taken == [([], [], 0), (["Alice 0"], [], 1)]


def test_a_roster_whose_entries_are_only_renewed_keeps_its_keys(timed):
    timed.add_entry("room", "Alice", "tab", 60)
    timed.add_entry("room", "Bob", "tab", 60)
    timed.take_changes("room")
    for _ in range(50):
        timed.pass_by(40)
        timed.renew_entry("room", "Alice", "tab", 60, lambda: None)
        assert timed._client.ttl("chat:roster:room:entries") >= 60 + redis_store.ROSTER_GRACE_SECONDS / 2
        assert timed._client.ttl("chat:rosters") >= 60
    assert timed.list_owners("room", 9) == (["Alice"], 1)
    assert timed.summarize_rosters().keys() == {"room"}


def test_a_renewal_of_an_entry_takes_four_commands(valkey_url, monkeypatch):
    store = RedisStore(valkey_url)
    store.add_entry("room", "Alice", "tab", 60)
    store.take_changes("room")
    with CommandCount(valkey_url, monkeypatch) as counted:
        store.renew_entry("room", "Alice", "tab", 60, lambda: None)
    assert counted.calls == {"evalsha": 1, "zrangebyscore": 1, "zadd": 1, "ttl": 1, "exists": 1}


def test_the_leases_of_an_entry_are_renewed_with_it(store, pass_by):
    store.acquire_lease("person", "tab", 60, 1)
    pass_by(40)
    store.renew_entry("room", "Alice", "tab", 60, lambda: None, ["person", "address"])
    pass_by(40)
    assert [store.count_leases(name) for name in ("person", "address")] == [1, 1]
    pass_by(21)
    assert [store.count_leases(name) for name in ("person", "address")] == [0, 0]


def test_entries_are_renewed_together_and_those_that_have_ended_are_not_added_again(store, pass_by):
    leases = {"person": 5, "address": 5}
    for owner, tab in [("Alice", "1"), ("Alice", "2"), ("Bob", "3")]:
        store.enter("room", owner, tab, 60, 9, leases)
    store.enter("attic", "Alice", "4", 60, 9, leases)
    store.take_changes("room")
    pass_by(40)
    store.remove_entry("room", "Alice", "2")
    store.release_leases(leases, "2")
    renewals = [Renewal("room", "Alice", "1", leases), Renewal("room", "Alice", "2", leases)]
    renewals += [Renewal("attic", "Alice", "4"), Renewal("nowhere", "Alice", "5", leases)]
    assert store.renew_entries(renewals, 60) == [False, None, True, None]
    assert [store.count_leases(name) for name in leases] == [3, 3]
    pass_by(40)
    # Bob's entry, and the leases of the tabs 3 and 4, have ended.
    assert store.list_entries(["room", "attic", "nowhere"])[1] == {"4": "Alice"}
    assert [store.count_leases(name) for name in leases] == [1, 1]
    assert store.renew_entries([Renewal("room", "Alice", "1"), Renewal("room", "Bob", "3", leases)], 60) == [True, None]
    assert store.take_changes("room") == ([], ["Bob"], 1)
    assert store.renew_entries([], 60) == []


def test_an_entry_without_its_leases_is_not_renewed(store, pass_by):
    store.enter("room", "Alice", "1", 60, 9, {"person": 5})
    store.take_changes("room")
    pass_by(40)
    assert store.renew_entries([Renewal("room", "Alice", "1", ["person", "address"])], 60) == [None]
    assert store.count_leases("address") == 0
    pass_by(1)
    assert store.renew_entries([Renewal("room", "Alice", "1", ["person"])], 60) == [False]


def test_an_entry_for_a_day_lasts_for_a_day_although_the_roster_is_read(store, pass_by):
    """Check the rosters whose connections send no heartbeat: waiting rooms and the page of operators."""
    store.add_entry("door", "visitor", "tab", 25 * 3600)
    for _ in range(24):
        assert store.list_owners("door", 9) == (["visitor"], 1)
        assert store.summarize_rosters()["door"][0] == 1
        pass_by(3600)
    assert store.count_owners(["door"]) == [1]
    pass_by(3601)
    assert store.count_owners(["door"]) == [0]


def test_an_owner_who_gets_no_lease_does_not_enter(store, pass_by):
    leases = {"person": 2, "address": 1}
    assert store.enter("room", "Alice", "tab1", 60, 9, leases) == (None, ["Alice"], 1)
    assert store.enter("room", "Alice", "tab1", 60, 9, leases) == (None, ["Alice"], 1), "tab1 has its leases already"
    store.take_changes("room")
    assert store.enter("room", "Bob", "tab2", 60, 9, leases) == ("address", [], 0)
    assert (store.take_changes("room"), store.count_leases("person")) == (([], [], 1), 1)
    store.release_leases(leases, "tab1")
    assert store.enter("room", "Bob", "tab2", 60, 0, leases) == (None, [], 2)
    pass_by(61)
    assert store.count_leases("address") == 0

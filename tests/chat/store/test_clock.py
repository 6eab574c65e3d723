"""RedisStore keeps working when the clock of Redis is set back by 25 hours. The clock of MemoryStore is monotonic."""

import pytest

from chat.store import redis as redis_store

pytestmark = pytest.mark.no_database

SET_BACK_SECONDS = 25 * 3600


def test_a_bucket_refills_after_the_clock_is_set_back(timed):
    assert [bool(timed.take_token("a", 2, 0.05)) for _ in range(3)] == [False, False, True]
    timed.pass_by(-SET_BACK_SECONDS)
    assert 0 < timed.take_token("a", 2, 0.05) <= 20
    timed.pass_by(20.1)
    assert timed.take_token("a", 2, 0.05) == 0


def test_a_counter_expires_in_time_after_the_clock_is_set_back(timed):
    timed.increment("a", 10)
    timed.pass_by(-SET_BACK_SECONDS)
    timed.increment("a", 10)
    assert timed._client.ttl(f"{timed.prefix}count:a") <= 10


def test_a_lease_from_before_the_clock_change_expires(timed):
    timed.acquire_lease("a", "dead", 60, 2)
    timed.acquire_lease("a", "living", 60, 2)
    timed.pass_by(-SET_BACK_SECONDS)
    assert not timed.acquire_lease("a", "new", 60, 2), "a living holder has time to renew its lease"
    timed.pass_by(30)
    timed.renew_leases(["a"], "living", 60)
    timed.pass_by(31)
    assert timed.acquire_lease("a", "new", 60, 2)
    assert not timed.acquire_lease("a", "one more", 60, 2)


def test_an_entry_from_before_the_clock_change_expires(timed):
    timed.add_entry("a", "Alice", "tab", 60)
    timed.add_entry("a", "Bob", "tab", 60)
    timed.pass_by(-SET_BACK_SECONDS)
    timed.add_entry("a", "Bob", "tab", 60)
    assert timed.list_owners("a", 10)[1] == 2
    timed.pass_by(30)
    timed.add_entry("a", "Bob", "tab", 60)
    timed.pass_by(31)
    assert timed.list_owners("a", 10) == (["Bob"], 1)


def test_a_roster_without_new_entries_becomes_empty(timed):
    timed.add_entry("a", "Alice", "tab", 60)
    timed.pass_by(-SET_BACK_SECONDS)
    assert timed.count_owners(["a"]) == [1]
    timed.pass_by(redis_store.ROSTER_GRACE_SECONDS + 1)
    assert timed.count_owners(["a"]) == [0]


def test_changes_are_not_held_after_the_clock_is_set_back(timed):
    taken = []
    for number in range(2):
        timed.add_entry("a", f"Alice {number}", "tab", 60)
        timed.take_changes_paced("a", "pace", 10, lambda *changes: taken.append(changes), lambda: taken.append("held"))
        timed.pass_by(-SET_BACK_SECONDS)
    assert len(taken) == 2 and "held" not in taken
    assert 0 < timed._client.ttl(f"{timed.prefix}count:pace") <= SET_BACK_SECONDS + 10


def test_an_entry_of_an_hour_from_before_the_clock_change_expires_too(timed):
    timed.add_entry("a", "Alice", "tab", 3600)
    timed.pass_by(-SET_BACK_SECONDS)
    assert timed.count_owners(["a"]) == [1]
    timed.pass_by(3601)
    assert timed.count_owners(["a"]) == [0]

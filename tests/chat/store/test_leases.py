"""Leases: they are limited, renewed and released, and they expire."""

import pytest

from chat.store import RedisStore
from tests.redis_commands import CommandCount

pytestmark = pytest.mark.no_database


def test_a_name_has_a_limited_number_of_leases(store):
    assert [store.acquire_lease("a", holder, 60, 2) for holder in ("x", "y", "z")] == [True, True, False]
    assert store.acquire_lease("b", "z", 60, 2)


def test_a_holder_can_renew_its_lease_when_all_are_taken(store):
    store.acquire_lease("a", "x", 60, 1)
    assert store.acquire_lease("a", "x", 60, 1)


def test_a_lost_lease_is_renewed_even_if_all_are_taken(store):
    store.acquire_lease("a", "x", 60, 1)
    store.renew_leases(["a"], "y", 60)
    assert store.acquire_lease("a", "y", 60, 1), "the renewal has given y its lost lease back"
    assert not store.acquire_lease("a", "z", 60, 2)


def test_a_released_lease_is_free(store):
    store.acquire_lease("a", "x", 60, 1)
    store.release_lease("a", "x")
    store.release_lease("a", "nobody")
    store.release_lease("nothing", "x")
    assert store.acquire_lease("a", "y", 60, 1)


def test_a_lease_expires_unless_it_is_renewed(store, pass_by):
    store.acquire_lease("a", "x", 60, 2)
    store.acquire_lease("a", "y", 60, 2)
    pass_by(40)
    store.acquire_lease("a", "y", 60, 2)
    pass_by(40)
    assert store.count_leases("a") == 1 and store.count_leases("b") == 0
    assert store.acquire_lease("a", "z", 60, 2)
    assert not store.acquire_lease("a", "x", 60, 2)
    assert store.count_leases("a") == 2


def test_leases_of_several_names_are_given_together_or_not_at_all(store):
    assert store.acquire_leases({"a": 2, "b": 1}, "x", 60) is None
    assert store.acquire_leases({"a": 2, "b": 1}, "y", 60) == "b"
    assert [store.count_leases(name) for name in "ab"] == [1, 1]
    assert store.acquire_leases({"a": 2, "b": 1}, "x", 60) is None, "x has its leases already"
    store.release_leases(["a", "b", "nothing"], "x")
    assert [store.count_leases(name) for name in "ab"] == [0, 0]
    assert store.acquire_leases({"a": 1, "b": 1}, "y", 60) is None


def test_a_refusal_keeps_the_leases_that_the_holder_had(store):
    store.acquire_lease("a", "x", 60, 1)
    store.acquire_lease("b", "y", 60, 1)
    assert store.acquire_leases({"a": 1, "b": 1}, "x", 60) == "b"
    assert store.acquire_leases({"a": 1, "b": 1}, "z", 60) == "a"
    assert [store.count_leases(name) for name in "ab"] == [1, 1]


def test_the_leases_of_a_holder_end_together_unless_they_are_renewed(store, pass_by):
    store.acquire_leases({"a": 1, "b": 1}, "x", 60)
    pass_by(40)
    store.renew_leases(["a", "b"], "x", 60)
    pass_by(40)
    assert store.acquire_leases({"b": 1, "a": 1}, "y", 60) == "b"
    pass_by(21)
    assert store.acquire_leases({"b": 1, "a": 1}, "y", 60) is None


def test_leases_that_are_only_renewed_keep_their_key(timed):
    timed.acquire_lease("a", "x", 60, 1)
    for _ in range(20):
        timed.pass_by(40)
        timed.renew_leases(["a"], "x", 60)
    assert not timed.acquire_lease("a", "y", 60, 1)
    timed.pass_by(61)
    assert not timed._client.exists("chat:lease:a")


def test_a_renewal_takes_two_commands_for_each_name(valkey_url, monkeypatch):
    store = RedisStore(valkey_url)
    store.renew_leases(["a", "b"], "x", 60)
    with CommandCount(valkey_url, monkeypatch) as counted:
        store.renew_leases(["a", "b"], "x", 60)
    assert counted.calls == {"evalsha": 1, "zadd": 2, "expire": 2}


def test_leases_are_renewed_together_and_lost_ones_are_not_given_again(store, pass_by):
    for holder in ("1", "2"):
        store.acquire_leases({"person": 5, "address": 5}, holder, 60)
    pass_by(40)
    store.release_lease("address", "2")
    names = ["person", "address"]
    assert store.renew_held_leases({"1": names, "2": names, "3": names, "4": []}, 60) == [True, False, False, True]
    pass_by(40)
    assert store.count_leases("address") == 1
    assert store.renew_held_leases({}, 60) == []

"""Leases: they are limited, renewed and released, and they expire."""

import pytest

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

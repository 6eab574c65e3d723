"""A cache with a limit keeps the newest entries."""

import pytest

from channels_transport.bounded_cache import BoundedCache

pytestmark = pytest.mark.no_database


def test_the_oldest_entry_is_removed_when_the_limit_is_exceeded():
    cache = BoundedCache(2)
    for key in "abc":
        cache.store(key, key.upper())
    assert cache == {"b": "B", "c": "C"}


def test_an_entry_that_is_stored_again_is_the_newest():
    cache = BoundedCache(2)
    for key in "abac":
        cache.store(key, 1)
    assert list(cache) == ["a", "c"]

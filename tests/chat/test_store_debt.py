"""Token buckets that go into debt: a deferred token is always taken, and later tokens wait until the debt is paid."""

import pytest

from chat.store import MemoryStore, RedisStore

pytestmark = pytest.mark.no_database


@pytest.fixture(params=["memory", "redis"])
def store(request):
    return MemoryStore() if request.param == "memory" else RedisStore(request.getfixturevalue("valkey_url"))


def test_a_deferred_token_is_taken_and_the_level_is_reported(store):
    levels = []
    for _ in range(3):
        store.take_token_deferred("a", 2, 0.001, levels.append)
    assert [round(level) for level in levels] == [1, 0, -1]


def test_a_bucket_in_debt_gives_no_token_until_the_debt_is_paid(store):
    for _ in range(4):
        store.take_token_deferred("a", 2, 0.01, lambda level: None)
    wait = store.take_token("a", 2, 0.01)
    assert 290 < wait <= 300, "two tokens of debt, and one for the next"
    assert 290 < store.take_token("a", 2, 0.01) <= 300, "a token that is refused costs nothing"


def test_redis_keeps_a_bucket_until_its_debt_is_paid(valkey_url):
    store = RedisStore(valkey_url)
    for _ in range(12):
        store.take_token_deferred("a", 2, 1, lambda level: None)
    assert store._client.ttl(f"{store.prefix}bucket:a") > 10

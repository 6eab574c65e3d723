"""
Small state that all processes share and may lose: token buckets, tallies, counters, texts, series, leases and rosters.

The state is in Redis if the site has a Redis, and in this process otherwise. All of the state expires, so nothing of a
killed process remains after its leases end. State that must not be lost is in database rows. The store knows nothing
about chat.

Times are in seconds. A store in Redis uses the clock of Redis, because the clocks of the processes may differ.
"""

from collections.abc import Sequence

from django.conf import settings

from .interface import Bucket, Renewal, Store
from .memory import MemoryStore
from .redis import RedisStore

__all__ = ["Bucket", "MemoryStore", "RedisStore", "Renewal", "Store", "make_store", "store"]


def make_store(urls: str | None, encryption_keys: Sequence[str] = ()) -> Store:
    """
    Return the store in the first Redis of `urls`; for None, a store in this process.

    The store in Redis encrypts texts and the owners of rosters with the keys.
    """
    return RedisStore(urls, encryption_keys) if urls else MemoryStore()


store = make_store(settings.REDIS_URL, settings.REDIS_ENCRYPTION_KEYS)

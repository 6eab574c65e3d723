"""
Small state that all processes share and may lose: token buckets, counters, texts, leases and rosters.

The state is in Redis if the site has a Redis, and in this process otherwise. All of the state expires, so nothing of a
killed process remains after its leases end. State that must not be lost is in database rows. The store knows nothing
about chat.

Times are in seconds. A store in Redis uses the clock of Redis, because the clocks of the processes may differ.
"""

from django.conf import settings

from .interface import Store
from .memory import MemoryStore
from .redis import RedisStore

__all__ = ["MemoryStore", "RedisStore", "Store", "make_store", "store"]


def make_store(url: str | None) -> Store:
    """Return the store in the Redis at `url`; for None, a store within this process."""
    return RedisStore(url) if url else MemoryStore()


store = make_store(settings.REDIS_URL)

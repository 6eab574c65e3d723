"""
Small state that all processes share and may lose: token buckets, counters, leases and rosters.

It is in Redis if the site has one, and in this process otherwise. All of it ends by itself, so what a killed process
leaves behind is gone when its leases end. What must not be lost is a row. The store knows nothing about chat.

Times are seconds. In Redis, the clock of Redis measures them, because the clocks of the processes may differ.
"""

from django.conf import settings

from .interface import Store
from .memory import MemoryStore
from .redis import RedisStore

__all__ = ["MemoryStore", "RedisStore", "Store", "make_store", "store"]


def make_store(url: str | None) -> Store:
    """Return the store in the Redis at `url`, or one within this process for None."""
    return RedisStore(url) if url else MemoryStore()


store = make_store(settings.REDIS_URL)

"""
Small state that all processes share and nobody mourns: buckets, counters, leases and rosters.

In Redis where there is one, else in this process. Everything in it ends by itself, so what a killed process leaves
behind is gone within its lease; whoever needs a promise stores a row. It knows no chat.

Times are seconds, and in Redis its own clock measures them: the processes' clocks may disagree.
"""

from django.conf import settings

from .memory import MemoryStore
from .redis import RedisStore

__all__ = ["MemoryStore", "RedisStore", "make_store", "store"]


def make_store(url):
    """Returns the store at a Redis URL, or one within this process for None."""
    return RedisStore(url) if url else MemoryStore()


store = make_store(settings.REDIS_URL)

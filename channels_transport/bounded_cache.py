"""
A dictionary that keeps a limited number of entries, because a cache must not grow without end.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Dict, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Dict[Key, Value]):
    """A dict that keeps the `limit` entries that were stored last. Only `store` respects the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def store(self, key: Key, value: Value) -> None:
        """Store an entry as the newest, and remove the oldest entry if there are more than `limit`."""
        self.pop(key, None)
        self[key] = value
        if len(self) > self.limit:
            del self[next(iter(self))]

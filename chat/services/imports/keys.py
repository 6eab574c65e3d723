"""The keys of imported items: the ids in the other system, or digests of ids that are too long for the column."""

import hashlib

from chat.models import ImportedItem


def make_key(*parts: str) -> str:
    """Return the key of an item whose id has these parts."""
    text = "/".join(parts)
    if len(text) <= ImportedItem.MAX_KEY:
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

"""The keys of imported items: the ids of the other system, or their digests if they are too long for the column."""

import hashlib

from chat.models import ImportedItem


def make_key(*parts: str) -> str:
    """Return the key of a thing whose id has these parts."""
    text = "/".join(parts)
    if len(text) <= ImportedItem.MAX_KEY:
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

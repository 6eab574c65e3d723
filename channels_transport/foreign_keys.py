"""
Finds the keys of asgi_redis under the prefix of a layer of this package.

Processes of both layers on one prefix would take each other's messages and drop them. asgi_redis cannot notice this. So
`interface`, `runworker` and `rundelay` do not start beside such keys, and `manage.py doctor` reports them. A site of
asgi_redis has such keys while a group has members, and for a minute after each message that nobody received.
"""

from __future__ import annotations

import re
import time
from typing import Any

from redis.exceptions import ResponseError

from .watching import SCAN_BATCH, escape_pattern

# At its start, a command looks for keys for at most this time. In a large Redis, it sees only a part of the keys.
SEARCH_SECONDS = 2
# asgi_redis stores a group as a sorted set `<prefix>:group:<name>`, and a message as a text `<prefix><32 digits>`. The
# text is a dictionary in msgpack, or a token of Fernet. A site may have other texts with such names, such as a cache.
_GROUP, _MESSAGE = re.compile(r":group:"), re.compile(r"[0-9a-f]{32}\Z")
_MESSAGE_TEXT = re.compile(rb"\x80\Z|[\x81-\x8f\xde\xdf]|gAAAA")


def find_foreign_key(layer: Any, shard: Any, seconds: float = SEARCH_SECONDS) -> str | None:
    """
    Return the name of a key that asgi_redis has stored under the prefix of a layer on a server, or None.

    Return None, too, if the user of Redis may not search: the layer itself needs no search.
    """
    try:
        return _search(layer, shard, seconds)
    except ResponseError as error:
        if not str(error).startswith("NOPERM"):
            raise
        return None


def _search(layer: Any, shard: Any, seconds: float) -> str | None:
    deadline, cursor = time.monotonic() + seconds, b"0"
    pattern = escape_pattern(layer.prefix) + "*"
    while True:
        ((cursor, keys),) = shard.call(("SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_BATCH))
        for key in keys:
            name = key.decode(errors="replace")
            if _is_foreign(shard, key, name[len(layer.prefix) :]):
                return name
        if cursor == b"0" or time.monotonic() > deadline:
            return None


def _is_foreign(shard: Any, key: bytes, rest: str) -> bool:
    if _GROUP.match(rest):
        return _read_type(shard, key) == b"zset"
    if not _MESSAGE.match(rest) or _read_type(shard, key) != b"string":
        return False
    (beginning,) = shard.call(("GETRANGE", key, 0, 4))
    return _MESSAGE_TEXT.match(beginning) is not None


def _read_type(shard: Any, key: bytes) -> bytes:
    (found,) = shard.call(("TYPE", key))
    return bytes(found)


def describe_foreign_key(layer: Any, shard: Any, key: str) -> str:
    """Return a sentence that says what the key means, and what to do."""
    return (
        f"The Redis at {shard.address} contains {key!r}, a key of asgi_redis under the same prefix {layer.prefix!r}:"
        " processes of both layers would drop each other's messages. Set another `prefix` in CONFIG of CHANNEL_LAYERS."
        " If the old processes no longer run, delete their keys instead."
    )

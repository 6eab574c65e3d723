"""
The base of the channel layer in Redis: its servers, its scripts, its serialization of messages, and its statistics.
"""

from __future__ import annotations

import collections
import logging
import random
import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import redis
from asgi_redis import RedisChannelLayer as StockRedisChannelLayer

from . import scripts
from .channel_layer import Message
from .encryption import CannotDecrypt, make_crypter
from .installation import check_installation
from .log_throttle import LogThrottle
from .receiving import Receiver
from .redis_servers import make_client
from .redis_url import read_prefix, split_urls
from .session_backends import RedisBackend
from .shards import Shard

logger = logging.getLogger(__name__)

# The counters of ASGI. The other counters are about lost messages.
COUNTERS = ("messages_count", "channel_full_count")

# asgi_redis has the prefixes `asgi:` and `asgi-meta:`. The items in its lists have another form. With the
# same prefixes, processes of both layers would drop each other's messages.
PREFIX, STATS_PREFIX = "transport:", "transport-meta:"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


class RedisBase(StockRedisChannelLayer):
    """
    The common part of sending, groups and receiving.

    It takes the arguments of the layer of asgi_redis, as keywords. The prefixes have other defaults. A text in `hosts`
    may contain several URLs, separated by commas. With a `prefix` in the URLs, such as `a:`, the keys begin
    with `a:transport:` and `a:transport-meta:`.
    """

    is_shared = True
    connection_turns = None  # the scripts keep the order

    def __init__(self, *args: Any, prefix: str = PREFIX, stats_prefix: str = STATS_PREFIX, **kwargs: Any) -> None:
        check_installation()
        super().__init__(*args, prefix=prefix, stats_prefix=stats_prefix, **kwargs)
        self._add_url_prefix()
        self.shards = [Shard(client) for client in self._connection_list]
        self.channel_session_backend = RedisBackend(self)
        self._local = threading.local()
        self._losses = LogThrottle(logger)

    @property
    def replies_layer(self) -> RedisBase:
        """Return the layer that has the reply channels and the groups. It is this layer, except for a local one."""
        return self

    @property
    def all_shards(self) -> list[Shard]:
        """Return the servers of this layer and those of its `replies_layer`."""
        return self.shards if self.replies_layer is self else [*self.shards, *self.replies_layer.shards]

    def _setup_hosts(self, hosts: Any) -> list[str]:
        return [url for host in super()._setup_hosts(hosts) for url in split_urls(host)]

    def _generate_connections(self, hosts: list[str], redis_kwargs: dict[str, Any]) -> list[redis.StrictRedis]:
        """Return a client for each URL of a host. Raise InvalidRedisURL for the first wrong URL."""
        return [make_client(host, **redis_kwargs) for host in hosts]

    def _add_url_prefix(self) -> None:
        """Let the `prefix` of the URLs begin all keys. Raise the errors of `read_prefix`."""
        prefix = read_prefix([host for host in self.hosts if "://" in host])
        self.prefix: str = prefix + self.prefix
        self.stats_prefix: str = prefix + self.stats_prefix

    def _register_scripts(self) -> None:
        """Do nothing: the parent's scripts are not used."""

    def command(self, script: scripts.LayerScript, *arguments: object) -> tuple:
        """Return the command that runs a script on this layer's keys."""
        return script.command(self.prefix, self.stats_prefix, *arguments)

    @property
    def receiver(self) -> Receiver:
        """Return this thread's receiver."""
        try:
            return self._local.receiver
        except AttributeError:
            self._local.receiver = Receiver(self)
            return self._local.receiver

    def consistent_hash(self, value: str | bytes) -> int:
        """Return the index of the shard that a name hashes to."""
        return 0 if self.ring_size == 1 else super().consistent_hash(value)

    def new_channel(self, pattern: str) -> str:
        """Return a new name for a channel with one reader; `pattern` ends with `?`."""
        assert isinstance(pattern, str) and pattern.endswith("?"), "New channel pattern must end with ?"
        return pattern + "".join(random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=20))

    def serialize(self, message: Message) -> bytes:
        """Return a message as bytes, encrypted if the layer has keys."""
        return self.crypter.encrypt(_encoder.encode(message))

    def deserialize(self, message: bytes) -> Message:
        """
        Return a message from its bytes. Each item has its own expiry, so the encryption needs none.

        Raise CannotDecrypt if this process does not have the key.
        """
        return _decoder.decode(self.crypter.decrypt(message))

    def read_body(self, channel: str, body: bytes) -> Message | None:
        """Return a message that was received from a channel. If it cannot be decrypted, count and log its loss."""
        try:
            return self.deserialize(body)
        except CannotDecrypt as error:
            self.log_loss(channel, f"has lost a message, which {error}")
            self.shards[0].call(self.command(scripts.COUNT, channel, "lost_count", 1))
            return None

    def _setup_encryption(self, symmetric_encryption_keys: Sequence[str | bytes] | None) -> None:
        """Replace the parent's encryption, because the messages need clearer errors. The keys mean the same."""
        self.crypter = make_crypter(symmetric_encryption_keys)

    # These methods return statistics.

    def count_waiting(self, channel: str) -> int:
        """Return the number of items that wait for the process that reads a reply channel."""
        target = self.non_local_name(channel)
        (length,) = self.shards[self.consistent_hash(target)].call(("LLEN", self.prefix + target))
        return length

    def channel_statistics(self, channel: str) -> dict[str, float]:
        """
        Return the statistics of a channel: counters since the counting began, and what waits now.

        The fields are messages_count, messages_pending, messages_max_age (seconds, one decimal) and channel_full_count,
        as in asgi_redis. Three fields count lost messages: expired_count, gone_count (sent to a dead interface) and
        lost_count (lost with a worker, or not decrypted by it). forgotten_count counts the frames that were dropped
        with their connection. These four fields are missing in the Counter until they are above 0, and a missing field
        reads as 0.
        """
        total: Any = collections.Counter(dict.fromkeys(COUNTERS, 0))
        ages = [0]
        for shard in self.shards:
            (answer,) = shard.call(self.command(scripts.CHANNEL_STATISTICS, channel, self.expiry))
            pending, age, *counted = answer
            total[self.STAT_MESSAGES_PENDING] += pending
            ages.append(age)
            total.update(_read_counters(counted))
        # Rounded, so that a message that has just been sent has waited for 0 s, as in asgi_redis.
        total[self.STAT_MESSAGES_MAX_AGE] = round(max(ages) / 1000, 1)
        return total

    def global_statistics(self) -> dict[str, int]:
        """Return messages_count, channel_full_count and the counters of lost messages over all channels."""
        total = collections.Counter(dict.fromkeys(COUNTERS, 0))
        for shard in self.shards:
            (answer,) = shard.call(("HGETALL", f"{self.stats_prefix}{self.global_stats_key}"))
            total.update(_read_counters(answer))
        return total

    def log_loss(self, channel: str, what: str) -> None:
        """Log the loss of a channel's messages; `what` says what happened. Write one line per burst."""
        text = f"Channel {channel} {what} (see the layer's statistics)"
        self._losses.warning("%s", text, key=(channel, what))

    def flush(self) -> None:
        """Delete every message, group, session and counter, on all shards."""
        for shard in self.shards:
            for prefix in (self.prefix, self.stats_prefix):
                shard.call(self.command(scripts.DELETE_MATCHING, f"{prefix}*"))
        self._local = threading.local()


def _read_counters(answer: list[bytes]) -> dict[str, int]:
    return {name.decode(): int(value) for name, value in zip(answer[::2], answer[1::2])}

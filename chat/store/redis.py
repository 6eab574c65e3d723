"""
The store of a site with several processes, in Redis. The methods of `Store` run scripts and commands.
"""

import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from channels_transport import (
    CannotDecrypt,
    LogThrottle,
    Script,
    Shard,
    make_crypter,
    make_redis_client,
    read_redis_prefix,
    run_with_next_trip,
    split_redis_urls,
)

from .interface import TALLY_SECONDS, Bucket, Entered, Renewal, Store, Taken, split_changes
from .scripts import StoreScripts

throttle = LogThrottle(logging.getLogger(__name__))

# The keys of a roster remain for at least half of this time after its last entry ends. So a sweep can still find the
# owners who left.
ROSTER_GRACE_SECONDS = 600
# The last parts of the keys of a roster. The script explains the keys.
ROSTER_PARTS = ("entries", "owners", "changes", "longest")


class RedisStore(StoreScripts, Store):
    """
    The state of a site with several processes, in the first of its Redis servers.

    `Store` documents the methods. Most need one round trip.

    The texts and the owners of rosters are encrypted, if there are keys. What another key encrypted counts as missing.
    """

    is_shared = True

    def __init__(self, urls: str, encryption_keys: Sequence[str] = ()) -> None:
        # A budget and a list of present people must be in one place, so only the first server has them.
        [url, *_] = split_redis_urls(urls)
        self.prefix = f"{read_redis_prefix([url])}chat:"
        self._rosters = f"{self.prefix}rosters"
        self._crypter = make_crypter(encryption_keys)
        # The client has timeouts, because a paused Redis must not block the callers.
        self._client = make_redis_client(url, socket_timeout=5, socket_connect_timeout=5)
        self._shard = Shard(self._client)
        self._take = Script(self._TAKE)
        self._return = Script(self._RETURN)
        self._tally = Script(self._TALLY)
        self._count = Script(self._COUNT)
        self._exchange = Script(self._EXCHANGE)
        self._lease = Script(self._LEASE)
        self._renew = Script(self._RENEW)
        self._renew_held = Script(self._RENEW_HELD)
        self._count_leases = Script(self._COUNT_LEASES)
        self._roster = Script(self._ROSTER)

    def clear(self) -> None:
        for key in self._client.scan_iter(f"{self.prefix}*"):
            self._client.delete(key)

    def ping(self) -> None:
        self._client.ping()

    def take_tokens(self, buckets: Sequence[Bucket], cost: float = 1) -> Taken:
        wait, empty, *_ = self._call(self._take_command(buckets, cost, may_owe=0))
        return Taken(float(wait), buckets[empty - 1].name if empty else None)

    def take_tokens_deferred(
        self, buckets: Sequence[Bucket], cost: float, on_taken: Callable[[list[float]], object]
    ) -> None:
        command = self._take_command(buckets, cost, may_owe=1)
        self._call_deferred(command, lambda answer: on_taken([float(level) for level in answer[2:]]))

    def _take_command(self, buckets, cost, may_owe):
        numbers = [number for bucket in buckets for number in bucket[1:]]
        return self._take.command(
            cost, may_owe, *numbers, keys=[f"{self.prefix}bucket:{bucket.name}" for bucket in buckets]
        )

    def return_token(self, name: str, burst: float) -> None:
        self._call(self._return.command(burst, keys=[f"{self.prefix}bucket:{name}"]))

    def add_to_tally(self, name: str, entry: str, number: int = 1) -> None:
        self._call_deferred(self._tally.command(entry, TALLY_SECONDS, number, keys=[f"{self.prefix}tally:{name}"]))

    def read_tally(self, name: str) -> dict[str, int]:
        entries = self._call(("HGETALL", f"{self.prefix}tally:{name}"))
        names = [text.decode() for text in entries[::2]]
        return dict(sorted(zip(names, map(int, entries[1::2]), strict=True)))

    def increment(self, name: str, seconds: float) -> int:
        return self._call(self._count.command(seconds, keys=[f"{self.prefix}count:{name}"]))

    def exchange(self, name: str, text: str, seconds: float) -> str | None:
        content = self._crypter.encrypt(text.encode())
        before = self._call(self._exchange.command(content, seconds, keys=[f"{self.prefix}text:{name}"]))
        known = None if before is None else self._read(self._crypter.decrypt, before)
        return None if known is None else known.decode()

    def _read(self, decrypt, content):
        """Return decrypted content, or None if this process does not have its key."""
        try:
            return decrypt(content)
        except CannotDecrypt as error:
            throttle.warning("A part of the store is ignored: it %s", error)
            return None

    def _unseal(self, owners: Collection[str]) -> list[str | None]:
        """Return the owners, with None in place of each one whose key this process does not have."""
        unseal = self._crypter.unseal
        try:
            return [unseal(owner) for owner in owners]
        except CannotDecrypt:
            return [self._read(unseal, owner) for owner in owners]

    def append_texts(self, texts: Mapping[str, str], limits: Mapping[str, int], seconds: float) -> None:
        commands: list[tuple] = []
        for name, text in texts.items():
            key = f"{self.prefix}series:{name}"
            commands += [
                ("RPUSH", key, self._crypter.encrypt(text.encode())),
                ("LTRIM", key, -limits[name], -1),
                ("EXPIRE", key, math.ceil(seconds)),
            ]
        self._call_all(commands)

    def read_series(self, *names: str) -> list[list[str]]:
        answers = self._call_all(("LRANGE", f"{self.prefix}series:{name}", 0, -1) for name in names)
        series = [[self._read(self._crypter.decrypt, content) for content in answer] for answer in answers]
        return [[text.decode() for text in texts if text is not None] for texts in series]

    def acquire_leases(self, limits: Mapping[str, int], holder: str, seconds: float) -> str | None:
        full = self._call(self._lease.command(holder, seconds, *limits.values(), keys=self._lease_keys(limits)))
        return list(limits)[full - 1] if full else None

    def renew_leases(self, names: Collection[str], holder: str, seconds: float) -> None:
        self._call_deferred(self._renew.command(holder, seconds, keys=self._lease_keys(names)))

    def renew_held_leases(self, holders: Mapping[str, Collection[str]], seconds: float) -> list[bool]:
        commands = [
            self._renew_held.command(holder, seconds, keys=self._lease_keys(names)) for holder, names in holders.items()
        ]
        return [bool(answer) for answer in self._call_all(commands)]

    def release_leases(self, names: Collection[str], holder: str) -> None:
        for key in self._lease_keys(names):
            self._call_deferred(("ZREM", key, holder))

    def _lease_keys(self, names):
        return [f"{self.prefix}lease:{name}" for name in names]

    def count_leases(self, name: str) -> int:
        return self._call(self._count_leases.command(keys=[f"{self.prefix}lease:{name}"]))

    def add_entry(self, name: str, owner: str, entry: str, seconds: float) -> bool:
        return bool(self._call(self._roster_command(name, "add", owner, entry, seconds)))

    def renew_entry(
        self,
        name: str,
        owner: str,
        entry: str,
        seconds: float,
        on_changes: Callable[[], object],
        leases: Collection[str] = (),
    ) -> None:
        command = self._roster_command(name, "add", owner, entry, seconds, more_keys=self._lease_keys(leases))
        self._call_deferred(command, lambda has_changes: has_changes and on_changes())

    def renew_entries(self, renewals: Sequence[Renewal], seconds: float) -> list[bool | None]:
        answers = self._call_all(
            self._roster_command(name, "renew", owner, entry, seconds, more_keys=self._lease_keys(leases))
            for name, owner, entry, leases in renewals
        )
        return [None if answer < 0 else bool(answer) for answer in answers]

    def enter(
        self, name: str, owner: str, entry: str, seconds: float, limit: int, leases: Mapping[str, int]
    ) -> Entered:
        keys = self._lease_keys(leases)
        command = self._roster_command(name, "enter", owner, entry, seconds, limit, more_keys=keys)
        answer = self._call((*command, *leases.values()))
        if isinstance(answer, int):
            return Entered(list(leases)[answer - 1], [], 0)
        return Entered(None, *self._read_owners(answer, limit))

    def remove_entry(self, name: str, owner: str, entry: str) -> bool:
        return bool(self._call(self._roster_command(name, "remove", owner, entry)))

    def remove_entry_deferred(self, name: str, owner: str, entry: str) -> None:
        self._call_deferred(self._roster_command(name, "remove", owner, entry))

    def list_owners(self, name: str, limit: int) -> tuple[list[str], int]:
        return self._read_owners(self._call(self._roster_command(name, "owners", limit=limit)), limit)

    def _read_owners(self, answer, limit):
        count, owners = answer
        # While a key is being replaced, an owner may be there twice.
        found = dict.fromkeys(self._unseal([owner.decode() for owner in owners]))
        are_all_known = count <= limit and None not in found
        return [owner for owner in found if owner is not None], len(found) if are_all_known else count

    def count_owners(self, names: Iterable[str]) -> list[int]:
        return [count for count, _ in self._call_all(self._roster_command(name, "owners") for name in names)]

    def list_entries(self, names: Iterable[str]) -> list[dict[str, str]]:
        keys = [f"{self.prefix}roster:{name}:entries" for name in names]
        answers = self._call_all(("ZRANGE", key, 0, -1) for key in keys)
        pairs = [[member.decode().partition("\n") for member in members] for members in answers]
        return [self._name_owners({entry: owner for owner, _, entry in found}) for found in pairs]

    def _name_owners(self, sealed: dict[str, str]) -> dict[str, str]:
        owners = zip(sealed, self._unseal(sealed.values()), strict=True)
        return {entry: owner for entry, owner in owners if owner is not None}

    def summarize_rosters(self) -> dict[str, tuple[int, bool]]:
        names = [name.decode() for name in self._call(("SMEMBERS", self._rosters))]
        answers = self._call_all(self._roster_command(name, "summarize") for name in names)
        return {name: (count, bool(changes)) for name, (count, changes) in zip(names, answers, strict=True)}

    def take_changes(self, name: str) -> tuple[list[str], list[str], int]:
        return self._read_changes(name, self._call(self._roster_command(name, "take_changes")))

    def take_changes_paced(
        self,
        name: str,
        counter: str,
        seconds: float,
        on_taken: Callable[[list[str], list[str], int], object],
        on_held: Callable[[], object],
    ) -> None:
        keys = [f"{self.prefix}count:{counter}"]
        command = self._roster_command(name, "take_paced", seconds=seconds, more_keys=keys)
        self._call_deferred(
            command, lambda answer: on_taken(*self._read_changes(name, answer)) if answer else on_held()
        )

    def _read_changes(self, name, answer):
        count, changes = answer
        texts = [text.decode() for text in changes]
        changes = zip(self._unseal(texts[::2]), texts[1::2], strict=True)
        came, went = split_changes({owner: kind for owner, kind in changes if owner is not None})
        return came, self._leave_out_present(name, went), count

    def _leave_out_present(self, name: str, went: list[str]) -> list[str]:
        """Return those owners who are not on the roster under another key. With one key, make no round trip."""
        sealed = [self._crypter.seal_with_all(owner) for owner in went]
        if not sealed or len(sealed[0]) == 1:
            return went
        answers = self._call_all(("HMGET", f"{self.prefix}roster:{name}:owners", *texts) for texts in sealed)
        return [owner for owner, counts in zip(went, answers, strict=True) if not any(counts)]

    def _roster_command(self, name, operation, owner="", entry="", seconds=0, limit=0, more_keys=()):
        entries, owners, changes, longest = (f"{self.prefix}roster:{name}:{part}" for part in ROSTER_PARTS)
        keys = [entries, owners, changes, self._rosters, longest, *more_keys]
        sealed = self._crypter.seal(owner) if owner else ""
        return self._roster.command(operation, sealed, entry, seconds, ROSTER_GRACE_SECONDS, name, limit, keys=keys)

    def _call_all(self, commands):
        """Run commands in one round trip. Make no round trip if there are no commands."""
        commands = list(commands)
        return self._shard.call(*commands) if commands else []

    def _call(self, command):
        return self._shard.call(command)[0]

    def _call_deferred(self, command, on_answer=None):
        """Run a command with the worker's next round trip, or now outside a worker. Then call `on_answer(answer)`."""
        run_with_next_trip(self._shard, command, on_answer)

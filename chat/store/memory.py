"""
The store of a site that is one process: a dictionary behind a lock. This module does not use Redis.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from .interface import TALLY_SECONDS, Bucket, Entered, Renewal, Store, Taken, split_changes

# A caller that has waited for the returned time gets its tokens, although floats are not exact.
ROUNDING_SECONDS = 1e-6
SWEEP_SECONDS = 60  # between two sweeps of full buckets, and of expired counters, texts and series
# The kinds of values whose last part is the time at which they can be deleted.
SWEPT = ("bucket", "counter", "text", "series")


class MemoryStore(Store):
    """The state of a site that is one process. `Store` documents the methods."""

    is_shared = False

    def __init__(self) -> None:
        self._lock = threading.RLock()
        # The keys are (kind, name). The kind is "bucket", "tally", "counter", "text", "series", "lease" or "roster".
        self._values: dict = {}
        self._swept_at = time.monotonic()

    def clear(self) -> None:
        self._values.clear()

    def ping(self) -> None:
        pass

    def take_tokens(self, buckets: Sequence[Bucket], cost: float = 1) -> Taken:
        with self._lock:
            levels, now = self._fill_buckets(buckets)
            is_light = levels[0] >= buckets[0].burst / 2
            waits = [
                (1 - (bucket.reserve if is_light else 0) - level) / bucket.per_second
                for bucket, level in zip(buckets, levels, strict=True)
            ]
            longest = max(waits)
            if longest > ROUNDING_SECONDS:
                return Taken(longest, buckets[waits.index(longest)].name)
            self._set_levels(buckets, [level - cost for level in levels], now)
            return Taken(0, None)

    def take_tokens_deferred(
        self, buckets: Sequence[Bucket], cost: float, on_taken: Callable[[list[float]], object]
    ) -> None:
        with self._lock:
            levels, now = self._fill_buckets(buckets)
            levels = [level - cost for level in levels]
            self._set_levels(buckets, levels, now)
        on_taken(levels)

    def _fill_buckets(self, buckets):
        """Return (the tokens that each bucket has now, the time)."""
        now = time.monotonic()
        levels = []
        for name, burst, per_second, _ in buckets:
            level, at, _ = self._values.get(("bucket", name), (burst, now, now))
            levels.append(min(burst, level + (now - at) * per_second))
        return levels, now

    def _set_levels(self, buckets, levels, now):
        self._sweep_expired()
        for bucket, level in zip(buckets, levels, strict=True):
            # A bucket that is full again is the same as a new one.
            self._values["bucket", bucket.name] = level, now, now + (bucket.burst - level) / bucket.per_second

    def return_token(self, name: str, burst: float) -> None:
        with self._lock:
            if ("bucket", name) in self._values:
                level, at, full_at = self._values["bucket", name]
                self._values["bucket", name] = min(burst, level + 1), at, full_at

    def add_to_tally(self, name: str, entry: str, number: int = 1) -> None:
        with self._lock:
            entries, _ = self._values.get(("tally", name), ({}, 0))
            entries[entry] = entries.get(entry, 0) + number
            self._values["tally", name] = entries, time.monotonic() + TALLY_SECONDS

    def read_tally(self, name: str) -> dict[str, int]:
        with self._lock:
            entries, ends_at = self._values.get(("tally", name), ({}, 0))
            return dict(sorted(entries.items())) if ends_at >= time.monotonic() else {}

    def increment(self, name: str, seconds: float) -> int:
        with self._lock:
            number, ends_at = self._values.get(("counter", name), (0, 0))
            if ends_at < time.monotonic():
                self._sweep_expired()
                number, ends_at = 0, time.monotonic() + seconds
            self._values["counter", name] = number + 1, ends_at
            return number + 1

    def exchange(self, name: str, text: str, seconds: float) -> str | None:
        with self._lock:
            self._sweep_expired()
            before, ends_at = self._values.get(("text", name), (None, 0))
            self._values["text", name] = text, time.monotonic() + seconds
            return before if ends_at >= time.monotonic() else None

    def _sweep_expired(self):
        """Delete the full buckets, and the expired counters, texts and series, at most once in SWEEP_SECONDS."""
        # These names contain names of connections and addresses. Without this sweep, the dictionary would grow with
        # every new connection and address.
        now = time.monotonic()
        if now > self._swept_at + SWEEP_SECONDS:
            self._swept_at = now
            for key, value in list(self._values.items()):
                if key[0] in SWEPT and value[-1] < now:
                    del self._values[key]

    def append_texts(self, texts: Mapping[str, str], limits: Mapping[str, int], seconds: float) -> None:
        with self._lock:
            for name, text in texts.items():
                kept = [*self._read_texts(name), text][-limits[name] :]
                self._values["series", name] = kept, time.monotonic() + seconds

    def read_series(self, *names: str) -> list[list[str]]:
        with self._lock:
            return [list(self._read_texts(name)) for name in names]

    def _read_texts(self, name):
        texts, ends_at = self._values.get(("series", name), ([], 0))
        return texts if ends_at >= time.monotonic() else []

    def acquire_leases(self, limits: Mapping[str, int], holder: str, seconds: float) -> str | None:
        with self._lock:
            now = time.monotonic()
            for name, limit in limits.items():
                leases = self._values.setdefault(("lease", name), {})
                for ended in [key for key, ends_at in leases.items() if ends_at < now]:
                    del leases[ended]
                if holder not in leases and len(leases) >= limit:
                    return name
            self.renew_leases(limits, holder, seconds)
            return None

    def renew_leases(self, names: Collection[str], holder: str, seconds: float) -> None:
        with self._lock:
            for name in names:
                self._values.setdefault(("lease", name), {})[holder] = time.monotonic() + seconds

    def renew_held_leases(self, holders: Mapping[str, Collection[str]], seconds: float) -> list[bool]:
        with self._lock:
            return [self._renew_if_held(names, holder, seconds) for holder, names in holders.items()]

    def _renew_if_held(self, names, holder, seconds):
        is_held = all(holder in self._values.get(("lease", name), {}) for name in names)
        if is_held:
            self.renew_leases(names, holder, seconds)
        return is_held

    def release_leases(self, names: Collection[str], holder: str) -> None:
        with self._lock:
            for name in names:
                self._values.get(("lease", name), {}).pop(holder, None)

    def count_leases(self, name: str) -> int:
        with self._lock:
            return sum(ends_at >= time.monotonic() for ends_at in self._values.get(("lease", name), {}).values())

    def add_entry(self, name: str, owner: str, entry: str, seconds: float) -> bool:
        with self._lock:
            roster = self._get_swept(name)
            if entry not in roster["entries"] and not self._has_entries(roster, owner):
                self._note(roster, owner, "came")
            roster["entries"][entry] = owner, time.monotonic() + seconds
            return bool(roster["changes"])

    def renew_entry(
        self,
        name: str,
        owner: str,
        entry: str,
        seconds: float,
        on_changes: Callable[[], object],
        leases: Collection[str] = (),
    ) -> None:
        self.renew_leases(leases, entry, seconds)
        if self.add_entry(name, owner, entry, seconds):
            on_changes()

    def renew_entries(self, renewals: Sequence[Renewal], seconds: float) -> list[bool | None]:
        with self._lock:
            return [self._renew_if_present(*renewal, seconds) for renewal in renewals]

    def _renew_if_present(self, name, owner, entry, leases, seconds):
        if entry not in self._get_swept(name)["entries"] or not self._renew_if_held(leases, entry, seconds):
            return None
        return self.add_entry(name, owner, entry, seconds)

    def enter(
        self, name: str, owner: str, entry: str, seconds: float, limit: int, leases: Mapping[str, int]
    ) -> Entered:
        with self._lock:
            full = self.acquire_leases(leases, entry, seconds)
            if full is not None:
                return Entered(full, [], 0)
            self.add_entry(name, owner, entry, seconds)
            return Entered(None, *self.list_owners(name, limit))

    def remove_entry(self, name: str, owner: str, entry: str) -> bool:
        with self._lock:
            roster = self._get_swept(name)
            if roster["entries"].pop(entry, None) and not self._has_entries(roster, owner):
                self._note(roster, owner, "went")
            return bool(roster["changes"])

    def remove_entry_deferred(self, name: str, owner: str, entry: str) -> None:
        self.remove_entry(name, owner, entry)

    def list_owners(self, name: str, limit: int) -> tuple[list[str], int]:
        with self._lock:
            owners = list(dict.fromkeys(owner for owner, _ in self._get_swept(name)["entries"].values()))
            return owners[:limit], len(owners)

    def count_owners(self, names: Iterable[str]) -> list[int]:
        return [self.list_owners(name, 0)[1] for name in names]

    def list_entries(self, names: Iterable[str]) -> list[dict[str, str]]:
        with self._lock:
            rosters = [self._get_swept(name)["entries"] for name in names]
            return [{entry: owner for entry, (owner, _) in entries.items()} for entries in rosters]

    def summarize_rosters(self) -> dict[str, tuple[int, bool]]:
        with self._lock:
            found = {}
            for kind, name in list(self._values):
                if kind == "roster" and self._values[kind, name]["entries"]:
                    (count,) = self.count_owners([name])
                    found[name] = count, bool(self._values[kind, name]["changes"])
            return found

    def take_changes(self, name: str) -> tuple[list[str], list[str], int]:
        with self._lock:
            roster = self._get_swept(name)
            changes, roster["changes"] = roster["changes"], {}
            came, went = split_changes(changes)
            return came, went, len({owner for owner, _ in roster["entries"].values()})

    def take_changes_paced(
        self,
        name: str,
        counter: str,
        seconds: float,
        on_taken: Callable[[list[str], list[str], int], object],
        on_held: Callable[[], object],
    ) -> None:
        with self._lock:
            is_held = self._get_swept(name)["changes"] and self.increment(counter, seconds) > 1
            taken = None if is_held else self.take_changes(name)
        on_held() if taken is None else on_taken(*taken)

    def _get_swept(self, name):
        """Delete the expired entries of a roster, and return the roster."""
        roster = self._values.setdefault(("roster", name), {"entries": {}, "changes": {}})
        now = time.monotonic()
        for entry, (owner, ends_at) in list(roster["entries"].items()):
            if ends_at < now:
                del roster["entries"][entry]
                if not self._has_entries(roster, owner):
                    self._note(roster, owner, "went")
        return roster

    @staticmethod
    def _has_entries(roster, owner):
        return any(other == owner for other, _ in roster["entries"].values())

    @staticmethod
    def _note(roster, owner, kind):
        # If an owner went and came back before `take_changes` was called, nothing has changed. The same holds for an
        # owner who came and went.
        if roster["changes"].pop(owner, kind) == kind:
            roster["changes"][owner] = kind

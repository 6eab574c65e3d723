"""
The store of a site that is one process: a dictionary behind a lock. This module does not use Redis.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from .interface import Store, split_changes

NO_LIMIT = 10**9  # more leases than a process can have
SWEEP_SECONDS = 60  # between two sweeps of expired counters and texts


class MemoryStore(Store):
    """The state of a site that is one process. `Store` documents the methods."""

    is_shared = False

    def __init__(self) -> None:
        self._lock = threading.RLock()
        # The keys are (kind, name). The kind is "bucket", "counter", "text", "lease" or "roster".
        self._values: dict = {}
        self._swept_at = time.monotonic()

    def clear(self) -> None:
        self._values.clear()

    def ping(self) -> None:
        pass

    def take_token(self, name: str, burst: float, per_second: float) -> float:
        with self._lock:
            level, now = self._fill_bucket(name, burst, per_second)
            wait = 0 if level >= 1 else (1 - level) / per_second
            self._values["bucket", name] = (level if wait else level - 1), now
            return wait

    def return_token(self, name: str, burst: float) -> None:
        with self._lock:
            if ("bucket", name) in self._values:
                level, at = self._values["bucket", name]
                self._values["bucket", name] = min(burst, level + 1), at

    def take_token_deferred(
        self, name: str, burst: float, per_second: float, on_taken: Callable[[float], object]
    ) -> None:
        with self._lock:
            level, now = self._fill_bucket(name, burst, per_second)
            self._values["bucket", name] = level - 1, now
        on_taken(level - 1)

    def _fill_bucket(self, name, burst, per_second):
        now = time.monotonic()
        level, at = self._values.get(("bucket", name), (burst, now))
        return min(burst, level + (now - at) * per_second), now

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
        """Delete the expired counters and texts, at most once in SWEEP_SECONDS."""
        # These names contain names of connections. Without this sweep, the dictionary would grow with every
        # new connection.
        now = time.monotonic()
        if now > self._swept_at + SWEEP_SECONDS:
            self._swept_at = now
            for key in [key for key, value in self._values.items() if key[0] in ("counter", "text") and value[1] < now]:
                del self._values[key]

    def acquire_lease(self, name: str, holder: str, seconds: float, limit: int) -> bool:
        with self._lock:
            leases = self._values.setdefault(("lease", name), {})
            now = time.monotonic()
            for ended in [key for key, ends_at in leases.items() if ends_at < now]:
                del leases[ended]
            if holder not in leases and len(leases) >= limit:
                return False
            leases[holder] = now + seconds
            return True

    def renew_leases(self, names: Sequence[str], holder: str, seconds: float) -> None:
        for name in names:
            self.acquire_lease(name, holder, seconds, NO_LIMIT)

    def release_lease(self, name: str, holder: str) -> None:
        with self._lock:
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

    def renew_entry(self, name: str, owner: str, entry: str, seconds: float, on_changes: Callable[[], object]) -> None:
        if self.add_entry(name, owner, entry, seconds):
            on_changes()

    def remove_entry(self, name: str, owner: str, entry: str) -> bool:
        with self._lock:
            roster = self._get_swept(name)
            if roster["entries"].pop(entry, None) and not self._has_entries(roster, owner):
                self._note(roster, owner, "went")
            return bool(roster["changes"])

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

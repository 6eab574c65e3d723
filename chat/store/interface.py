"""
What a store can do: token buckets, tallies, counters, texts, series, leases and rosters.

`MemoryStore` and `RedisStore` do the same.

Times are in seconds. Callers choose the names, and each kind of state has its own namespace. If the docstring of a
method says "may run later", the method does not wait for Redis: its command leaves with the worker's next round trip.
The other methods of a store in Redis raise the errors in `channels_transport.OUTAGES` while Redis is not available.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple


class Bucket(NamedTuple):
    """A token bucket for `burst` tokens that gets `per_second` tokens a second. `take_tokens` explains the reserve."""

    name: str
    burst: float
    per_second: float
    reserve: float = 0


class Taken(NamedTuple):
    """The answer of `take_tokens`: 0 and None, or the seconds to wait and the name of the bucket that is empty."""

    wait: float
    empty: str | None


class Renewal(NamedTuple):
    """An entry on a roster to renew, with its owner and the names of the leases that `entry` holds."""

    roster: str
    owner: str
    entry: str
    leases: Collection[str] = ()


class Entered(NamedTuple):
    """The answer of `enter`: the name whose leases are all taken (or None), some owners, and the number of owners."""

    full: str | None
    owners: list[str]
    total: int


TALLY_SECONDS = 30 * 24 * 3600  # a tally is deleted when nothing was added to it for this time


class SingleTokens(ABC):
    """The methods that take one token of one bucket."""

    @abstractmethod
    def take_tokens(self, buckets: Sequence[Bucket], cost: float = 1) -> Taken:
        """See `Store`."""

    @abstractmethod
    def take_tokens_deferred(
        self, buckets: Sequence[Bucket], cost: float, on_taken: Callable[[list[float]], object]
    ) -> None:
        """See `Store`."""

    def take_token(self, name: str, burst: float, per_second: float) -> float:
        """Take one token of a Bucket(name, burst, per_second). Return 0, or the seconds to wait."""
        return self.take_tokens([Bucket(name, burst, per_second)]).wait

    def take_token_deferred(
        self, name: str, burst: float, per_second: float, on_taken: Callable[[float], object]
    ) -> None:
        """
        Take one token even if the bucket is empty, and call `on_taken(tokens left)`. This may run later.

        A bucket with a negative number of tokens is in debt: `take_token` gives none until the debt is paid.
        """
        self.take_tokens_deferred([Bucket(name, burst, per_second)], 1, lambda levels: on_taken(levels[0]))


class SingleLeases(ABC):
    """The methods for one lease."""

    @abstractmethod
    def acquire_leases(self, limits: Mapping[str, int], holder: str, seconds: float) -> str | None:
        """See `Store`."""

    @abstractmethod
    def release_leases(self, names: Collection[str], holder: str) -> None:
        """See `Store`."""

    def acquire_lease(self, name: str, holder: str, seconds: float, limit: int) -> bool:
        """Give `holder` one of `limit` leases, or renew the holder's lease. Return whether the holder has one."""
        return self.acquire_leases({name: limit}, holder, seconds) is None

    def release_lease(self, name: str, holder: str) -> None:
        """End a lease before its time. Do nothing if the holder has no lease."""
        self.release_leases([name], holder)


class Store(SingleTokens, SingleLeases):
    """Small state that expires. The state of a killed process lasts no longer than its leases."""

    is_shared: bool  # whether other processes have the same state

    @abstractmethod
    def clear(self) -> None:
        """Delete everything. Only tests call this."""

    @abstractmethod
    def ping(self) -> None:
        """Check that the state can be reached. If not, raise the error that the other methods would raise."""

    # Token buckets, for rate limits.

    @abstractmethod
    def take_tokens(self, buckets: Sequence[Bucket], cost: float = 1) -> Taken:
        """
        Take `cost` tokens of each bucket, or take nothing if one of the buckets is empty. This takes one round trip.

        A bucket is empty if it has less than one token. Otherwise it gives any number of tokens, and it may be in debt
        afterwards: it has a negative number of tokens and stays empty until the debt is paid. With a `cost` of 0, only
        check the buckets.

        The first bucket is the caller's own. While at least half of its tokens are left, the other buckets are empty
        only below 1 minus their `reserve`. So a few owners who use much cannot lock out owners who use little.
        """

    @abstractmethod
    def take_tokens_deferred(
        self, buckets: Sequence[Bucket], cost: float, on_taken: Callable[[list[float]], object]
    ) -> None:
        """Take tokens even from empty buckets, and call `on_taken(the tokens left in each)`. This may run later."""

    @abstractmethod
    def return_token(self, name: str, burst: float) -> None:
        """Give a token back to its bucket, which holds at most `burst`."""

    # Tallies.

    @abstractmethod
    def add_to_tally(self, name: str, entry: str, number: int = 1) -> None:
        """Add a number to an entry of a tally. This may run later."""

    @abstractmethod
    def read_tally(self, name: str) -> dict[str, int]:
        """Return {entry: its number} of a tally, sorted by entry."""

    # Counters.

    @abstractmethod
    def increment(self, name: str, seconds: float) -> int:
        """Add one to a counter, and return its value. The counter is 0 again `seconds` after its first increment."""

    # Texts.

    @abstractmethod
    def exchange(self, name: str, text: str, seconds: float) -> str | None:
        """Store a text for `seconds`. Return the text that was stored before under this name, or None."""

    # Series: the newest texts of a name, the oldest first.

    @abstractmethod
    def append_texts(self, texts: Mapping[str, str], limits: Mapping[str, int], seconds: float) -> None:
        """
        Append a text to each series: {name: text}. `limits` is {name: how many of its newest texts a series keeps}.

        A series is deleted `seconds` after its last text. This takes one round trip.
        """

    @abstractmethod
    def read_series(self, *names: str) -> list[list[str]]:
        """Return the texts of each series, in the order of `names`. This takes one round trip."""

    # Leases.

    @abstractmethod
    def acquire_leases(self, limits: Mapping[str, int], holder: str, seconds: float) -> str | None:
        """
        Give `holder` a lease of each name, or renew the lease that the holder has. This takes one round trip.

        `limits` is {name: how many leases there are}. If all leases of a name are taken, return the name and give no
        lease. Otherwise return None.
        """

    @abstractmethod
    def renew_leases(self, names: Collection[str], holder: str, seconds: float) -> None:
        """Renew leases. Give a lost lease to `holder` again, even above the limit. This may run later."""

    @abstractmethod
    def renew_held_leases(self, holders: Mapping[str, Collection[str]], seconds: float) -> list[bool]:
        """
        Renew the leases of {holder: names}, in one round trip. Return for each holder whether it has all of its leases.

        No lease is added again.
        """

    @abstractmethod
    def release_leases(self, names: Collection[str], holder: str) -> None:
        """End leases before their time. Ignore a holder without a lease. This may run later."""

    @abstractmethod
    def count_leases(self, name: str) -> int:
        """Return the number of leases that have not ended."""

    # Rosters: the present owners, and the owners that came and went. An owner (a person) has one entry for each
    # connection. The owner comes with the first entry and goes with the last entry. An entry without renewal expires.

    @abstractmethod
    def add_entry(self, name: str, owner: str, entry: str, seconds: float) -> bool:
        """Add an entry of `owner` to a roster for `seconds`, or renew it. Return whether the roster has changes."""

    @abstractmethod
    def renew_entry(
        self,
        name: str,
        owner: str,
        entry: str,
        seconds: float,
        on_changes: Callable[[], object],
        leases: Collection[str] = (),
    ) -> None:
        """
        Do what `add_entry` does, and call `on_changes()` if the roster has changes. This may run later.

        Also do what `renew_leases` does with `leases`, whose holder is `entry`.
        """

    @abstractmethod
    def renew_entries(self, renewals: Sequence[Renewal], seconds: float) -> list[bool | None]:
        """
        Renew entries and their leases, in one round trip. Return for each one whether its roster has changes.

        If a roster has lost the entry, or one of its leases has ended, the result is None, and nothing is added again.
        """

    @abstractmethod
    def enter(
        self, name: str, owner: str, entry: str, seconds: float, limit: int, leases: Mapping[str, int]
    ) -> Entered:
        """
        Do what `acquire_leases`, `add_entry` and `list_owners` do, in one round trip.

        The holder of the leases is `entry`. If a lease cannot be acquired, do nothing else.
        """

    @abstractmethod
    def remove_entry(self, name: str, owner: str, entry: str) -> bool:
        """Remove an entry from a roster. Return whether the roster has changes, which `take_changes` returns."""

    @abstractmethod
    def remove_entry_deferred(self, name: str, owner: str, entry: str) -> None:
        """Remove an entry from a roster. This may run later."""

    @abstractmethod
    def list_owners(self, name: str, limit: int) -> tuple[list[str], int]:
        """Return (at most `limit` owners on a roster, the number of all its owners)."""

    @abstractmethod
    def count_owners(self, names: Iterable[str]) -> list[int]:
        """Return the number of owners on each roster, in the order of `names`. This takes one round trip."""

    @abstractmethod
    def list_entries(self, names: Iterable[str]) -> list[dict[str, str]]:
        """Return {entry: its owner} for each roster, in the order of `names`. This takes one round trip."""

    @abstractmethod
    def summarize_rosters(self) -> dict[str, tuple[int, bool]]:
        """
        Return {name: (number of owners, whether the roster has changes)} of all rosters with entries.

        Expired entries are removed. A roster that loses its last entry in this way is still in the result.
        This takes two round trips for any number of rosters.
        """

    @abstractmethod
    def take_changes(self, name: str) -> tuple[list[str], list[str], int]:
        """
        Return (the owners who came since the last call, the owners who went, the number of all present owners).

        An owner who came and went, or went and came back, between two calls is in neither list.
        """

    @abstractmethod
    def take_changes_paced(
        self,
        name: str,
        counter: str,
        seconds: float,
        on_taken: Callable[[list[str], list[str], int], object],
        on_held: Callable[[], object],
    ) -> None:
        """
        Do what `take_changes` does, and call `on_taken` with the result. This may run later.

        Take changes at most once in `seconds`: if there are changes, and `counter` was increased within the last
        `seconds`, take nothing, and call `on_held()`. These `seconds` begin when this method takes changes, or when
        `increment` is called for the counter.
        """


def split_changes(changes: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return (owners who came, owners who went) of {owner: "came" or "went"}."""
    came = [owner for owner, kind in changes.items() if kind == "came"]
    return came, [owner for owner, kind in changes.items() if kind == "went"]

"""
The store of a site that is one process. What each method means is said here, for the other store too.
"""

import threading
import time

MOST = 10**9  # as good as no limit
SWEEP_SECONDS = 60  # how often a process forgets counts that are over


class MemoryStore:
    """The state of a site that is one process."""

    is_shared = False  # with other processes

    def __init__(self):
        self._lock = threading.RLock()
        self._values = {}
        self._swept_at = time.monotonic()

    def clear(self):
        """Forgets everything. For tests."""
        self._values.clear()

    def ping(self):
        """Raises what the other methods would, where the state cannot be reached."""

    def take(self, name, burst, per_second):
        """Takes one from a bucket of `burst` refilled by `per_second`. Returns 0, or the seconds to wait for one."""
        with self._lock:
            now = time.monotonic()
            level, at = self._values.get(("bucket", name), (burst, now))
            level = min(burst, level + (now - at) * per_second)
            wait = 0 if level >= 1 else (1 - level) / per_second
            self._values["bucket", name] = (level if wait else level - 1), now
            return wait

    def take_along(self, name, burst, per_second, on_wait):
        """Takes one, and calls `on_wait(seconds)` if there is none. It may happen after the return."""
        wait = self.take(name, burst, per_second)
        if wait:
            on_wait(wait)

    def count(self, name, seconds):
        """Counts one, and returns how many there were in the present window of `seconds`."""
        with self._lock:
            number, ends_at = self._values.get(("count", name), (0, 0))
            if ends_at < time.monotonic():
                self._sweep_counts()
                number, ends_at = 0, time.monotonic() + seconds
            self._values["count", name] = number + 1, ends_at
            return number + 1

    def _sweep_counts(self):
        """Forgets the counts whose window is over, now and then: names come from connections, which come and go."""
        now = time.monotonic()
        if now > self._swept_at + SWEEP_SECONDS:
            self._swept_at = now
            for key in [key for key, value in self._values.items() if key[0] == "count" and value[1] < now]:
                del self._values[key]

    def lease(self, name, holder, seconds, most):
        """Gives `holder` one of `most` leases, or renews it. Returns whether there was one left."""
        with self._lock:
            leases = self._values.setdefault(("lease", name), {})
            now = time.monotonic()
            for gone in [key for key, ends_at in leases.items() if ends_at < now]:
                del leases[gone]
            if holder not in leases and len(leases) >= most:
                return False
            leases[holder] = now + seconds
            return True

    def renew(self, names, holder, seconds):
        """Renews leases, or gives them again where they were lost. It may happen after the return."""
        for name in names:
            self.lease(name, holder, seconds, MOST)

    def release(self, name, holder):
        """Ends a lease before its time."""
        with self._lock:
            self._values.get(("lease", name), {}).pop(holder, None)

    def count_leases(self, name):
        """Returns how many have a lease now."""
        with self._lock:
            return sum(ends_at >= time.monotonic() for ends_at in self._values.get(("lease", name), {}).values())

    def enter(self, name, owner, entry, seconds):
        """Puts one entry of `owner` on a roster for `seconds`, or renews it. Returns whether news are waiting."""
        with self._lock:
            roster = self._swept(name)
            if entry not in roster["entries"] and self._owned(roster, owner) == 0:
                self._note(roster, owner, "came")
            roster["entries"][entry] = owner, time.monotonic() + seconds
            return bool(roster["news"])

    def stay(self, name, owner, entry, seconds, on_news):
        """Renews an entry. It may happen after the return; then, too, `on_news()` is called if news are waiting."""
        if self.enter(name, owner, entry, seconds):
            on_news()

    def leave(self, name, owner, entry):
        """Takes an entry off a roster. Returns whether news are waiting."""
        with self._lock:
            roster = self._swept(name)
            if roster["entries"].pop(entry, None) and self._owned(roster, owner) == 0:
                self._note(roster, owner, "went")
            return bool(roster["news"])

    def roster(self, name, most):
        """Returns (up to `most` owners, the number of all owners)."""
        with self._lock:
            owners = list(dict.fromkeys(owner for owner, _ in self._swept(name)["entries"].values()))
            return owners[:most], len(owners)

    def roster_sizes(self, names):
        """Returns the number of owners on each of the named rosters."""
        return [self.roster(name, 0)[1] for name in names]

    def look_at_rosters(self):
        """
        Returns {name: (the number of owners, whether news wait)} of all rosters that somebody is on, or was until now:
        leases that are over end with this. Two round trips, however many there are.
        """
        with self._lock:
            found = {}
            for kind, name in list(self._values):
                if kind == "roster" and self._values[kind, name]["entries"]:
                    count = self.roster(name, 0)[1]
                    found[name] = count, bool(self._values[kind, name]["news"])
            return found

    def roster_entries(self, names):
        """Returns {entry: its owner} for each of the named rosters, in one round trip."""
        with self._lock:
            return [{entry: owner for entry, (owner, _) in self._swept(name)["entries"].items()} for name in names]

    def take_news(self, name):
        """Returns (owners who came, owners who went, the number of all owners) since this was last asked."""
        with self._lock:
            roster = self._swept(name)
            news, roster["news"] = roster["news"], {}
            count = len({owner for owner, _ in roster["entries"].values()})
            return split_news(news) + (count,)

    def _swept(self, name):
        roster = self._values.setdefault(("roster", name), {"entries": {}, "news": {}})
        now = time.monotonic()
        for entry, (owner, ends_at) in list(roster["entries"].items()):
            if ends_at < now:
                del roster["entries"][entry]
                if self._owned(roster, owner) == 0:
                    self._note(roster, owner, "went")
        return roster

    @staticmethod
    def _owned(roster, owner):
        return sum(1 for other, _ in roster["entries"].values() if other == owner)

    @staticmethod
    def _note(roster, owner, kind):
        # Who went and came again before anybody was told did neither.
        if roster["news"].pop(owner, kind) == kind:
            roster["news"][owner] = kind


def split_news(news):
    """Returns (owners who came, owners who went) of {owner: "came" or "went"}."""
    came = [owner for owner, kind in news.items() if kind == "came"]
    return came, [owner for owner, kind in news.items() if kind == "went"]

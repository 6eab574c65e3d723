"""
The price of each step, from the measured costs: how it grows with members, interfaces and Redis servers. This module is
pure.

`costs` is what `costs.py` has measured on one site: see `Costs.found`.
"""

from benchmarks.scaling.workload import Workload

ROLES = ("interface", "worker", "redis", "database", "monitor")
# An interface with many sockets lets heartbeats wait for each other (channels_transport/upstream.py).
LONGEST_DELAY_SECONDS, DELAY_PER_SOCKET_SECONDS = 0.1, 0.00002
READERS = 10  # members who move their read marker for each post of `post_read`
EMPTY: dict = {"cpu_us": {}, "redis_commands": [0.0], "redis_bytes": 0, "wire_in": 0, "wire_out": 0}


class Prices:
    """The prices of one measured site. `cpu(step, ...)` returns microseconds by role."""

    def __init__(self, costs: dict):
        self.costs, self.steps = costs, costs["steps"]
        self.sizes = sorted(int(name[5:]) for name in self.steps if name.startswith("post_") and name[5:].isdigit())

    def step(self, name: str) -> dict:
        """Return the measured cost of a step; nothing if it has not been measured."""
        return {**EMPTY, **self.steps.get(name, {})}

    def per_member(self, role: str) -> float:
        """Return the microseconds that each member of a room adds to a post."""
        return self._slope(lambda size: self.step(f"post_{size}")["cpu_us"].get(role, 0.0))

    def wire_per_member(self) -> float:
        """Return the bytes on the wire that each member of a room adds to a post."""
        return self._slope(lambda size: self.step(f"post_{size}")["wire_out"])

    def _slope(self, read):
        if len(self.sizes) < 2:
            return 0.0
        # The smallest room says little about the slope, because its posts are rarer.
        small, large = self.sizes[len(self.sizes) // 3], self.sizes[-1]
        return max(0.0, (read(large) - read(small)) / (large - small)) if large > small else 0.0

    def alone(self, role: str) -> float:
        """Return the microseconds of a post without its members."""
        size = self.sizes[len(self.sizes) // 3] if self.sizes else 1
        return max(0.0, self.step(f"post_{size}")["cpu_us"].get(role, 0.0) - size * self.per_member(role))

    def per_item(self, role: str) -> float:
        """Return the microseconds that each further interface with members adds to a post."""
        split, together = self.step("post_split")["cpu_us"], self.step("post_10")["cpu_us"]
        return max(0.0, split.get(role, 0.0) - together.get(role, 0.0)) if split and together else 0.0

    def waking(self, role: str) -> float:
        """Return the microseconds that a step costs in addition if the process has slept."""
        slow, fast = self.step("beat_slow")["cpu_us"], self.step("beat_room")["cpu_us"]
        return max(0.0, slow.get(role, 0.0) - fast.get(role, 0.0)) if slow else 0.0

    def cpu(self, step: str, workload: Workload, interfaces: int) -> dict[str, float]:
        """Return the microseconds of a step by role, in a busy site with this number of interfaces."""
        if step == "post":
            spread = interfaces_with_members(workload.room_size, interfaces)
            return {
                role: self.alone(role) + workload.room_size * self.per_member(role) + (spread - 1) * self.per_item(role)
                for role in ROLES
            }
        if step == "feed":
            return {role: self._feed(role, workload, interfaces) for role in ROLES}
        if step == "read":
            read, plain = self.step("post_read")["cpu_us"], self.step("post_10")["cpu_us"]
            return {role: max(0.0, read.get(role, 0.0) - plain.get(role, 0.0)) / READERS for role in ROLES}
        if step == "typing":
            together, beat = self.step("typing_and_beat")["cpu_us"], self.step("beat_room")["cpu_us"]
            return {role: max(0.0, together.get(role, 0.0) - beat.get(role, 0.0)) for role in ROLES}
        if step == "index":
            return self._index()
        return self.step(step)["cpu_us"]

    def _feed(self, role, workload, interfaces):
        post = self.step("post_feed")["cpu_us"]
        if not post:
            return 0.0
        # These posts came slowly, so the processes had slept.
        followers = self.costs.get("feed_followers", 0)
        alone = post.get(role, 0.0) - self.alone(role) - self.waking(role) - followers * self.per_member(role)
        spread = interfaces_with_members(workload.followers, interfaces)
        return max(0.0, alone) + workload.followers * self.per_member(role) + (spread - 1) * self.per_item(role)

    def _index(self):
        # A post with the monitor, less a post without: the monitor's own time, and what its statements cost.
        indexed, plain = self.step("post_indexed")["cpu_us"], self.step("post_10")["cpu_us"]
        return {
            "monitor": indexed.get("monitor", 0.0),
            "database": max(0.0, indexed.get("database", 0.0) - plain.get("database", 0.0)),
        }

    def store_share(self, step: str) -> float:
        """Return the share of a step's work in Redis that only the first server can do."""
        shares = self.costs.get("store_share", {})
        known = {"feed": 0.0, "index": 0.0, "read": shares.get("beat_room", 0.0), "connect_stream": 0.3}
        if step in shares:
            return shares[step]
        return known.get(step, sum(shares.values()) / len(shares) if shares else 0.0)

    def amount(self, step: str, name: str, workload: Workload) -> float:
        """Return another amount of a step: `commands`, `wire_in`, `wire_out`, `transactions`, `rows`, `log_bytes`."""
        if step == "post":
            size = self.sizes[len(self.sizes) // 3] if self.sizes else 1
            more = (workload.room_size - size) * self.wire_per_member() if name == "wire_out" else 0.0
            return self._read(self.step(f"post_{size}"), name) + more
        if step == "feed":
            plain, feed = self.step(f"post_{self.sizes[0]}" if self.sizes else ""), self.step("post_feed")
            scale = workload.followers / max(1, self.costs.get("feed_followers", 1)) if name == "wire_out" else 1.0
            return max(0.0, self._read(feed, name) - self._read(plain, name)) * scale
        if step == "read":
            read, plain = self.step("post_read"), self.step("post_10")
            return max(0.0, self._read(read, name) - self._read(plain, name)) / READERS
        if step == "typing":
            both, beat = self.step("typing_and_beat"), self.step("beat_room")
            return max(0.0, self._read(both, name) - self._read(beat, name))
        if step == "index":
            indexed, plain = self.step("post_indexed"), self.step("post_10")
            return max(0.0, self._read(indexed, name) - self._read(plain, name))
        return self._read(self.step(step), name)

    @staticmethod
    def _read(step, name):
        return sum(step["redis_commands"]) if name == "commands" else step.get(name, 0.0)


def interfaces_with_members(members: int, interfaces: int) -> float:
    """Return on how many interfaces a room has members, on average, if each member's interface is random."""
    return interfaces * (1 - (1 - 1 / interfaces) ** members)


def heartbeats_together(sockets: float, seconds: float) -> float:
    """Return how many heartbeats of an interface with this number of sockets travel together: at least 1."""
    delay = min(LONGEST_DELAY_SECONDS, sockets * DELAY_PER_SOCKET_SECONDS)
    return max(1.0, sockets / seconds * delay)

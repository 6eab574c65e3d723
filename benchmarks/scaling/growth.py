"""
Open thousands of real sockets on one site, level by level, and measure each level: CPU, memory, times and losses.

The tabs stay open from level to level. All of them send heartbeats, also while the next ones connect.
"""

import time

from benchmarks.scaling import people
from benchmarks.scaling.crowd import describe
from benchmarks.scaling.database import say
from benchmarks.scaling.histogram import merge, percentiles
from benchmarks.scaling.usage import difference

CONCURRENCY = 16  # handshakes of each agent
DRAIN_SECONDS = 3
SUMS = ("open", "frames", "bytes", "events", "messages", "repeats", "acks", "rejected", "beats", "reads", "stalled")
FAULTS = {
    "lost": "messages that had not arrived at the end",
    "unacked": "posts without an acknowledgement at the end",
    "rejected": "rejected events",
    "stalled": "heartbeats without an answer for 10 s",
}
GRACE_SECONDS = 90  # a generator under load answers late


class Growth:
    """
    The measurement of one site with growing numbers of sockets. Its tabs are those of `people.tabs`.

    The load of a level is measured for `seconds`. The measurement begins `settle_seconds` after the last handshake.
    Each level has the same rate of posts, so each has the same number of measured messages.
    """

    def __init__(self, site, agents, seconds: float, settle_seconds: float, posts_per_second: float):
        self.site, self.agents = site, agents
        self.seconds, self.settle_seconds, self.posts_per_second = seconds, settle_seconds, posts_per_second
        self.count = len(agents.processes)
        self.opened = 0  # sockets that were asked to open

    def begin(self) -> None:
        """Begin the heartbeats, so that sockets take part from the moment when they are open."""
        self.memory_before = self.site.memory_mb()
        self.agents.ask_all("start_beats")

    def measure(self, sockets: int, connect_seconds: float) -> dict:
        """
        Open sockets until this number is open, for at most `connect_seconds`, and measure the load.

        Return the figures of this level.
        """
        found: dict = {"asked": sockets, "connect": self._connect(sockets, connect_seconds)}
        time.sleep(self.settle_seconds)
        found.update(self._measure_load(sockets))
        found["memory_mb"] = self.site.memory_mb()
        found["memory_before_mb"] = self.memory_before
        found["generator_memory_mb"] = self.agents.memory_mb()
        found["errors"] = sorted(set(self.site.errors()))[:5]
        self.site.check_alive()
        return found

    def _connect(self, sockets, seconds):
        seats = people.tabs(sockets // 2, self.site.shape.interfaces)
        commands = [
            {"do": "connect", "seats": [], "concurrency": CONCURRENCY, "seconds": seconds} for _ in range(self.count)
        ]
        for number in range(self.opened, len(seats)):
            seat = describe(seats[number], number, self.site, self.site.database.cookies)
            # Both sockets of a tab belong to one agent, and the tabs of an agent use all interfaces.
            commands[number // 2 // self.site.shape.interfaces % self.count]["seats"].append(seat)
        asked, self.opened = len(seats) - self.opened, len(seats)
        self.agents.ask_all("begin")
        before, generator = self.site.read_counters(begins=True), self.agents.cpu_us()
        answers = self.agents.ask(commands, timeout=seconds + GRACE_SECONDS)
        usage = difference(before, self.site.read_counters(begins=False))
        figures = self.agents.ask_all("figures", timeout=GRACE_SECONDS)
        done = asked - sum(answer["failed"] for answer in answers)
        return {
            "sockets": done,
            "failed": sum(answer["failed"] for answer in answers),
            "errors": sorted({error for answer in answers for error in answer["errors"]})[:3],
            "seconds": round(usage["seconds"], 1),
            "per_second": round(done / usage["seconds"], 1),
            "beats": sum(one["beats"] for one in figures),
            "cpu_us": {role: round(us) for role, us in usage["cpu_us"].items()},
            "generator_cpu_us": round(self.agents.cpu_us() - generator),
            **percentiles(merge([one["times"] for one in figures])),
        }

    def _measure_load(self, sockets):
        self.agents.ask_all("begin", timeout=GRACE_SECONDS)
        self._set_posts(sockets, self.posts_per_second)
        before, generator = self.site.read_counters(begins=True), self.agents.cpu_us()
        counts = self._count()
        time.sleep(self.seconds)
        # The load goes on while the counters are read, so its steps are counted here too.
        steps = {name: count - counts[name] for name, count in self._count().items()}
        generator = self.agents.cpu_us() - generator
        usage = difference(before, self.site.read_counters(begins=False))
        self._set_posts(sockets, 0)
        time.sleep(DRAIN_SECONDS)
        figures = self.agents.ask_all("figures", timeout=GRACE_SECONDS)
        return {**summarize(figures), "steps": steps, "usage": usage, "generator_cpu_us": round(generator)}

    def _count(self):
        answers = self.agents.ask_all("counts", timeout=GRACE_SECONDS)
        return {name: sum(answer[name] for answer in answers) for name in answers[0]}

    def _set_posts(self, sockets, per_second):
        """Let the sockets of rooms post one after another, in another room each time. A rate of 0 stops the posts."""
        # A stride lets rooms take turns. 53 and the size of a room have no common divisor.
        order = sorted(range(sockets // 2), key=lambda tab: (tab * 53 % people.ROOM_SIZE, tab))
        numbers = [2 * tab for tab in order]
        rate = per_second / self.count
        self.agents.ask_all("set_posts", numbers=numbers, per_second=rate, timeout=GRACE_SECONDS)


def summarize(figures: list[dict]) -> dict:
    """Return the figures of all agents together: times, losses and others."""
    rooms: dict[str, list[int]] = {}
    posts: dict[str, int] = {}
    for one in figures:
        for room, count in one["posts"].items():
            posts[room] = posts.get(room, 0) + count
        for room, (sockets, count) in one["received"].items():
            known = rooms.setdefault(room, [0, 0])
            rooms[room] = [known[0] + sockets, known[1] + count]
    expected = sum(count * rooms.get(room, [0])[0] for room, count in posts.items())
    received = sum(count for _, count in rooms.values())
    closed: dict[str, int] = {}
    for one in figures:
        for code, count in one["closed"].items():
            closed[code] = closed.get(code, 0) + count
    return {
        **{name: sum(one[name] for one in figures) for name in SUMS},
        "sent": sum(posts.values()),
        "expected": expected,
        "lost": max(0, expected - received),
        "unacked": max(0, sum(posts.values()) - sum(one["acks"] for one in figures)),
        "closed": closed,
        "samples": [sample for one in figures for sample in one["samples"]][:3],
        "post": percentiles(merge([one["post_times"] for one in figures])),
        "beat": percentiles(merge([one["beat_times"] for one in figures])),
    }


def faults(level: dict) -> list[str]:
    """Return what went wrong at a level, in words."""
    found = [f"{words}: {level[name]:,}" for name, words in FAULTS.items() if level[name]] + [
        f"closed with {code}: {count:,}" for code, count in sorted(level["closed"].items())
    ]
    found += [f"did not open: {level['connect']['failed']:,}"] if level["connect"]["failed"] else []
    found += [f"only {level['open']:,} were open in time"] if level["open"] < level["asked"] else []
    return [f"{level['asked']:,} sockets: {fault}" for fault in [*found, *level["errors"]]]


def say_level(level: dict) -> None:
    """Print one line about a level."""
    cpu = ", ".join(
        f"{role} {us / level['usage']['seconds'] / 1e4:.0f}%" for role, us in level["usage"]["cpu_us"].items()
    )
    generator = level["generator_cpu_us"] / level["usage"]["seconds"] / 1e4
    say(
        f"  {level['open']} of {level['asked']} sockets open after {level['connect']['seconds']} s; "
        f"posts p50/p95/p99 {'/'.join(str(ms) for ms in level['post'].values())} ms; lost {level['lost']}, "
        f"repeated {level['repeats']}, closed {sum(level['closed'].values())}, stalled {level['stalled']}; "
        f"CPU: {cpu}, generators {generator:.0f}%"
    )

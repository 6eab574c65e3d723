"""
Measure what each step costs: the CPU time of each process over many steps, without what the idle site uses.

The steps follow each other as fast as the site allows, because the size of a site depends on its busy times. The step
`beat_slow` comes at 40 a second; the difference to `beat_room` is the price of waking up.
"""

import time

from benchmarks.scaling import people
from benchmarks.scaling.counters import RedisConnection
from benchmarks.scaling.crowd import SETTLE_SECONDS, Crowd
from benchmarks.scaling.database import say
from benchmarks.scaling.histogram import percentiles
from benchmarks.scaling.usage import difference, per_step

STORE_PREFIX = b"chat:"
SLOW_PAUSE = 0.025
SPLIT_SIZE = 10  # members of the rooms that are also measured on two interfaces
POSTERS = {1: 50, 10: 20, 100: 8, 1000: 4}  # members of a room: how many sockets post in all such rooms
MONITOR_SECONDS = 6.0  # two of the monitor's pauses
MOST_SEARCHES = 300  # the site has a limit


class Costs:
    """The measurement of one site. `run` fills `found`, step by step."""

    def __init__(self, site, agents, seconds: float, largest: int):
        self.site, self.agents, self.seconds, self.largest = site, agents, seconds, largest
        self.crowd = Crowd(site, agents, seconds)
        self.base = {"cpu_us": {}, "commands": [0.0] * site.shape.shards}
        self.found: dict = {"shape": site.shape._asdict(), "steps": {}, "memory_kb": {}, "store_share": {}}

    def run(self) -> dict:
        """Measure everything. Return `found`."""
        memory, shape = self.site.memory_mb(), self.site.shape
        counts = {"interface": shape.interfaces, "worker": shape.workers}
        self.found["process_mb"] = {role: round(memory[role] / count, 1) for role, count in counts.items()}
        self._measure_idle_site(self.seconds)
        self._measure_streams()
        self._measure_rooms()
        self._measure_posts()
        self._measure_requests()
        self._measure_monitor()
        return self.found

    # These methods measure.

    def _use(self, action):
        """Run an action, and return (its result, what the site used)."""
        before = self.site.read_counters(begins=True)
        result = action()
        usage = difference(before, self.site.read_counters(begins=False))
        self.site.check_alive()
        return result, usage

    def _record(self, name, action):
        """Measure an action that returns the number of its steps, and note the cost of one."""
        self.agents.ask_first("begin")
        count, usage = self._use(action)
        step = per_step(usage, self.base, max(1, count))
        step.update(percentiles(self.agents.ask_first("figures")["times"]))
        self.found["steps"][name] = step
        cpu = ", ".join(f"{role} {us:.0f}" for role, us in step["cpu_us"].items() if us >= 0.5)
        say(f"  {name}: {count} steps; us: {cpu}")

    def _measure_idle_site(self, seconds):
        _, usage = self._use(lambda: time.sleep(seconds))
        self.base = {
            "cpu_us": {role: used / usage["seconds"] for role, used in usage["cpu_us"].items()},
            "commands": [server["commands"] / usage["seconds"] for server in usage["redis"]],
        }
        idle = {role: round(us) for role, us in self.base["cpu_us"].items()}
        # The second measurement, with the monitor, adds the monitor's own time.
        self.found["idle_us_per_second"] = {**idle, **self.found.get("idle_us_per_second", {})}
        self.found.setdefault("idle_commands_per_second", [round(each, 1) for each in self.base["commands"]])

    def _measure_streams(self):
        """Measure own streams: 1,000 people with two rooms, a post into a room that only streams follow."""
        everyone = [person for room in people.cost_members(50, self.largest) for person in room]
        seats = [people.stream_seat(person, index % 2) for index, person in enumerate(everyone)]
        numbers = self._connect_and_weigh("connect_stream", "stream", seats)
        self._record("beat_stream", lambda: self.crowd.loop("beat", numbers[:60]))
        self._note_store_share("beat_stream", lambda: self.crowd.loop("beat", numbers[:20], seconds=0.5))
        rooms = people.cost_members(50, self.largest)
        posters = self.crowd.open(
            [people.room_seat(people.cost_room(50, index), room[0], index % 2) for index, room in enumerate(rooms)]
        )
        pause = 1.3 / len(rooms)  # a feed has one event in a second
        self._record("post_feed", lambda: self.crowd.loop("post", posters, pause, self.seconds * 2))
        self.found["feed_followers"] = len(rooms[0])
        self.crowd.leave()

    def _measure_rooms(self):
        """Measure rooms of 50: entering, heartbeats, idle sockets."""
        rooms = people.cost_members(50, self.largest)
        seats = [
            people.room_seat(people.cost_room(50, index), person, place % 2)
            for index, room in enumerate(rooms)
            for place, person in enumerate(room)
        ]
        numbers = self._connect_and_weigh("connect_room", "room", seats)
        self._record("beat_room", lambda: self.crowd.loop("beat", numbers[:60]))
        self._record("beat_slow", lambda: self.crowd.loop("beat", numbers, SLOW_PAUSE, self.seconds * 2))
        self._note_store_share("beat_room", lambda: self.crowd.loop("beat", numbers[:20], seconds=0.5))
        self._record("fetch", lambda: self.crowd.loop("fetch", numbers[:40]))
        _, usage = self._use(lambda: time.sleep(self.seconds))
        idle = per_step(usage, self.base, 1)["cpu_us"]
        self.found["idle_socket_us_per_second"] = {
            role: round(us / usage["seconds"] / len(numbers), 3) for role, us in idle.items()
        }
        self.crowd.leave()

    def _measure_posts(self):
        """Measure posts by the size of the room. All members of a room are on one interface, except in `post_split`."""
        for size in POSTERS:
            self._measure_room_size(size)
        # Small rooms show best what a second interface costs, because their members cost little.
        posters = self._enter_rooms(SPLIT_SIZE, lambda index, place: place % 2)[0]
        self._record("post_split", lambda: self._post(SPLIT_SIZE, posters))
        self.crowd.leave()

    def _post(self, size, posters):
        # The model uses the costs of rooms of this size most, so they are measured for longer.
        return self.crowd.loop("post", posters, seconds=self.seconds * (2 if size == SPLIT_SIZE else 1))

    def _measure_room_size(self, size):
        posters, members, actual = self._enter_rooms(size, lambda index, place: index % 2)
        self._record(f"post_{actual}", lambda: self._post(size, posters))
        if size == SPLIT_SIZE:
            self._note_store_share("post", lambda: self.crowd.loop("post", posters[:10], seconds=0.5))
            self._record("typing_and_beat", lambda: self.crowd.loop("typing", members[:60]))
            # The own streams of the members receive the new markers.
            everyone = [person for room in people.cost_members(size, self.largest) for person in room]
            self.crowd.open([people.stream_seat(person, index % 2) for index, person in enumerate(everyone)])
            self._record("post_read", lambda: self.crowd.loop("post_read", posters))
        self.crowd.leave()

    def _enter_rooms(self, size, choose_interface):
        """Let people enter the rooms of a size. Return (sockets that post, all sockets, members of a room)."""
        rooms = people.cost_members(size, self.largest)
        numbers = self.crowd.enter(size, rooms, choose_interface)
        each = max(1, POSTERS[size] // len(rooms))
        posters = [number for room in numbers for number in room[:each]]
        return posters, [number for room in numbers for number in room], len(rooms[0])

    def _measure_requests(self):
        """Measure HTTP: pages of history, pages, polls."""
        rooms = people.cost_members(50, self.largest)
        places = [(people.cost_room(50, index), person) for index, room in enumerate(rooms) for person in room]
        self._record("history", lambda: self.crowd.request("/api/rooms/{}/messages/?limit=50", places * 3))
        self._record("page", lambda: self.crowd.request("/rooms/{}/", places * 3))
        polls = self.crowd.begin_polls(places[:100])
        self._record("poll", lambda: self.crowd.request_all(polls * 20, len(polls) or 1))

    def _measure_monitor(self):
        """Measure searches, and posts into rooms of ten while the monitor indexes them."""
        self.site.start_helpers()
        # First the monitor starts, and indexes all messages so far.
        self._wait_for_monitor()
        self._measure_idle_site(MONITOR_SECONDS)
        posters = self._enter_rooms(10, lambda index, place: index % 2)[0]
        self._record("post_indexed", lambda: self._post_and_wait(posters))
        self.crowd.leave()
        everyone = [("", person) for person in range(min(1000, self.largest))]
        self._record("search", lambda: self.crowd.request("/api/search/?q=t", everyone[:MOST_SEARCHES]))

    def _post_and_wait(self, posters):
        count = self.crowd.loop("post", posters)
        self._wait_for_monitor()
        return count

    def _wait_for_monitor(self):
        """Wait until the monitor has used nearly no CPU for longer than its pause of 3 s, for at most 45 s."""
        last, quiet, deadline = -1.0, 0, time.monotonic() + 45
        while quiet < 4 and time.monotonic() < deadline:
            time.sleep(1)
            used = sum(us for (role, _), us in self.site.read_cpu().items() if role == "monitor")
            quiet = quiet + 1 if used - last < 50_000 else 0
            last = used

    # These methods are the steps of a measurement.

    def _connect_and_weigh(self, name, kind, seats):
        warm = self.crowd.open(seats[: len(seats) // 5])
        before, redis_before = self.site.memory_mb(), self.crowd.redis_memory()
        numbers = []
        rest = seats[len(seats) // 5 :]
        self._record(name, lambda: len(numbers.extend(self.crowd.open(rest)) or numbers))
        time.sleep(SETTLE_SECONDS)
        after = self.site.memory_mb()
        grown = {"interface": max(0.0, after["interface"] - before["interface"]) * 1024 / len(rest)}
        grown["redis"] = (self.crowd.redis_memory() - redis_before) / 1024 / len(rest)
        self.found["memory_kb"][kind] = {role: round(size, 2) for role, size in grown.items()}
        return warm + numbers

    def _note_store_share(self, name, action):
        """Note which share of the time of Redis' scripts belongs to the chat's own state."""
        connections = [RedisConnection(port) for port in self.site.redis_ports]
        for connection in connections:
            connection.begin_log()
        action()
        times = [connection.end_log(STORE_PREFIX) for connection in connections]
        stored, others = (sum(column) for column in zip(*times, strict=True))
        for connection in connections:
            connection.close()
        self.found["store_share"][name] = round(stored / max(1, stored + others), 3)
        say(f"  {name}: the store has {100 * self.found['store_share'][name]:.0f}% of the scripts' time")

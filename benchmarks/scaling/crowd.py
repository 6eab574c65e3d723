"""
The sockets and requests of the measured steps: open them, let them work, close them. This module measures nothing.
"""

import json
import time

from benchmarks.scaling import people
from benchmarks.scaling.counters import RedisConnection
from benchmarks.scaling.database import say

CONCURRENCY = 20  # handshakes
REQUESTS = 20  # at a time
SETTLE_SECONDS = 1.2  # PostgreSQL reports its counters a second later


class Crowd:
    """The sockets of the first agent on one site. `seconds` is the length of a step."""

    def __init__(self, site, agents, seconds: float):
        self.site, self.agents, self.seconds = site, agents, seconds
        self.cookies = site.database.cookies
        self.numbers = 0

    def open(self, seats: list[people.Seat]) -> list[int]:
        """Open sockets, and return their numbers."""
        numbers = list(range(self.numbers, self.numbers + len(seats)))
        self.numbers += len(seats)
        described = [
            describe(seat, number, self.site, self.cookies) for seat, number in zip(seats, numbers, strict=True)
        ]
        answer = self.agents.ask_first("connect", seats=described, concurrency=CONCURRENCY, seconds=100)
        if answer["failed"]:
            say(f"  {answer['failed']} sockets did not open: {answer['errors']}")
        self.agents.ask_first("drain")
        return numbers

    def enter(self, size: int, rooms: list[list[int]], choose_interface) -> list[list[int]]:
        """Let people enter the rooms of a size. Return the numbers of the sockets by room."""
        seats = [
            people.room_seat(people.cost_room(size, index), person, choose_interface(index, place))
            for index, room in enumerate(rooms)
            for place, person in enumerate(room)
        ]
        numbers = iter(self.open(seats))
        return [[next(numbers) for _ in room] for room in rooms]

    def leave(self) -> None:
        """Close all sockets, and wait until the site has nothing to do."""
        self.agents.ask_first("leave", numbers=None)
        time.sleep(SETTLE_SECONDS)
        self.site.wait_until_idle()

    def loop(self, kind: str, numbers: list[int], pause: float = 0.0, seconds: float | None = None) -> int:
        """Run a closed loop, and return how many steps were answered."""
        seconds = seconds or self.seconds
        return self.agents.ask_first("loop", kind=kind, numbers=numbers, seconds=seconds, pause=pause)["count"]

    def request(self, path: str, places: list[tuple[str, int]]) -> int:
        """Request a path for each (slug, person). Return how many were answered with 200."""
        return self.request_all([(path.format(slug), self.cookies[person]) for slug, person in places], REQUESTS)

    def request_all(self, requests: list[tuple[str, str]], workers: int) -> int:
        """Send requests as (path, session key). Return how many were answered with 200."""
        url = self.site.urls[0]
        answer = self.agents.ask_first("request", url=url, requests=requests, workers=workers, seconds=self.seconds)
        time.sleep(SETTLE_SECONDS)
        if answer["refused"]:
            say(f"  {answer['refused']} requests were refused")
        return answer["count"]

    def begin_polls(self, places: list[tuple[str, int]]) -> list[tuple[str, str]]:
        """Enter rooms by polling. Return the next request of each client, which waits a second."""
        found = []
        for slug, person in places:
            path = f"/api/rooms/{slug}/poll/"
            one = [(path, self.cookies[person])]
            answer = self.agents.ask_first(
                "request", url=self.site.urls[0], requests=one, workers=1, seconds=10, wants_bodies=True
            )
            body = json.loads(answer["bodies"][0]) if answer["count"] else {}
            if "poll" in body:
                offset = body["events"][-1].get("offset", 0)
                found.append((f"{path}?poll={body['poll']}&wait=1&cursor={offset}", self.cookies[person]))
        return found

    def redis_memory(self) -> int:
        """Return the memory in use of all Redis servers in bytes."""
        total = 0
        for port in self.site.redis_ports:
            connection = RedisConnection(port)
            total += connection.info()["used_memory"]
            connection.close()
        return total


def describe(seat: people.Seat, number: int, site, cookies: list[str]) -> dict:
    """Return a seat as an agent's command needs it."""
    return {
        "number": number,
        "url": site.urls[seat.interface % len(site.urls)],
        "path": seat.path,
        "room": seat.room,
        "person": seat.person,
        "cookie": cookies[seat.person],
    }

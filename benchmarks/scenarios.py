"""
Define the scenarios as plain numbers, for the runner and the load generator.

This module imports only the standard library, and uses neither stacks nor sockets.
"""

from typing import NamedTuple

IDLE_MEMBERS = 50  # of a room of idle sockets
MOST_IDLE_PEOPLE = 5000  # with more idle sockets, a person has several of them, each in another room


class Scenario(NamedTuple):
    """
    One load. `kind` selects the generator's coroutine that runs it. The table shows the result's field `headline`.

    Each room has `members` sockets. In all rooms together `senders` sockets send, each with `outstanding` messages in
    flight. `idle` sockets in other rooms do nothing. The first room has `absent` members without a socket, and
    `history` messages before the load begins.

    A scenario with `is_long` has its own length and is measured once. A scenario with `is_for_us` is measured on peers
    only if the command line names the peers.
    """

    name: str
    kind: str
    title: str
    headline: str
    unit: str
    rooms: int = 1
    members: int = 1
    senders: int = 1
    outstanding: int = 1
    idle: int = 0
    absent: int = 0
    history: int = 0
    seconds: float = 5
    is_long: bool = False
    is_for_us: bool = False
    is_less_better: bool = False
    dialects: tuple = ("plain", "socketio", "centrifuge", "chat")

    @property
    def sockets(self) -> int:
        return self.rooms * self.members

    def clients(self) -> list[tuple[str, int]]:
        """Return (room, number of the person) for every socket. Each socket has a person of its own."""
        return [
            (f"{self.name}-{room}", room * self.members + member)
            for room in range(self.rooms)
            for member in range(self.members)
        ]

    def idle_clients(self) -> list[tuple[str, int]]:
        """Return (room, number of the person) for every idle socket."""
        return [
            (f"{self.name}-idle-{number // IDLE_MEMBERS}", number % MOST_IDLE_PEOPLE) for number in range(self.idle)
        ]

    def people(self) -> list[tuple[str, int]]:
        """Return (room, number of the person) for every member, with a socket or without one."""
        absent = range(self.members, self.members + self.absent)
        return self.clients() + self.idle_clients() + [(f"{self.name}-0", person) for person in absent]

    def sending_clients(self) -> list[int]:
        """Return the indexes in `clients()` of the sockets that send, spread evenly."""
        return list(range(0, self.sockets, max(1, self.sockets // self.senders)))[: self.senders]


ALL = [
    Scenario(
        "pp",
        "loop",
        "one message at a time; the next follows when the sender has received the last",
        "p50_ms",
        "ms",
        is_less_better=True,
    ),
    Scenario(
        "echo",
        "echo",
        "one frame at a time; the next follows when the echo has arrived: no row, no room",
        "p50_ms",
        "ms",
        is_less_better=True,
        dialects=("plain", "chat"),
    ),
    Scenario(
        "fan50",
        "fan",
        "one room of 50; the next message follows when all have received the last",
        "deliveries_per_s",
        "deliveries/s",
        members=50,
    ),
    Scenario(
        "fan1000",
        "fan",
        "one room of 1,000; the next message follows when all have received the last",
        "deliveries_per_s",
        "deliveries/s",
        members=1000,
    ),
    Scenario(
        "elsewhere",
        "elsewhere",
        "one room of 1,000 whose members show another room; one of them posts, one message at a time",
        "messages_per_s",
        "messages/s",
        members=1000,
        dialects=("chat",),
    ),
    Scenario(
        "rooms",
        "loop",
        "100 rooms of 5; 50 senders, each with one message in flight",
        "messages_per_s",
        "messages/s",
        rooms=100,
        members=5,
        senders=50,
    ),
    Scenario(
        "burst",
        "loop",
        "50 clients, each with 8 messages in flight",
        "messages_per_s",
        "messages/s",
        rooms=50,
        senders=50,
        outstanding=8,
    ),
    Scenario(
        "connect",
        "connect",
        "handshakes, 50 at a time, until each client is in its room",
        "connections_per_s",
        "connections/s",
        rooms=20,
        members=50,
    ),
    Scenario(
        "memory",
        "memory",
        "5,000 idle sockets in rooms of 50",
        "kb_per_socket",
        "KB/socket",
        rooms=100,
        members=50,
        seconds=5,
        is_long=True,
        is_less_better=True,
    ),
    Scenario(
        "heartbeats",
        "heartbeats",
        "5,000 idle sockets in rooms of 50, a `sync` every 25 s",
        "cpu_percent",
        "% of one core",
        rooms=100,
        members=50,
        seconds=60,
        is_long=True,
        is_less_better=True,
        dialects=("chat",),
    ),
    Scenario(
        "soak",
        "soak",
        "`rooms` at 60% of its maximum rate, for ten minutes",
        "p99_ms",
        "ms",
        rooms=100,
        members=5,
        senders=50,
        seconds=600,
        is_long=True,
        is_for_us=True,
        is_less_better=True,
    ),
]
BY_NAME = {scenario.name: scenario for scenario in ALL}

# `--quick` runs these scenarios to check in a minute that everything works. They are too short to compare results.
QUICK_NAMES = ["pp", "fan50", "rooms", "burst", "connect", "memory", "heartbeats"]
# On the peers' stacks, `--quick` runs only these scenarios, to check that the peers' own code works.
QUICK_PEER_NAMES = ["pp", "fan50", "rooms"]
QUICK_SECONDS = 0.5
QUICK_ROOMS = 6


def quick(scenario: Scenario) -> Scenario:
    """Return a small version of a scenario."""
    rooms = min(scenario.rooms, QUICK_ROOMS)
    return scenario._replace(rooms=rooms, senders=min(scenario.senders, rooms), seconds=QUICK_SECONDS)

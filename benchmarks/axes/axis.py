"""
Define each axis: one scenario, in which one number grows from level to level. This module is pure.

HOLDERS gives the default number of the processes of a stack that hold the sockets. The axes `interfaces` and `sockets`
use other numbers, and the axis `workers` does so for peers.
"""

from typing import NamedTuple

from benchmarks.scenarios import Scenario
from benchmarks.stacks import Stack

# The stacks that can have any number of processes, and the default number of processes that hold the sockets.
HOLDERS = {"product": 1, "transport": 1, "channels4-tuned": 2, "node": 1, "socketio": 1, "centrifuge": 1}
STACKS = [
    "product",
    "transport",
    "channels4-tuned",
    "node",
]  # the default of `--stacks`, because all stacks would take too long
QUICK_STACKS = ["product", "node"]
QUICK_PEER_AXES = ("history", "members")  # on the others, `--quick` measures only the product
QUICK_LEVELS = 2
QUICK_MOST = {"sockets": (100, 200), "history": (1000, 5000)}  # instead of the first two levels
KEPT = ("idle", "history")
SAME, AS_LEVEL = "does not grow", "grows at most as fast as the level"
TOLERANCE = 1.5  # the result of one machine changes by a third from one minute to the next


class Axis(NamedTuple):
    """
    One scenario with one number that changes. `field` names it: a field of the scenario, or one of the stack.

    `promise` is SAME, AS_LEVEL or "" for an axis without a promise. A stack whose dialect is not in
    `dialects` is not measured, because the number does not exist there. `spread` is the minimum number of processes
    that hold the sockets.
    """

    name: str
    title: str
    unit: str
    field: str
    levels: tuple[int, ...]
    scenario: Scenario
    promise: str = ""
    dialects: tuple = ("plain", "socketio", "centrifuge", "chat")
    spread: int = 1

    def at(self, level: int) -> Scenario:
        """Return the scenario of a level."""
        if self.field not in Scenario._fields:
            return self.scenario
        value = level - self.scenario.sockets if self.field == "idle" else level
        changed = self.scenario._replace(**{self.field: value})
        # Idle sockets and the history stay from one level to the next, so their rooms keep their names.
        return changed if self.field in KEPT else changed._replace(name=f"{self.name}-{level}")

    def stack_at(self, stack: Stack, level: int) -> Stack:
        """Return a stack with the number of processes that a level needs. Only our stacks have workers."""
        stack = stack._replace(holders=max(HOLDERS[stack.name], self.spread))
        if self.field not in Stack._fields:
            return stack
        field = self.field if stack.workers else "holders"
        return stack._replace(**{field: level})

    def most(self, first: int, last: int) -> float | None:
        """Return the factor by which the cost may grow between two levels, or None without a promise."""
        return {SAME: TOLERANCE, AS_LEVEL: last / first}.get(self.promise)


def _loop(name, title, **numbers):
    return Scenario(name, "loop", title, "p50_ms", "ms", **numbers)


_ROOM = {"members": 5, "senders": 5}
_ROOMS = {"rooms": 100, "members": 5, "senders": 50}
ALL = [
    Axis(
        "history",
        "messages that the room has already",
        "messages",
        "history",
        (1_000, 10_000, 100_000, 1_000_000),
        _loop("history", "one room of 5 members, each with one message in flight", **_ROOM),
        SAME,
    ),
    Axis(
        "members",
        "connected members of the room",
        "members",
        "members",
        (5, 50, 500, 5_000),
        Scenario(
            "members", "fan", "one room; the next message follows when all have received the last", "p50_ms", "ms"
        ),
        AS_LEVEL,
    ),
    Axis(
        "absent",
        "members of the room who are not connected, beside 5 who are",
        "members",
        "absent",
        (5, 50, 500, 5_000),
        _loop("absent", "one room of which 5 members are connected, each with one message in flight", **_ROOM),
        SAME,
        dialects=("chat",),
    ),
    Axis(
        "workers",
        "workers, or processes of a peer",
        "workers",
        "workers",
        (1, 2, 4),
        _loop("workers", "100 rooms of 5; 50 senders, each with one message in flight", **_ROOMS),
    ),
    Axis(
        "interfaces",
        "interfaces, or processes of a peer",
        "interfaces",
        "holders",
        (1, 2),
        _loop("interfaces", "100 rooms of 5; 50 senders, each with one message in flight", **_ROOMS),
        AS_LEVEL,
    ),
    Axis(
        "sockets",
        "open sockets, of which 50 post in 20 rooms of 5",
        "sockets",
        "idle",
        (100, 1_000, 5_000, 20_000),
        _loop("sockets", "20 rooms of 5; 50 senders, each with one message in flight", rooms=20, members=5, senders=50),
        SAME,
        # With a limit of 20,000 open files, one process cannot hold 20,000 sockets, so two processes share them.
        spread=2,
    ),
]
BY_NAME = {axis.name: axis for axis in ALL}


def quick(axis: Axis) -> Axis:
    """Return an axis with the first two levels, or with small ones."""
    return axis._replace(levels=QUICK_MOST.get(axis.name, axis.levels[:QUICK_LEVELS]))

"""
The waiting room of a board: what is said at its door, by visitors and owner, and what the server says there.

Nothing here knows who may say what.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Knock:
    type = "knock"
    ref: str
    handle: str


@dataclass(frozen=True)
class Admit:
    type = "admit"
    ref: str
    visitor: str


@dataclass(frozen=True)
class Refuse:
    type = "refuse"
    ref: str
    visitor: str


@dataclass(frozen=True)
class Expel:
    type = "remove"
    ref: str
    visitor: str


@dataclass(frozen=True)
class Shut:
    type = "shut"
    ref: str


BOARD_EVENTS = {event.type: event for event in (Knock, Admit, Refuse, Expel, Shut)}


def knocked(visitor, handle):
    return {"type": "knocked", "visitor": visitor, "handle": handle}


def left(visitor):
    return {"type": "left", "visitor": visitor}


def waiting(handle):
    """To a visitor who comes back: the knock still holds."""
    return {"type": "waiting", "handle": handle}


def admitted(handle):
    return {"type": "admitted", "handle": handle}


def refused():
    return {"type": "refused"}


def removed():
    return {"type": "removed"}


def shut():
    return {"type": "shut"}

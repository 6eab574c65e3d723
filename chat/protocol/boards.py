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
class AdmitVisitor:
    type = "admit"
    ref: str
    visitor: str


@dataclass(frozen=True)
class RefuseVisitor:
    type = "refuse"
    ref: str
    visitor: str


@dataclass(frozen=True)
class RemoveVisitor:
    type = "remove"
    ref: str
    visitor: str


@dataclass(frozen=True)
class ShutBoard:
    type = "shut"
    ref: str


BOARD_EVENTS = {event.type: event for event in (Knock, AdmitVisitor, RefuseVisitor, RemoveVisitor, ShutBoard)}


def visitor_knocked(visitor, handle):
    return {"type": "knocked", "visitor": visitor, "handle": handle}


def visitor_left(visitor):
    return {"type": "left", "visitor": visitor}


def visitor_waiting(handle):
    """To a visitor who comes back: the knock still holds."""
    return {"type": "waiting", "handle": handle}


def visitor_admitted(handle):
    return {"type": "admitted", "handle": handle}


def visitor_refused():
    return {"type": "refused"}


def visitor_removed():
    return {"type": "removed"}


def board_shut():
    return {"type": "shut"}

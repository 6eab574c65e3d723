"""
The waiting room of a board: the events that visitors and the owner send there, and the server's events to them.

This module does not know which of them may send which event.
"""

from dataclasses import dataclass

from .events import Event
from .facts import person


@dataclass(frozen=True)
class Knock(Event):
    """A visitor asks the owner for admission."""

    type = "knock"
    ref: str
    handle: str


@dataclass(frozen=True)
class AdmitVisitor(Event):
    """The owner admits a visitor to the board."""

    type = "admit"
    ref: str
    visitor: str


@dataclass(frozen=True)
class RefuseVisitor(Event):
    """The owner refuses a visitor who waits."""

    type = "refuse"
    ref: str
    visitor: str


@dataclass(frozen=True)
class RemoveVisitor(Event):
    """The owner removes a visitor who was admitted."""

    type = "remove"
    ref: str
    visitor: str


@dataclass(frozen=True)
class ShutBoard(Event):
    """The owner closes the board for everybody."""

    type = "shut"
    ref: str


BOARD_EVENTS: dict[str, type[Event]] = {
    event.type: event for event in (Knock, AdmitVisitor, RefuseVisitor, RemoveVisitor, ShutBoard)
}


def visitor_knocked(visitor: str, handle: str, is_guest: bool = False) -> dict:
    """Return the `knocked` event, for the owner: a visitor waits. `visitor` is the visitor's public id."""
    return {"type": "knocked", "visitor": visitor, **person(handle, is_guest)}


def visitor_left(visitor: str) -> dict:
    """Return the `left` event, for the owner: a visitor has stopped waiting."""
    return {"type": "left", "visitor": visitor}


def visitor_waiting(handle: str) -> dict:
    """Return the `waiting` event, for a visitor who returns: the server still has the visitor's request to join."""
    return {"type": "waiting", "handle": handle}


def visitor_admitted(handle: str) -> dict:
    """Return the `admitted` event, for the visitor."""
    return {"type": "admitted", "handle": handle}


def visitor_refused() -> dict:
    """Return the `refused` event, for the visitor."""
    return {"type": "refused"}


def visitor_removed() -> dict:
    """Return the `removed` event, for the visitor."""
    return {"type": "removed"}


def board_shut() -> dict:
    """Return the `shut` event, for everybody at the board."""
    return {"type": "shut"}

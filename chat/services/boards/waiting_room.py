"""
The waiting room of a board: which browsers are connected to it, and the first events of a connection.

The shared store counts the connections of each visitor. This module decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat import protocol
from chat.connections import Connection
from chat.models import Board, Visitor
from chat.store import store

from .held_browsers import is_held
from .notices import describe_knock, describe_state, notify_owner

if TYPE_CHECKING:
    from .visits import Visit

# Connections to the waiting room send no heartbeat. The interface server ends each of them after 24 hours.
CONNECTION_LIFETIME_SECONDS = 25 * 3600


def enter_waiting_room(visit: Visit, connection: Connection) -> None:
    """Record a connection to the waiting room. Notify the owner of a waiting visitor's first connection."""
    is_first = not is_connected(visit.digest)
    store.add_entry(_roster(visit.digest), "visitor", connection.name, CONNECTION_LIFETIME_SECONDS)
    if visit.visitor is None or visit.visitor.state != Visitor.WAITING:
        return
    # If another connection left at the same moment, the owner may have received `left`. Then `knocked` must follow.
    if is_first or len(store.list_entries([_roster(visit.digest)])[0]) == 1:
        notify_owner(visit.board.id, describe_knock(visit.visitor))


def leave_waiting_room(board_id: int, digest: str, connection: Connection) -> None:
    """Remove a connection to the waiting room. Notify the owner if a waiting visitor has no other connection."""
    store.remove_entry(_roster(digest), "visitor", connection.name)
    waiting = Visitor.objects.select_related("person").filter(board=board_id, state=Visitor.WAITING)
    visitor = waiting.filter(digest=digest).first()
    if visitor is None or is_connected(digest):
        return
    notify_owner(board_id, protocol.visitor_left(visitor.key))
    if is_connected(digest):
        # The visitor came back at the same moment. So `knocked` must be the last event that the owner receives.
        notify_owner(board_id, describe_knock(visitor))


def is_connected(digest: str) -> bool:
    """Return whether the browser with this session digest has a connection to the waiting room."""
    return store.count_owners([_roster(digest)]) != [0]


def _roster(digest):
    return f"door:{digest}"


def get_first_events(visit: Visit) -> list[dict]:
    """
    Return the first events of a new connection.

    A visitor gets the visitor's state. The owner gets `knocked` for each waiting visitor who has a connection.

    A browser without a visitor gets `removed` if the removal of another visitor holds for it.
    """
    visitor = Visitor.objects.find_by_digest(visit.digest)
    if visitor is None:
        return [protocol.visitor_removed()] if is_held(visit) else []
    if visitor.is_owner:
        return [describe_knock(waiting) for waiting in _get_waiting(visit.board)]
    return [describe_state(visitor)]


def _get_waiting(board: Board):
    waiting = list(Visitor.objects.select_related("person").filter(board=board, state=Visitor.WAITING).order_by("id"))
    sizes = store.count_owners([_roster(visitor.digest) for visitor in waiting])
    return [visitor for visitor, size in zip(waiting, sizes, strict=True) if size]

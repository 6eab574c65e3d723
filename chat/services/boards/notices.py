"""
Notices of a board: the events that its owner and visitors receive after a commit. This module writes no rows.
"""

from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import Board, Member, Visitor
from chat.protocol import CLOSE_FORBIDDEN
from chat.services import feeds
from chat.services.after_commit import after_commit, close_after_commit, publish_after_commit


def describe_state(visitor: Visitor) -> dict:
    """Return the event that tells a visitor their state."""
    return {
        Visitor.WAITING: lambda: protocol.visitor_waiting(visitor.handle),
        Visitor.ADMITTED: lambda: protocol.visitor_admitted(visitor.handle),
        Visitor.REFUSED: protocol.visitor_refused,
        Visitor.REMOVED: protocol.visitor_removed,
    }[visitor.state]()


def describe_knock(visitor: Visitor) -> dict:
    """Return the event that tells the owner that a visitor waits."""
    return protocol.visitor_knocked(visitor.key, visitor.handle, visitor.person.is_guest)


def notify_owner(board_id: int, event: dict) -> None:
    """Publish an event to all connections of the board's owner, on commit."""
    publish_after_commit(broadcast.owner_group(board_id), lambda: event)


def notify_decision(visitor: Visitor, connection: Connection | None) -> None:
    """
    Publish a visitor's new state, on commit: to the visitor, and to the owner's connections other than `connection`.

    The owner made the decision on `connection`, which gets the `ack`. `connection` is None if a decision about another
    visitor also decides about this visitor. Then all of the owner's connections get the event.
    """
    event = describe_state(visitor)
    publish_after_commit(broadcast.visitor_group(visitor.digest), lambda: event)
    guest = {"guest": True} if "handle" in event and visitor.person.is_guest else {}
    group, owners_event = broadcast.owner_group(visitor.board_id), {**event, **guest, "visitor": visitor.key}
    if connection is None:
        publish_after_commit(group, lambda: owners_event)
        return
    after_commit(
        "tell the other connections of the owner",
        lambda: broadcast.publish_to_others(group, owners_event, connection.name),
    )


def disconnect_member(member: Member) -> None:
    """Close all of a visitor's connections to the board's room with 4403, on commit."""
    close_after_commit(broadcast.member_group(member.id), CLOSE_FORBIDDEN)


def disconnect_everybody(board: Board) -> None:
    """
    Close all connections of a board and its room with 4403, on commit.

    Before that, the waiting room receives `shut`, and the members' own streams learn that the room is gone.
    """
    feeds.publish_deletion(board.room_id, board.room.slug)
    close_after_commit(broadcast.room_group(board.room_id), CLOSE_FORBIDDEN)
    publish_after_commit(broadcast.board_group(board.id), protocol.board_shut)
    close_after_commit(broadcast.board_group(board.id), CLOSE_FORBIDDEN)

"""
Notices of a board: what the owner and the visitors hear of a change. The module writes nothing.
"""

import logging

from django.db import transaction

from channels_transport import OUTAGES
from chat import broadcast, protocol
from chat.models import Board, Visitor
from chat.protocol import CLOSE_FORBIDDEN
from chat.services.rooms.publishing import publish_on_commit

logger = logging.getLogger(__name__)


def describe_state(visitor: Visitor) -> dict:
    """Return the event that tells a visitor their state."""
    return {
        Visitor.WAITING: lambda: protocol.waiting(visitor.handle),
        Visitor.ADMITTED: lambda: protocol.admitted(visitor.handle),
        Visitor.REFUSED: protocol.refused,
        Visitor.REMOVED: protocol.removed,
    }[visitor.state]()


def notify_owner(board_id: int, event: dict) -> None:
    """Publish an event to all connections of the board's owner, on commit."""
    publish_on_commit(broadcast.owner_group(board_id), lambda: event)


def notify_decision(visitor: Visitor, channel: broadcast.Channel) -> None:
    """
    Publish a visitor's new state, on commit: to the visitor, and to the owner's connections other than `channel`.

    The owner's connection `channel` made the decision and gets the `ack`.
    """
    event = describe_state(visitor)
    publish_on_commit(broadcast.visitor_group(visitor.digest), lambda: event)
    group = broadcast.owner_group(visitor.board_id)
    transaction.on_commit(lambda: _notify_other_tabs(group, {**event, "visitor": visitor.key}, channel))


def _notify_other_tabs(group, event, channel):
    try:
        broadcast.publish_to_others(group, event, channel)
    except OUTAGES as outage:
        # The decision is stored and acknowledged. The other tabs hear of it when they reconnect.
        logger.warning("The other tabs of an owner could not be told: %s", outage)


def disconnect_everybody(board: Board) -> None:
    """Close all connections of a board and its room with 4403, on commit; those of the waiting room hear `shut`."""
    transaction.on_commit(lambda: _disconnect_everybody(board))


def _disconnect_everybody(board):
    broadcast.close_group(broadcast.room_group(board.room_id), CLOSE_FORBIDDEN)
    broadcast.publish(broadcast.board_group(board.id), protocol.shut())
    broadcast.close_group(broadcast.board_group(board.id), CLOSE_FORBIDDEN)


def disconnect_member(member_id: int) -> None:
    """Close all connections of a visitor to the board's room with 4403, on commit."""
    group = broadcast.member_group(member_id)
    transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_FORBIDDEN))

"""
The lobby's list of rooms, checked as a whole: has it changed since the last check?

A check is one statement and two round trips to Redis, however many rooms there are. It writes no rows.
"""

from django.db.models import Count, Max, Sum

from chat import broadcast, protocol
from chat.models import Room

from . import presence

MAX_PRESENCE_UPDATES = 100  # of one check


class LobbyWatch:
    """Remembers the list as of the last check. The first check always finds a change."""

    def __init__(self) -> None:
        self._summary: tuple | None = None
        self._rooms_with_changes: set[int] = set()

    def check(self) -> bool:
        """
        Publish `updated` to the lobby if the list of rooms has changed since the last check. Return whether it has.

        Also publish presence changes that no worker has published.
        """
        rosters = presence.sweep_rosters()
        self._publish_forgotten({room_id for room_id, (_, has_changes) in rosters.items() if has_changes})
        summary = _summarize_rooms(), {room_id: count for room_id, (count, _) in rosters.items() if count}
        if summary == self._summary:
            return False
        broadcast.publish(broadcast.LOBBY_GROUP, protocol.updated())
        # Not before: if publishing fails, the next check publishes.
        self._summary = summary
        return True

    def _publish_forgotten(self, rooms_with_changes):
        # Presence changes wait for at most a second. Changes that a second check still finds belonged to a worker that
        # has died, or a sweep has made them.
        forgotten = self._rooms_with_changes & rooms_with_changes
        self._rooms_with_changes = rooms_with_changes
        for room_id in sorted(forgotten)[:MAX_PRESENCE_UPDATES]:
            presence.schedule_presence_update(room_id)


def _summarize_rooms():
    """Return a value that changes when a room is created, deleted or changed, or when any message changes."""
    # The sum of the offsets, not the latest `last_at`: that would miss a message that is stored after a clock was set
    # back, or that is committed after a younger one.
    return Room.objects.aggregate(
        rooms=Count("id"), newest=Max("id"), changes=Sum("offset"), changed_at=Max("changed_at")
    )

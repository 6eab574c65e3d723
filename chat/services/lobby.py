"""
The lobby's list of rooms: a check finds out whether the list has changed since the last check. The list includes the
number of people in each room.

A check without a change takes one statement and two round trips to Redis for any number of rooms. No check writes rows.
"""

from django.db.models import Count, Max, Sum

from chat import broadcast, protocol
from chat.models import Room

from . import presence

MAX_PRESENCE_UPDATES = 100  # one check publishes the presence changes of at most this many rooms


class LobbyWatch:
    """
    The check of the list. It remembers a summary of the list at the last check.

    The first check always finds a change.
    """

    def __init__(self) -> None:
        self._summary: tuple | None = None
        self._rooms_with_changes: set[int] = set()
        self.people: int | None = None  # people in rooms at the last check; a person in two rooms counts twice

    def check(self) -> bool:
        """
        Publish `updated` to the lobby if the list of rooms has changed since the last check. Return whether it has.

        Also publish presence changes that no worker has published.
        """
        rosters = presence.sweep_rosters()
        self.people = sum(count for count, _ in rosters.values())
        self._publish_overdue({room_id for room_id, (_, has_changes) in rosters.items() if has_changes})
        summary = _summarize_rooms(), {room_id: count for room_id, (count, _) in rosters.items() if count}
        if summary == self._summary:
            return False
        broadcast.publish(broadcast.LOBBY_GROUP, protocol.updated())
        # The summary is stored only after publishing, so that the next check publishes again after a failure.
        self._summary = summary
        return True

    def _publish_overdue(self, rooms_with_changes):
        # A worker publishes presence changes within a second. If two checks in a row find changes of a room, the worker
        # was killed, or a sweep made the changes.
        overdue = self._rooms_with_changes & rooms_with_changes
        self._rooms_with_changes = rooms_with_changes
        for room_id in sorted(overdue)[:MAX_PRESENCE_UPDATES]:
            presence.schedule_presence_update(room_id)


def _summarize_rooms():
    """Return a value that changes when a room is created, deleted or changed, or when any message changes."""
    # The sum of the offsets changes with every message. The latest `last_at` would miss a message that is stored after
    # a clock was set back, or that is committed after a newer message.
    return Room.objects.aggregate(
        rooms=Count("id"), newest=Max("id"), changes=Sum("offset"), changed_at=Max("changed_at")
    )

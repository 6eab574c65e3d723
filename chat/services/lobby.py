"""
The lobby's list of rooms, watched as a whole: one look tells whether it shows anything else than at the last.

However many rooms there are, a look is one statement and two trips to Redis. Writes no rows.
"""

from django.db.models import Count, Max, Sum

from chat import broadcast, protocol
from chat.models import Room

from . import presence

MOST_TOLD = 100  # rooms whose forgotten news one look tells


class Watch:
    """Remembers what the last look saw. Its first look sees everything anew."""

    def __init__(self):
        self._picture = None
        self._rooms_with_news = set()

    def look(self):
        """Tells the lobby, once, if its list has changed since the last look. Returns whether it did."""
        found = presence.sweep_rosters()
        self._tell_forgotten({room_id for room_id, (_, has_news) in found.items() if has_news})
        picture = _summarize_rooms(), {room_id: count for room_id, (count, _) in found.items() if count}
        if picture == self._picture:
            return False
        broadcast.publish(broadcast.LOBBY_GROUP, protocol.updated())
        # Not before: what could not be told is told next time.
        self._picture = picture
        return True

    def _tell_forgotten(self, rooms_with_news):
        # News wait for a second at most, unless who was to tell them has died, or a sweep has left them behind.
        forgotten = self._rooms_with_news & rooms_with_news
        self._rooms_with_news = rooms_with_news
        for room_id in sorted(forgotten)[:MOST_TOLD]:
            presence.schedule_presence_update(room_id)


def _summarize_rooms():
    """Returns something that differs once a room is made, deleted or changed, or anything is said."""
    # The sum of the offsets, not the latest `last_at`: that would miss what is said after a clock was set back, or
    # committed after something younger.
    return Room.objects.aggregate(
        rooms=Count("id"), newest=Max("id"), changes=Sum("offset"), changed_at=Max("changed_at")
    )

"""
An operator's word to connected people, and to those who come later: to all, to a room, or to one person alone.

What is said is a row; whoever listens hears it at once, and whoever comes while it stands hears it then. A receipt
makes it once for each person. Rights are the caller's: whoever reaches a shell, the admin, or the API for operators.
"""

import contextlib
import logging
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from channels_transport import OUTAGES
from chat import broadcast, protocol
from chat.models import Announcement, Member, Receipt, Room, get_newest_announcement_id
from chat.protocol import ChatError

from . import people, presence, rooms

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 100  # announcements that a newcomer is told
ROOMS_AT_ONCE = 100  # whose listeners are read in one trip
ROWS_AT_ONCE = 500  # in one statement
SWEPT_AT_ONCE = 5000  # receipts


def announce(text, level=Announcement.INFO, slug=None, expires_in=None, by=None):
    """
    Says something to everybody, or to everybody in a room; for `expires_in` seconds (None: the setting) whoever comes
    hears it, too. Returns the Announcement. Raises `not_found` for the room, or a field's refusal.
    """
    room = None if slug is None else rooms.get_room(slug)
    return _say(_new_announcement(text, level, expires_in, by, room=room), _tell_rooms)


def whisper(whom, text, level=Announcement.INFO, expires_in=None, by=None):
    """
    Says something to the own connections of one person (`whom`: a Person or a handle), or, if they have none, to the
    first that they open within `expires_in` seconds. Returns the Announcement. Raises `not_found` for the handle, or
    a field's refusal.
    """
    person = people.get_person(whom)
    return _say(_new_announcement(text, level, expires_in, by, person=person), _tell_person)


def _new_announcement(text, level, expires_in, by, **whom):
    text, level = protocol.check_announcement(text), protocol.check_level(level)
    seconds = protocol.check_seconds(
        settings.CHAT_ANNOUNCEMENT_SECONDS if expires_in is None else expires_in, "expires_in"
    )
    now = timezone.now()
    return Announcement(
        text=text, level=level, created_at=now, expires_at=now + timedelta(seconds=seconds), created_by=by, **whom
    )


def _say(announcement, tell):
    with transaction.atomic():
        announcement.save()
        transaction.on_commit(lambda: _tell_safely(announcement, tell))
    return announcement


def _tell_safely(announcement, tell):
    try:
        tell(announcement)
    except Exception as error:
        # It is stored: whoever asked must not hear that it was not. Without receipts everybody hears it on coming back.
        trace = None if isinstance(error, OUTAGES) else error
        logger.error("Announcement %s waits for people to come back: %s", announcement.id, error, exc_info=trace)
        with contextlib.suppress(DatabaseError):
            announcement.receipts.all().delete()


def _tell_rooms(announcement):
    room_ids = list(presence.sweep_rosters()) if announcement.room_id is None else [announcement.room_id]
    for some in _in_chunks(room_ids, ROOMS_AT_ONCE):
        listeners = presence.get_listeners(some)
        _note_listeners(announcement, listeners)
        for room_id in some:
            broadcast.publish(broadcast.room_group(room_id), describe(announcement))


def _tell_person(announcement):
    groups = [broadcast.member_group(id) for id in announcement.person.memberships.values_list("id", flat=True)]
    listening = [group for group in groups if broadcast.get_listeners(group)]
    if listening:
        _note(announcement, [announcement.person_id])
    for group in listening:
        broadcast.publish(group, describe(announcement))


def _note_listeners(announcement, listeners):
    boards = set(Room.objects.filter(id__in=list(listeners), access=Room.BOARD).values_list("id", flat=True))
    _note_handles(announcement, set().union(*(listeners[room_id] for room_id in listeners.keys() - boards)))
    # A handle on a board is unique there alone: elsewhere it is somebody else's, who has not been told.
    members = Member.objects.filter(room_id__in=boards).exclude(role=Member.BANNED)
    found = members.values_list("room_id", "person_id", "person__handle")
    _note(announcement, {person_id for room_id, person_id, handle in found if handle in listeners[room_id]})


def _note_handles(announcement, handles):
    for some in _in_chunks(sorted(handles), ROWS_AT_ONCE):
        _note(announcement, people.find_ids(some))


def _note(announcement, person_ids):
    """Remembers that these people have been told."""
    receipts = [Receipt(announcement=announcement, person_id=id) for id in person_ids]
    Receipt.objects.bulk_create(receipts, ignore_conflicts=True)


def _in_chunks(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def describe(announcement):
    """Returns the wire's `announcement` event."""
    return protocol.announcement(
        announcement.id,
        announcement.text,
        announcement.level,
        announcement.created_at,
        private=announcement.person_id is not None,
    )


def get_newest_id():
    """Returns the id of the newest announcement, 0 where there is none."""
    return get_newest_announcement_id()


def take_pending(member, since=None):
    """
    Returns the events that somebody who comes into a room has to hear, oldest first, and remembers that they did: what
    stands and they have not been told. One who comes back was told up to the id `since`, and hears all after it: what
    was said to a line that had died unnoticed counts as told. Call it once the connection is in its groups.
    """
    # In this order nothing is missed: an announcement is stored first, then it is seen who is in the groups, and only
    # they get a receipt. So who has none and was no listener then comes here later, and finds the row.
    standing = Announcement.objects.current().for_person(member.person_id, member.room_id)
    untold = list(standing.untold(member.person_id, since).order_by("id")[:MOST_AT_ONCE])
    if untold:
        receipts = [Receipt(announcement=announcement, person_id=member.person_id) for announcement in untold]
        Receipt.objects.bulk_create(receipts, ignore_conflicts=True)
    return [describe(announcement) for announcement in untold]


def find_standing():
    """Returns the announcements and whispers that are not over, newest first, with room and person."""
    return Announcement.objects.current().select_related("room", "person").order_by("-id")


def withdraw(announcement_id):
    """Ends an announcement: whoever comes from now on does not hear it. Raises `not_found`."""
    standing = Announcement.objects.current().filter(id=announcement_id)
    if not standing.update(expires_at=timezone.now()):
        raise ChatError("not_found", "There is no such announcement, or it is over.")


def sweep_announcements():
    """Deletes announcements that are over, their receipts first. Returns how many announcements it deleted."""
    expired = Announcement.objects.expired()
    receipts = Receipt.objects.filter(announcement__in=expired.values("id"))
    receipts, _ = Receipt.objects.filter(id__in=receipts.values("id")[:SWEPT_AT_ONCE]).delete()
    if receipts == SWEPT_AT_ONCE:
        return 0  # the rest of them next time
    return expired.filter(receipts=None).delete()[0]

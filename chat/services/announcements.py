"""
Announcements: what operators say to everybody, to one room, or (a whisper) to one person.

An announcement is a row. Connected people receive it at once. People who connect before it expires receive it at the
handshake. A receipt prevents that a person receives an announcement twice. The callers check permissions: only
operators can reach the callers (a shell, the admin, and the API for operators).
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Announcement, Member, Person, Receipt, Room
from chat.protocol import ChatError

from . import people, presence, rooms
from .after_commit import after_commit

MAX_PENDING = 100  # announcements that one handshake sends
MAX_ROOMS = 100  # rooms whose rosters are read in one round trip
MAX_ROWS = 500  # receipts in one statement
MAX_SWEPT = 5000  # receipts in one sweep


def announce(
    text: str,
    level: str = Announcement.INFO,
    slug: str | None = None,
    expires_in: int | None = None,
    by: Person | None = None,
) -> Announcement:
    """
    Store an announcement to everybody, or to everybody in one room, and publish it on commit.

    - `text`: what to say.
    - `level`: `info`, `warning` or `urgent`.
    - `slug`: the room; None for everybody.
    - `expires_in`: seconds until it expires; None for CHAT_ANNOUNCEMENT_SECONDS. Until then, people who connect
      receive it.
    - `by`: the operator; None for the shell.

    Raise `not_found` for the room; `empty`, `too_long` or `invalid_field` for a field.
    """
    room = None if slug is None else rooms.get_room(slug)
    announcement = _make_announcement(text, level, expires_in, by, room=room)
    return _store_and_publish(announcement, _publish_to_rooms)


def whisper(
    whom: Person | str,
    text: str,
    level: str = Announcement.INFO,
    expires_in: int | None = None,
    by: Person | None = None,
) -> Announcement:
    """
    Store an announcement to one person, and publish it on commit to that person's connections.

    If the person has no connection, the next connection within `expires_in` seconds receives it.

    - `whom`: a Person or a handle.
    - `text`, `level`, `expires_in`, `by`: as for `announce`.

    Raise `not_found` for the handle; `empty`, `too_long` or `invalid_field` for a field.
    """
    person = people.get_person(whom)
    announcement = _make_announcement(text, level, expires_in, by, person=person)
    return _store_and_publish(announcement, _publish_to_person)


def _make_announcement(text, level, expires_in, by, **whom: Any) -> Announcement:
    text, level = protocol.check_announcement(text), protocol.check_level(level)
    seconds = protocol.check_seconds(
        settings.CHAT_ANNOUNCEMENT_SECONDS if expires_in is None else expires_in, "expires_in"
    )
    now = timezone.now()
    return Announcement(
        text=text, level=level, created_at=now, expires_at=now + timedelta(seconds=seconds), created_by=by, **whom
    )


def _store_and_publish(announcement, publish):
    with transaction.atomic():
        announcement.save()
        after_commit(
            f"publish announcement {announcement.id}",
            lambda: publish(announcement),
            # After this, the announcement has no receipts, and everybody receives it at the next handshake.
            on_failure=lambda: announcement.receipts.all().delete(),
        )
    return announcement


def _publish_to_rooms(announcement):
    room_ids = list(presence.sweep_rosters()) if announcement.room_id is None else [announcement.room_id]
    for some in _split(room_ids, MAX_ROOMS):
        _store_listeners_receipts(announcement, presence.get_listeners(some))
        for room_id in some:
            broadcast.publish(broadcast.room_group(room_id), describe(announcement))


def _publish_to_person(announcement):
    groups = [broadcast.member_group(id) for id in announcement.person.memberships.values_list("id", flat=True)]
    listening = [group for group in groups if broadcast.get_listeners(group)]
    if listening:
        _store_receipts(announcement, [announcement.person_id])
    for group in listening:
        broadcast.publish(group, describe(announcement))


def _store_listeners_receipts(announcement, listeners: dict[int, set[str]]) -> None:
    boards = set(Room.objects.filter(id__in=list(listeners), access=Room.BOARD).values_list("id", flat=True))
    handles: set[str] = set().union(*(listeners[room_id] for room_id in listeners.keys() - boards))
    for some in _split(sorted(handles), MAX_ROWS):
        _store_receipts(announcement, people.find_ids(some))
    # A board's handles are unique on that board only. So people on boards are not found by their handle alone: another
    # person may have the same handle elsewhere, and has not received the announcement.
    members = Member.objects.filter(room_id__in=boards).exclude(role=Member.BANNED)
    found = members.values_list("room_id", "person_id", "person__handle")
    _store_receipts(announcement, {person_id for room_id, person_id, handle in found if handle in listeners[room_id]})


def _store_receipts(announcement, person_ids: Iterable[int]) -> None:
    receipts = [Receipt(announcement=announcement, person_id=id) for id in person_ids]
    Receipt.objects.bulk_create(receipts, ignore_conflicts=True)


def _split(items: list, size: int) -> Iterator[list]:
    return (items[start : start + size] for start in range(0, len(items), size))


def describe(announcement: Announcement) -> dict:
    """Return an announcement as the wire's `announcement` event."""
    return protocol.announcement(
        announcement.id,
        announcement.text,
        announcement.level,
        announcement.created_at,
        private=announcement.person_id is not None,
    )


def take_pending(member: Member, since: int | None = None) -> list[dict]:
    """
    Return the announcements that a connecting person has not received, as events, oldest first. Store their receipts.

    Call it after the connection has joined its groups. A client that reconnects passes `since`: the id of the newest
    announcement at the time of its last handshake. The client receives all later announcements, also those with a
    receipt, because they may have been published to a connection that was already broken.
    """
    # With this order, no person misses an announcement. `announce` first stores the row, then reads which people are in
    # groups, and stores receipts for these people only. A person without a receipt was not in a group at that time. So
    # this call for the person runs later, and finds the row.
    current = Announcement.objects.current().for_person(member.person_id, member.room_id)
    pending = list(current.unreceived(member.person_id, since).order_by("id")[:MAX_PENDING])
    if pending:
        receipts = [Receipt(announcement=announcement, person_id=member.person_id) for announcement in pending]
        Receipt.objects.bulk_create(receipts, ignore_conflicts=True)
    return [describe(announcement) for announcement in pending]


def find_current() -> QuerySet:
    """Return the announcements and whispers that have not expired, newest first, with room and person."""
    return Announcement.objects.current().select_related("room", "person").order_by("-id")


def withdraw_announcement(announcement_id: int) -> None:
    """
    End an announcement: people who connect from now on do not receive it.

    Raise `not_found` if there is no announcement with this id, or it has expired.
    """
    current = Announcement.objects.current().filter(id=announcement_id)
    if not current.update(expires_at=timezone.now()):
        raise ChatError("not_found", "There is no such announcement, or it has already expired.")


def sweep_announcements() -> int:
    """Delete expired announcements, their receipts first. Return how many announcements were deleted."""
    expired = Announcement.objects.expired()
    receipts = Receipt.objects.filter(announcement__in=expired.values("id"))
    deleted, _ = Receipt.objects.filter(id__in=receipts.values("id")[:MAX_SWEPT]).delete()
    if deleted == MAX_SWEPT:
        return 0  # the next sweep deletes the rest
    return expired.filter(receipts=None).delete()[0]

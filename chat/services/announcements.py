"""
Announcements: what operators say to everybody, to one room, or (a whisper) to one person.

An announcement is a row. Connected people receive it at once. People who connect receive it at each handshake, until
they dismiss it or it expires. A receipt records that a person has dismissed it. The callers check permissions: only
operators can announce (in a shell, in the admin, or through the API for operators). The site itself whispers reminders
and notices.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Announcement, Member, Person, Receipt, find_announcements, get_newest_announcement_id
from chat.protocol import ChatError

from . import people, presence, rooms
from .after_commit import after_commit
from .free_rows import delete_free_rows

MAX_PENDING = 100  # announcements that one handshake or one page outside of rooms shows
MAX_SWEPT = 5000  # receipts in one sweep
MAX_ENDED = 1000  # announcements in one sweep


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
    - `expires_in`: seconds until the announcement expires; None for CHAT_ANNOUNCEMENT_SECONDS. Until then, people who
      connect receive it.
    - `by`: the operator; None for the shell.

    Raise `not_found` for the room; `empty`, `too_long` or `invalid_field` for a field.
    """
    room = None if slug is None else rooms.get_room(slug)
    announcement = _make_announcement(text, level, expires_in, by, room=room)
    return _store_and_publish(announcement)


def whisper(
    whom: Person | str,
    text: str,
    level: str = Announcement.INFO,
    expires_in: int | None = None,
    by: Person | None = None,
    reminder: int | None = None,
    link: str | None = None,
) -> Announcement:
    """
    Store an announcement to one person, and publish it on commit to that person's connections.

    Every connection that the person opens within `expires_in` seconds receives it too, until the person dismisses it.

    - `whom`: a Person or a handle.
    - `text`, `level`, `expires_in`, `by`: as for `announce`.
    - `reminder`: the id of the Reminder that the announcement delivers, or None.
    - `link`: the path of what the announcement is about, or None.

    Raise `not_found` for the handle; `empty`, `too_long` or `invalid_field` for a field.
    """
    person = people.get_person(whom)
    announcement = _make_announcement(text, level, expires_in, by, person=person, reminder=reminder, link=link)
    return _store_and_publish(announcement)


def _make_announcement(text, level, expires_in, by, **whom: Any) -> Announcement:
    text, level = protocol.check_announcement(text), protocol.check_level(level)
    seconds = protocol.check_seconds(
        settings.CHAT_ANNOUNCEMENT_SECONDS if expires_in is None else expires_in, "expires_in"
    )
    now = timezone.now()
    return Announcement(
        text=text, level=level, created_at=now, expires_at=now + timedelta(seconds=seconds), created_by=by, **whom
    )


def _store_and_publish(announcement):
    with transaction.atomic():
        announcement.save()
        # If the publishing fails, people receive the announcement at their next handshake.
        after_commit(f"publish announcement {announcement.id}", lambda: _publish(announcement))
    return announcement


def _publish(announcement):
    for group in _get_groups(announcement):
        broadcast.publish(group, describe(announcement))


def _get_groups(announcement) -> Iterator[str]:
    """Yield the groups of the connections that an announcement concerns."""
    if announcement.person_id is not None:
        yield from _get_persons_groups(announcement.person_id)
        return
    if announcement.room_id is not None:
        yield broadcast.room_group(announcement.room_id)
        yield broadcast.feed_group(announcement.room_id)
        return
    for room_id in presence.sweep_rosters():
        yield broadcast.room_group(room_id)
    yield broadcast.LOBBY_GROUP
    yield broadcast.DOORS_GROUP
    yield broadcast.PEOPLE_GROUP


def _get_persons_groups(person_id: int) -> Iterator[str]:
    """Yield the groups of a person's connections: own streams, waiting rooms, and one group for each room."""
    yield broadcast.person_group(person_id)
    yield broadcast.limited_group(person_id)
    yield broadcast.waiting_group(person_id)
    for member_id in Member.objects.filter(person=person_id).values_list("id", flat=True):
        yield broadcast.member_group(member_id)


def describe(announcement: Announcement) -> dict:
    """Return an announcement as the wire's `announcement` event."""
    return protocol.announcement(
        announcement.id,
        announcement.text,
        announcement.level,
        announcement.created_at,
        announcement.expires_at,
        private=announcement.person_id is not None,
        reminder=announcement.reminder,
        link=announcement.link,
    )


def find_pending(member: Member, since: int | None = None) -> list[dict]:
    """
    Return the announcements that a connecting person has not dismissed, as events, oldest first: at most MAX_PENDING.

    Call this after the connection has joined its groups. Then no announcement is missed, because `announce` stores the
    row before it publishes. A client that reconnects passes `since`, the newest id that it has.
    """
    return _find(member.person_id, [member.room_id], since)


def find_outside_rooms(person: Person | AnonymousUser) -> list[dict]:
    """
    Return the announcements that the lobby and the waiting rooms of boards show to a person, as events.

    These are the announcements to everybody and the whispers to the person, without dismissed ones.
    """
    return _find(person.id, [])


def find_for_stream(person: Person, room_ids: Collection[int], since: int | None = None) -> list[dict]:
    """
    Return the announcements for a person's own stream: to everybody, to the person, and to the person's rooms.

    `room_ids` are the ids of the rooms in the person's workspace, which leaves out rooms that refuse the person.

    The result has the form of `find_pending`, and `since` has the same meaning.
    """
    return _find(person.id, room_ids, since)


def _find(person_id: int | None, room_ids: Collection[int], since: int | None = None) -> list[dict]:
    found = find_announcements(person_id, room_ids, since, MAX_PENDING)
    return [describe(announcement) for announcement in reversed(found)]


def _concerns(person_id: int, room_ids: QuerySet) -> Q:
    """Return the condition for announcements to everybody, to the rooms with these ids, and to one person."""
    in_own_room = Q(person=None, room__in=room_ids)
    return Q(person=None, room=None) | in_own_room | Q(person=person_id)


def get_newest_id() -> int:
    """Return the id of the newest announcement, or 0."""
    return get_newest_announcement_id()


def dismiss_announcement(person_id: int, announcement_id: int, room_ids: Collection[int] | None = None) -> bool:
    """
    Record that a person has dismissed an announcement. Publish `dismissed` on commit.

    The event goes to the person's own streams and waiting rooms, and to the person's connections to rooms.

    `room_ids` are the ids of the rooms that the person's token reaches; None for all rooms. Return False, and change
    nothing, if there is no such announcement for the person, or it has expired.
    """
    # The answer must not reveal to other people that a private room has an announcement.
    memberships = Member.objects.filter(person=person_id)
    if room_ids is not None:
        memberships = memberships.filter(room__in=room_ids)
    is_for_person = _concerns(person_id, memberships.values("room_id"))
    if not Announcement.objects.current().filter(is_for_person, id=announcement_id).exists():
        return False
    with transaction.atomic():
        receipt = Receipt(announcement_id=announcement_id, person_id=person_id)
        Receipt.objects.bulk_create([receipt], ignore_conflicts=True)
        after_commit(
            f"publish that announcement {announcement_id} is dismissed",
            lambda: _publish_end(_get_persons_groups(person_id), announcement_id),
        )
    return True


def _publish_end(groups: Iterable[str], announcement_id: int) -> None:
    for group in groups:
        broadcast.publish(group, protocol.dismissed(announcement_id))


def find_current() -> QuerySet:
    """
    Return the announcements and whispers that have not expired, newest first, with room and person.

    Leave out reminders, which people have written for themselves.
    """
    return Announcement.objects.current().filter(reminder=None).select_related("room", "person").order_by("-id")


def withdraw_announcement(announcement_id: int) -> None:
    """
    End an announcement: open pages remove it, and people who connect from now on do not receive it.

    Raise `not_found` if there is no announcement with this id, or it has expired.
    """
    announcement = Announcement.objects.current().filter(id=announcement_id).first()
    if announcement is None:
        raise ChatError("not_found", "There is no such announcement, or it has already expired.")
    with transaction.atomic():
        Announcement.objects.filter(id=announcement_id).update(expires_at=timezone.now())
        after_commit(
            f"publish the end of announcement {announcement_id}",
            lambda: _publish_end(_get_groups(announcement), announcement_id),
        )


def sweep_announcements() -> int:
    """Delete expired announcements, their receipts first. Return how many announcements were deleted."""
    expired = Announcement.objects.expired()
    receipts = Receipt.objects.filter(announcement__in=expired.values("id"))
    if len(delete_free_rows(receipts, MAX_SWEPT)) == MAX_SWEPT:
        return 0  # the next sweep deletes the rest
    return len(delete_free_rows(expired.filter(receipts=None), MAX_ENDED))

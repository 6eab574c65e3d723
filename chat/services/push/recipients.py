"""
Decide who gets a push for new messages of a room.

A person gets a push for an unread message that would also notify the person on an open page. The rules of pages are in
chat/static/chat/workspace/notification-rules.js.

This module writes nothing and sends nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from chat import protocol
from chat.models import (
    Block,
    Member,
    Mention,
    Message,
    Person,
    Preferences,
    Profile,
    PushSubscription,
    Room,
    Thread,
    ThreadMember,
)
from chat.protocol import ChatError
from chat.services import rooms, uploads

MAX_MESSAGES = 100  # unread messages of a room that one push counts


class Notice(NamedTuple):
    """
    What one push tells a person about a room.

    - `message`: the newest message that notifies the person. `total`: the number of such unread messages.
    - `is_personal`: one of the new messages mentions or calls the person, or is a direct message.
    - `is_reply`: `message` is a reply in a thread that the person follows, and is not personal.
    - `files`: the files of `message`, if it has no text.
    """

    person: Person
    message: Message
    total: int
    is_personal: bool
    is_reply: bool
    files: list[dict[str, str]]


class Choices(NamedTuple):
    """What a person has chosen: which messages notify, the quiet hours, the language and the time zone."""

    preferences: Preferences
    time_zone: str

    def is_quiet(self, zone: str, now: datetime) -> bool:
        """Return whether `now` is in the quiet hours. `zone` counts if the person has chosen no time zone."""
        begin, end = self.preferences.quiet_from, self.preferences.quiet_to
        if begin is None or end is None:
            return False
        try:
            time = now.astimezone(protocol.get_zone(self.time_zone or zone or "UTC")).time()
        except KeyError:  # this version of the time zone data does not have the zone
            time = now.time()
        return begin <= time < end if begin <= end else time >= begin or time < end


def find_subscribers(spans: Collection[dict]) -> dict[int, set[int]]:
    """
    Return {id of a room: ids of people}: people who receive pushes, and are members of the room or mentioned in its new
    messages.

    `spans` are the new messages of rooms: {room, first, last}. Run two statements for any number of rooms.
    """
    found: dict[int, set[int]] = defaultdict(set)
    ids = [span["room"] for span in spans]
    subscribed = PushSubscription.objects.values("person")
    members = Member.objects.filter(room__in=ids, person__in=subscribed).exclude(role=Member.BANNED)
    for room_id, person_id in members.values_list("room_id", "person_id"):
        found[room_id].add(person_id)
    mentioned = Q()
    for span in spans:
        mentioned |= Q(room=span["room"], number__gte=span["first"], number__lte=span["last"])
    if spans:
        mentions = Mention.objects.filter(mentioned, person__in=subscribed, silent=False)
        for room_id, person_id in mentions.values_list("room_id", "person_id"):
            found[room_id].add(person_id)
    return found


def find_notices(room: Room, first: int, last: int | None, person_ids: Collection[int]) -> list[Notice]:
    """
    Return a Notice for each of these people whom a message from `first` to `last` notifies.

    `first` and `last` are numbers of messages; None as `last` means the newest. Each Notice counts the unread messages
    that notify the person among the newest MAX_MESSAGES of the room. Run at most ten statements, and one or two more
    for each person.
    """
    messages = _read_messages(room, last)
    people = Person.objects.filter(id__in=person_ids, is_active=True, is_guest=False)
    reader = _Reader(room, messages, person_ids)
    found = (reader.find_notice(person, first) for person in people)
    return [notice for notice in found if notice is not None and _may_read(notice.person, room)]


def _read_messages(room: Room, last: int | None) -> Sequence[Message]:
    """Return the newest messages of a room, the newest first, without removed ones."""
    messages = Message.objects.filter(room=room, removed_at=None).select_related("author__profile")
    if last is not None:
        messages = messages.filter(number__lte=last)
    return list(messages.order_by("-number")[:MAX_MESSAGES])


def _may_read(person: Person, room: Room) -> bool:
    try:
        rooms.get_readable_room(person, room.slug)
    except ChatError:
        return False
    return True


class _Reader:
    """Finds the notices of some people in one room. It reads each kind of row with one statement."""

    def __init__(self, room: Room, messages: Sequence[Message], person_ids: Collection[int]) -> None:
        self._room, self._messages = room, messages
        numbers = [message.number for message in messages]
        self._members = {member.person_id: member for member in Member.objects.filter(room=room, person__in=person_ids)}
        mentions = Mention.objects.filter(room=room, number__in=numbers, person__in=person_ids, silent=False)
        self._mentioned = set(mentions.values_list("person_id", "number"))
        blocks = Block.objects.filter(person__in=person_ids, blocked__in={message.author_id for message in messages})
        self._blocked = set(blocks.values_list("person_id", "blocked_id"))
        self._choices = read_choices(person_ids)
        self._threads = _find_entries(room, messages, person_ids)
        self._files = uploads.find_notice_files([message for message in messages if not message.body])

    def find_notice(self, person: Person, first: int) -> Notice | None:
        """Return the Notice of a person, or None if no unread message from `first` on notifies the person."""
        member = self._members.get(person.id)
        if self._choices[person.id].preferences.notify == Preferences.NONE or (member and member.level == Member.NONE):
            return None
        unread = [
            message for message in self._messages if message.number > self._get_read(person, member, message, first)
        ]
        personal = [message for message in unread if self._is_personal(person, member, message)]
        notifying = [message for message in unread if message in personal or self._is_wanted(person, member, message)]
        if not notifying or notifying[0].number < first:
            return None
        newest = notifying[0]
        is_personal = bool(personal) and personal[0].number >= first
        is_reply = newest.thread_root is not None and newest not in personal
        return Notice(person, newest, len(notifying), is_personal, is_reply, self._files.get(newest.number, []))

    def _get_read(self, person: Person, member: Member | None, message: Message, first: int) -> int:
        """Return the person's read marker for a message: that of its thread, or else that of the room."""
        entry = self._find_entry(person, message)
        if entry is not None:
            return entry.read_number
        # Without a membership there is no read marker, so only new messages count.
        return member.read_offset if member else first - 1

    def _find_entry(self, person: Person, message: Message) -> ThreadMember | None:
        return None if message.thread_root is None else self._threads.get((person.id, message.thread_root))

    def _is_personal(self, person: Person, member: Member | None, message: Message) -> bool:
        """Return whether a message mentions or calls a person, or is a direct message to the person."""
        if not self._is_from_other(person, message):
            return False
        if self._room.access == Room.DIRECT or (person.id, message.number) in self._mentioned:
            return True
        return message.audience == Message.ALL and member is not None

    def _is_wanted(self, person: Person, member: Member | None, message: Message) -> bool:
        """
        Return whether another person's message notifies a person who asked for more than personal messages.

        The person may have chosen all messages, or may follow the thread of a reply.
        """
        if member is None or (member.level or Member.ALL) != Member.ALL or not self._is_from_other(person, message):
            return False
        if message.thread_root is None:
            return self._choices[person.id].preferences.notify == Preferences.ALL
        entry = self._find_entry(person, message)
        return entry is not None and entry.state == ThreadMember.FOLLOWED

    def _is_from_other(self, person: Person, message: Message) -> bool:
        return message.author_id != person.id and (person.id, message.author_id) not in self._blocked


def _find_entries(room: Room, messages: Sequence[Message], person_ids: Collection[int]) -> dict:
    """Return {(person, root): entry} for the threads of these messages. Run no query if there is no reply."""
    roots = {message.thread_root for message in messages} - {None}
    if not roots:
        return {}
    threads = dict(Thread.objects.filter(room=room, number__in=roots).values_list("id", "number"))
    entries = ThreadMember.objects.filter(thread__in=list(threads), person__in=person_ids)
    return {(entry.person_id, threads[entry.thread_id]): entry for entry in entries}


def read_choices(person_ids: Collection[int]) -> dict[int, Choices]:
    """Return {id of a person: Choices}, in two statements."""
    preferences = {row.person_id: row for row in Preferences.objects.filter(person__in=person_ids)}
    zones = dict(Profile.objects.filter(person__in=person_ids).values_list("person_id", "time_zone"))
    return {id: Choices(preferences.get(id) or Preferences(person_id=id), zones.get(id, "")) for id in person_ids}


def is_quiet_for(choices: Choices, subscription: PushSubscription) -> bool:
    """Return whether a person wants no pushes in a browser now."""
    return choices.is_quiet(subscription.time_zone, timezone.now())

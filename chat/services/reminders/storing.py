"""
Store reminders, and let their authors list, change and delete them.

A reminder for another person becomes a message of the author in their direct conversation. So blocks and the setting
CHAT_DIRECTS apply when it is stored, and again when it is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member, Person, Reminder, Room
from chat.protocol import ChatError
from chat.services import directs, rooms
from chat.services.after_commit import start_job_after_commit
from chat.services.rights import Action, check_may
from chat.services.rooms import Outcome
from chat.services.scopes import get_room_ids

ME, HERE = "me", "here"
MAX_TEXT = 500  # characters
MAX_WAITING = 100  # waiting reminders of one person
MAX_LISTED = 200
MAX_DELAY = timedelta(days=366)


@dataclass(frozen=True)
class Wish:
    """Whom to remind (ME, HERE, or the handle of a person), when, and of what."""

    whom: str
    at: datetime
    text: str


def store_reminder(member: Member, wish: Wish) -> Reminder:
    """
    Store a reminder that a member asks for in a room, and start its job on commit. Call this in a transaction.

    Raise the errors of `directs.open_direct`, and:

    - `invalid_field` if the time is not in the future, or is more than a year away;
    - `too_long` or `empty` for the text;
    - `forbidden` on a board, or if the person has too many reminders.
    """
    check_may(member.person, Action.SCHEDULE, member.room, member)
    text = protocol.check_text(wish.text, "text", MAX_TEXT)
    room = member.room
    if wish.whom not in (ME, HERE):
        room = directs.open_direct(member.person, [wish.whom])[0]
    return _store(member.person, room.id, wish.at, text=text, is_private=wish.whom == ME)


def remind_of_message(member: Member, event: protocol.Remind) -> Outcome:
    """
    Remind a person of a message, once for each ref. The `ack` has `reminder`: its id and its time.

    Raise as `store_reminder` does, and `not_found` if there is no such message.
    """

    def create() -> int:
        check_may(member.person, Action.SCHEDULE, member.room, member)
        rooms.get_present_message(member.room_id, event.id)
        return _store(member.person, member.room_id, event.at, number=event.id, is_private=True).id

    reminder_id, is_new = rooms.record_once(member, event, create)
    reminder = {"id": reminder_id, "at": protocol.format_time(event.at)}
    return Outcome(protocol.ack(event.ref, None, None, reminder=reminder), is_new)


def _store(person: Person, room_id: int, at: datetime, **fields: object) -> Reminder:
    seconds = _check_time(at)
    _check_number(person)
    reminder = Reminder.objects.create(person=person, room_id=room_id, due_at=at, **fields)
    start_job(reminder.id, seconds)
    return reminder


def _check_number(person: Person) -> None:
    """Raise `forbidden` if a person has too many waiting reminders. Call this in the transaction that adds one."""
    # The lock makes two requests at the same moment run one after the other. So the second request counts the row of
    # the first request.
    Person.objects.lock(person.id)
    if Reminder.objects.waiting().filter(person=person).count() >= MAX_WAITING:
        raise ChatError("forbidden", "You already have %(most)s reminders. Delete one first.", most=MAX_WAITING)


def _check_time(at: datetime) -> float:
    """Return the seconds until a time. Raise `invalid_field` if it is not in the future, or more than a year away."""
    seconds = (at - timezone.now()).total_seconds()
    if not 0 < seconds <= MAX_DELAY.total_seconds():
        raise ChatError("invalid_field", "The time must be in the future, and at most a year away.")
    return seconds


def start_job(reminder_id: int, seconds: float) -> None:
    """Start the job of a reminder `seconds` after the present transaction has committed."""
    start_job_after_commit(broadcast.REMINDERS_CHANNEL, {"reminder": reminder_id}, seconds)


def get_reminders(person: Person) -> list[Reminder]:
    """
    Return at most MAX_LISTED waiting and refused reminders of a person, in the order in which they are due.

    A reminder has its room only if the person may know the present address of the room. A token for certain rooms gets
    only the reminders of these rooms.
    """
    found = list(_find_shown(person).select_related("room").order_by("due_at", "id")[:MAX_LISTED])
    own = rooms.get_readable_rooms(person).own if found else ()
    for reminder in found:
        if reminder.room is not None and reminder.room.access in Room.HIDDEN and reminder.room_id not in own:
            reminder.room = reminder.number = None
    return found


def _find_shown(person):
    rows = Reminder.objects.shown().filter(person=person)
    room_ids = get_room_ids(person)
    return rows if room_ids is None else rows.filter(room__in=room_ids)


def find_reminder(person: Person, reminder_id: int) -> Reminder | None:
    """Return a reminder of a person, in any state, or None."""
    return Reminder.objects.filter(person=person, id=reminder_id).first()


def delete_reminder(person: Person, reminder_id: int) -> None:
    """Delete a waiting or refused reminder. Raise `not_found` if there is none, or it has been sent."""
    # One statement deletes the row. So either this deletion or the sending succeeds, never both.
    if not _find_shown(person).filter(id=reminder_id).delete()[0]:
        raise ChatError("not_found", "You have no such reminder. It may already have been sent.")


def change_reminder(person: Person, reminder_id: int, at: datetime) -> Reminder:
    """
    Give a reminder another time. A private reminder that was sent is sent again at that time.

    Raise `not_found` for the reminder; `invalid_field` for the time; `forbidden` if the person has too many reminders.
    """
    seconds = _check_time(at)
    mine = Reminder.objects.filter(person=person, id=reminder_id)
    room_ids = get_room_ids(person)
    if room_ids is not None:
        mine = mine.filter(room__in=room_ids)
    with transaction.atomic():
        reminder = mine.select_for_update().first()
        if reminder is None or not (reminder.is_private or reminder.state == Reminder.WAITING):
            raise ChatError("not_found", "You have no such reminder. It may already have been sent.")
        if reminder.state != Reminder.WAITING:
            _check_number(person)
        reminder.due_at, reminder.state, reminder.why = at, Reminder.WAITING, ""
        reminder.save(update_fields=["due_at", "state", "why"])
        start_job(reminder.id, seconds)
    return reminder

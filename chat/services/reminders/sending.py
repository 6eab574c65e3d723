"""
Send each due reminder exactly once, even if its job is lost or runs twice.

The transaction that sends a reminder also claims its row, and a sweep finds reminders that are overdue. A private
reminder is a whisper: the person's open pages show it, and so do pages that the person opens later, until the person
dismisses it, but at most for SHOWN_SECONDS. Closed browsers get a push.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext

from channels_transport import OUTAGES
from chat import protocol
from chat.models import Message, Reminder, Room
from chat.protocol import ChatError
from chat.services import announcements, entry, push, rooms
from chat.services.free_rows import delete_free_rows, find_free_rows, lock_free_rows
from chat.services.mails import choose_language
from chat.services.rights import Action, may

from .storing import start_job

logger = logging.getLogger(__name__)

SHOWN_SECONDS = 30 * 24 * 3600  # a page shows a private reminder for this time
OVERDUE_AFTER = timedelta(seconds=10)  # within this time, the job may still arrive
MAX_SWEPT = 100
# A person can ask for a private reminder again as long as a page may show it: see SHOWN_SECONDS.
KEEP = timedelta(days=30)


def send_reminder(reminder_id: int) -> bool:
    """
    Send a reminder that is due. Several calls, also in several processes, send it once.

    If the reminder cannot be sent, for example because the person may no longer write in the room, it is refused. Its
    row then says why.

    Return whether this call sent or refused the reminder.
    """
    with transaction.atomic():
        # This statement claims the row. A second process waits here until the first process commits, and then finds no
        # row.
        due = Reminder.objects.waiting().filter(id=reminder_id, due_at__lte=timezone.now())
        if not due.update(state=Reminder.SENT):
            return _start_early_job_again(reminder_id)
        row = Reminder.objects.select_related("room", "person").get(id=reminder_id)
        try:
            with transaction.atomic():
                _send(row)
        except ChatError as refusal:
            Reminder.objects.filter(id=reminder_id).update(state=Reminder.REFUSED, why=refusal.detail)
    return True


def _send(row: Reminder) -> None:
    if not row.person.is_active:
        raise ChatError("forbidden", "The author's account is no longer active.")
    if row.is_private:
        _whisper(row)
    else:
        _post(row)


def _whisper(row: Reminder) -> None:
    with translation.override(choose_language(row.person)):
        text = row.text or gettext("You wanted to be reminded of a message.")
    whisper = announcements.whisper(row.person, text, expires_in=SHOWN_SECONDS, reminder=row.id, link=_find_link(row))
    push.post_reminder(whisper)


def _find_link(row: Reminder) -> str | None:
    """Return the path of the message or the room that a reminder is about, if the person may still read it."""
    if row.room is None or not may(row.person, Action.READ, row.room):
        return None
    if row.number is None:
        return f"/rooms/{row.room.slug}/"
    is_there = Message.objects.filter(room=row.room, number=row.number, removed_at=None).exists()
    return f"/rooms/{row.room.slug}/#message-{row.number}" if is_there else None


def _post(row: Reminder) -> None:
    if row.room is None:
        raise ChatError("not_found", "The room of this reminder was deleted.")
    if row.person.is_guest:
        entry.check_guests()
    member = rooms.return_to_room(row.person, row.room)
    # The ref contains the time of creation, because clients choose their refs freely and may use `reminder-7`.
    ref = f"reminder-{row.id}-{row.created_at:%Y%m%d%H%M%S%f}"
    rooms.post_message(member, protocol.Post(ref=ref, body=f"⏰ {row.text}"))


def _start_early_job_again(reminder_id):
    """If a reminder is not due yet, for example after a change of its time, start its job again. Return False."""
    row = Reminder.objects.waiting().filter(id=reminder_id).first()
    if row is not None:
        start_job(reminder_id, max(0, (row.due_at - timezone.now()).total_seconds()))
    return False


def sweep_reminders() -> int:
    """Send reminders that are overdue because their jobs were lost, and delete old rows. Return how many in total."""
    overdue = Reminder.objects.waiting().filter(due_at__lt=timezone.now() - OVERDUE_AFTER)
    rows = find_free_rows(overdue.order_by("due_at"), MAX_SWEPT)
    return sum(_send_overdue(row) for row in rows) + _delete_old()


def _delete_old():
    is_over = Q(state=Reminder.SENT) | Q(state=Reminder.REFUSED)
    old = Reminder.objects.filter(is_over, due_at__lt=timezone.now() - KEEP)
    return len(delete_free_rows(old, MAX_SWEPT))


def _send_overdue(row):
    # A message also changes its room. If another transaction has locked one of the two rows, a later sweep sends the
    # reminder.
    needed = [Reminder.objects.filter(id=row.id)]
    if not row.is_private and row.room_id is not None:
        needed.append(Room.objects.filter(id=row.room_id))
    try:
        with transaction.atomic():
            return all(lock_free_rows(rows, 1) for rows in needed) and send_reminder(row.id)
    except OUTAGES:
        raise
    except Exception:
        # If one reminder fails, the sweep must still send the other ones.
        logger.exception("The reminder %s could not be sent", row.id)
        return False

"""
Messages that are posted later: written now as rows, posted by a job when they are due, judged as they are then.

Writes ScheduledMessage; what is posted goes through the rooms' service like every other message. A job may be lost or
run twice: its row is claimed in the transaction that posts, and a sweep finds what is overdue.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_transport import OUTAGES
from chat import broadcast, protocol
from chat.models import Message, Person, Room, ScheduledMessage
from chat.protocol import ChatError
from chat.services import rooms

logger = logging.getLogger(__name__)

MAX_WAITING = 100  # messages of one person
LONGEST = timedelta(days=366)
SHOWN = 200  # of one person in one room
# A job on its way is not lost yet.
OVERDUE = timedelta(seconds=10)
SWEEP_AT_ONCE = 100
# So long a row is kept that was posted, so that a job which comes again finds it done; and one that its author may see.
POSTED_KEPT = timedelta(days=1)
REFUSED_KEPT = timedelta(days=30)


def schedule_message(member, event):
    """
    Stores what a Schedule says, and has it posted at its time. Returns (its id, whether it is new: the same ref gives
    the same id).

    Raises `invalid_field` (a time that is past, or too far away), `not_found` (reply_to), `forbidden` (too many wait,
    or a board's room), `ref_conflict`.
    """
    if member.room.access == Room.BOARD:
        # Who comes by a board's link is not signed in, and could neither see nor cancel what waits.
        raise ChatError("forbidden", "Nothing is posted later on a board.")
    return rooms.record_once(member, event, lambda: _store(member, event))


def _store(member, event):
    seconds = (event.at - timezone.now()).total_seconds()
    if not 0 < seconds <= LONGEST.total_seconds():
        raise ChatError("invalid_field", "'at' must be in the future, and at most a year away.")
    _check_reply(member, event)
    _check_number(member.person_id)
    row = ScheduledMessage.objects.create(
        room_id=member.room_id, author_id=member.person_id, body=event.body, reply_to=event.reply_to, due_at=event.at
    )
    transaction.on_commit(lambda: _start_job(row.id, seconds))
    return row.id


def _check_reply(member, event):
    if event.reply_to is None:
        return
    if not Message.objects.filter(room_id=member.room_id, number=event.reply_to).exists():
        raise ChatError("not_found", "There is no such message in this room.")


def _check_number(person_id):
    # Of two that come at once, the second counts the first.
    Person.objects.lock(person_id)
    if ScheduledMessage.objects.waiting().filter(author_id=person_id).count() >= MAX_WAITING:
        raise ChatError("forbidden", f"{MAX_WAITING} messages of yours are waiting already: cancel one first.")


def _start_job(scheduled_id, seconds):
    try:
        broadcast.start_job_later(broadcast.SCHEDULED_CHANNEL, {"scheduled": scheduled_id}, seconds)
    except Exception:
        # It is stored: whoever asked must not hear that it was not.
        logger.exception("A scheduled message has no job; the sweep will post it")


def get_scheduled(person, slug):
    """Returns what a person has waiting in a room, and what was refused, by time. Raises as `get_readable_room`."""
    rows = ScheduledMessage.objects.shown().filter(room=rooms.get_readable_room(person, slug), author=person)
    return list(rows.order_by("due_at", "id")[:SHOWN])


def cancel_scheduled(person, slug, scheduled_id):
    """
    Deletes what waits, or was refused. Raises `not_found`: also where it was posted already.

    Who may not read the room any more may still cancel; so its words are the same for all rooms, and for none.
    """
    room = Room.objects.filter(slug=slug).first() if protocol.is_slug(slug) else None
    # One statement on one table, so that of this and of posting it just one comes about.
    mine = ScheduledMessage.objects.shown().filter(author=person, room=room, id=scheduled_id)
    if room is None or not mine.delete()[0]:
        raise ChatError("not_found", "You have no such message waiting. It may have been posted.")


def post_scheduled(scheduled_id):
    """
    Posts what is due, once, however often and wherever this is called. Returns whether it did something.

    What its author may not post by now is not posted, and the row says why.
    """
    with transaction.atomic():
        # The claim: whoever comes second waits for the first to commit, and then finds nothing that waits.
        due = ScheduledMessage.objects.waiting().filter(id=scheduled_id, due_at__lte=timezone.now())
        if not due.update(state=ScheduledMessage.POSTED):
            return _start_again(scheduled_id)
        row = ScheduledMessage.objects.select_related("room", "author").get(id=scheduled_id)
        try:
            fields = {"number": _post(row)}
        except ChatError as refusal:
            fields = {"state": ScheduledMessage.REFUSED, "why": refusal.detail}
        ScheduledMessage.objects.filter(id=scheduled_id).update(**fields)
    return True


def _post(row):
    if not row.author.is_active:
        raise ChatError("forbidden", "Its author is not here any more.")
    member = rooms.join_room(row.author, row.room.slug)
    # With the moment, for refs are the clients' to choose: theirs may well be called `scheduled-7`.
    ref = f"scheduled-{row.id}-{row.created_at:%Y%m%d%H%M%S%f}"
    event = protocol.Post(ref=ref, body=row.body, reply_to=row.reply_to)
    return rooms.post_message(member, event).ack["id"]


def _start_again(scheduled_id):
    """A job that comes before its time, by the clock of this machine, comes again."""
    row = ScheduledMessage.objects.waiting().filter(id=scheduled_id).first()
    if row is not None:
        seconds = max(0, (row.due_at - timezone.now()).total_seconds())
        transaction.on_commit(lambda: _start_job(scheduled_id, seconds))
    return False


def sweep_scheduled():
    """Posts what is overdue because its job was lost, and forgets what is long over. Returns how many."""
    overdue = ScheduledMessage.objects.waiting().filter(due_at__lt=timezone.now() - OVERDUE)
    ids = list(overdue.order_by("due_at").values_list("id", flat=True)[:SWEEP_AT_ONCE])
    return sum(_post_overdue(scheduled_id) for scheduled_id in ids) + _forget()


def _forget():
    now = timezone.now()
    posted = Q(state=ScheduledMessage.POSTED, due_at__lt=now - POSTED_KEPT)
    refused = Q(state=ScheduledMessage.REFUSED, due_at__lt=now - REFUSED_KEPT)
    over = ScheduledMessage.objects.filter(posted | refused).values("id")[:SWEEP_AT_ONCE]
    return ScheduledMessage.objects.filter(id__in=over).delete()[0]


def _post_overdue(scheduled_id):
    try:
        return post_scheduled(scheduled_id)
    except OUTAGES:
        raise
    except Exception:
        logger.exception("The scheduled message %s could not be posted", scheduled_id)  # and the others are
        return False

"""
Scheduled messages: a message is stored as a row. A job posts it when it is due, if its author may still post.

This module writes ScheduledMessage. `rooms` posts the message like every other message. A job may be lost or run twice:
the transaction that posts also claims the row, and a sweep finds rows that are overdue.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext

from channels_transport import OUTAGES
from chat import broadcast, protocol
from chat.models import FormerSlug, Member, Message, Person, ScheduledMessage
from chat.protocol import ChatError
from chat.services import announcements, entry, rooms, threads, uploads
from chat.services.after_commit import start_job_after_commit
from chat.services.free_rows import delete_free_rows, find_free_rows, lock_free_rows
from chat.services.mails import choose_language
from chat.services.rights import Action, check_may, may
from chat.services.scopes import get_room_ids

logger = logging.getLogger(__name__)

MAX_WAITING = 100  # waiting messages of one person
MAX_DELAY = timedelta(days=366)
MAX_LISTED = 200  # messages of one person in one room
OVERDUE_AFTER = timedelta(seconds=10)  # within this time, the job may still arrive
MAX_SWEPT = 100
# The row of a posted message is kept, so that a job that arrives again finds it posted. The row of a refused message is
# kept longer, because the author reads the reason in it.
KEEP_POSTED = timedelta(days=1)
KEEP_REFUSED = timedelta(days=30)
TOLD_SECONDS = 30 * 24 * 3600  # pages tell an author for this time that the message was refused


def schedule_message(member: Member, event: protocol.Schedule) -> tuple[int, bool]:
    """
    Store a message to be posted later, once for each ref, and start its job on commit.

    Return the id of the scheduled message, and whether it is new.

    Raise:

    - `invalid_field` if the time is not in the future or more than a year away;
    - `not_found` for `reply_to`, for `thread`, and for a file;
    - `forbidden` on a board, or if the person has too many waiting messages;
    - `ref_conflict`.
    """
    check_may(member.person, Action.SCHEDULE, member.room, member)
    return rooms.record_once(member, event, lambda: _store(member, event))


def _store(member, event):
    seconds = (event.at - timezone.now()).total_seconds()
    if not 0 < seconds <= MAX_DELAY.total_seconds():
        raise ChatError("invalid_field", "'at' must be in the future, and at most a year away.")
    _check_reply(member, event)
    thread_root = None if event.thread is None else threads.get_root(member, event.thread).number
    _check_number(member.person_id)
    row = ScheduledMessage.objects.create(
        room_id=member.room_id,
        author_id=member.person_id,
        body=event.body,
        reply_to=event.reply_to,
        thread_root=thread_root,
        due_at=event.at,
    )
    uploads.attach_to_scheduled(member, row, event.files)
    _start_job(row.id, seconds)
    return row.id


def _check_reply(member, event):
    if event.reply_to is None:
        return
    if not Message.objects.filter(room_id=member.room_id, number=event.reply_to).exists():
        raise rooms.make_no_message_error()


def _check_number(person_id):
    # The lock makes two requests at the same moment run one after the other. So the second request counts the row of
    # the first request.
    Person.objects.lock(person_id)
    if ScheduledMessage.objects.waiting().filter(author_id=person_id).count() >= MAX_WAITING:
        raise ChatError(
            "forbidden", "You already have %(most)s scheduled messages. Cancel one first.", most=MAX_WAITING
        )


def _start_job(scheduled_id, seconds):
    start_job_after_commit(broadcast.SCHEDULED_CHANNEL, {"scheduled": scheduled_id}, seconds)


def get_scheduled(person: Person, slug: str) -> list[ScheduledMessage]:
    """
    Return at most MAX_LISTED of a person's waiting and refused messages in a room, in the order in which they are due.

    Raise `not_found` or `forbidden` if the person may not read the room.
    """
    rows = ScheduledMessage.objects.shown().filter(room=rooms.get_readable_room(person, slug), author=person)
    return list(rows.order_by("due_at", "id")[:MAX_LISTED])


def cancel_scheduled(person: Person, slug: str, scheduled_id: int) -> None:
    """
    Delete a waiting or refused message of this person.

    A person who may no longer read the room may still cancel. So the error does not depend on the room, or on whether
    the room exists.

    Raise `not_found` if there is no such message, or it has been posted.
    """
    room = rooms.find_room(slug)
    # An unknown room costs the same query as a room that the person may not know about.
    is_there = Q(room=room.id if room else 0)
    if protocol.is_slug(slug):
        is_there |= Q(room__in=FormerSlug.objects.filter(slug=slug).values("room"))
    mine = ScheduledMessage.objects.shown().filter(is_there, author=person, id=scheduled_id)
    room_ids = get_room_ids(person)
    if room_ids is not None:
        mine = mine.filter(room__in=room_ids)
    with transaction.atomic():
        # This statement claims the row, as a job does. So either this deletion or the posting succeeds, never both.
        # A deletion alone would first read the row, because Django releases its files.
        if not mine.update(state=ScheduledMessage.REFUSED):
            raise ChatError("not_found", "You have no such scheduled message. It may already have been posted.")
        mine.delete()


def post_scheduled(scheduled_id: int) -> bool:
    """
    Post a message that is due. Several calls, also in several processes, post it once.

    If the author may no longer post, the message is refused, and the row says why. An author who is no longer in the
    room gets an announcement too.

    Return whether the message was posted or refused now.
    """
    with transaction.atomic():
        # This statement claims the row. A second process waits here until the first process commits, and then finds no
        # row.
        due = ScheduledMessage.objects.waiting().filter(id=scheduled_id, due_at__lte=timezone.now())
        if not due.update(state=ScheduledMessage.POSTED):
            return _start_early_job_again(scheduled_id)
        row = ScheduledMessage.objects.select_related("room", "author").get(id=scheduled_id)
        try:
            fields = {"number": _post(row)}
        except ChatError as refusal:
            fields = {"state": ScheduledMessage.REFUSED, "why": refusal.detail}
            _tell_outsider(row)
        ScheduledMessage.objects.filter(id=scheduled_id).update(**fields)
    return True


def _post(row):
    if not row.author.is_active:
        raise ChatError("forbidden", "The author's account is no longer active.")
    if row.author.is_guest:
        entry.check_guests()
    member = rooms.return_to_room(row.author, row.room)
    # The ref contains the time of creation, because clients choose their refs freely and may use `scheduled-7`.
    ref = f"scheduled-{row.id}-{row.created_at:%Y%m%d%H%M%S%f}"
    # If the message is refused, its files stay with it.
    with transaction.atomic():
        files = uploads.release_scheduled(row)
        event = protocol.Post(ref, row.body, row.reply_to, files, row.thread_root)
        return rooms.post_message(member, event).ack["id"]


def _tell_outsider(row):
    """Tell the author about the refusal, if the author is no longer in the room, and so does not see it there."""
    if not row.author.is_active or Member.objects.find_in_room(row.room_id, row.author_id) is not None:
        return
    with translation.override(choose_language(row.author)):
        text = gettext("Your scheduled message was not posted, because you are no longer in its room.")
    link = f"/rooms/{row.room.slug}/" if may(row.author, Action.READ, row.room) else None
    announcements.whisper(row.author, text, expires_in=TOLD_SECONDS, link=link)


def _start_early_job_again(scheduled_id):
    """Start the job of a waiting message again: the job came too early by this machine's clock. Return False."""
    row = ScheduledMessage.objects.waiting().filter(id=scheduled_id).first()
    if row is not None:
        _start_job(scheduled_id, max(0, (row.due_at - timezone.now()).total_seconds()))
    return False


def sweep_scheduled() -> int:
    """Post messages that are overdue because their job was lost, and delete old rows. Return how many in total."""
    overdue = ScheduledMessage.objects.waiting().filter(due_at__lt=timezone.now() - OVERDUE_AFTER)
    # Messages of locked rooms are left out, because they could fill the batch, and delay the messages of other rooms.
    rows = find_free_rows(overdue.select_related("room").order_by("due_at"), MAX_SWEPT, of=("self", "room"))
    return sum(_post_overdue(row.id) for row in rows) + _delete_old()


def _delete_old():
    now = timezone.now()
    posted = Q(state=ScheduledMessage.POSTED, due_at__lt=now - KEEP_POSTED)
    refused = Q(state=ScheduledMessage.REFUSED, due_at__lt=now - KEEP_REFUSED)
    old = ScheduledMessage.objects.filter(posted | refused)
    return len(delete_free_rows(old, MAX_SWEPT))


def _post_overdue(scheduled_id):
    row = ScheduledMessage.objects.filter(id=scheduled_id).select_related("room")
    try:
        with transaction.atomic():
            # Posting also changes the room, so another transaction must have locked neither.
            return bool(lock_free_rows(row, 1, of=("self", "room"))) and post_scheduled(scheduled_id)
    except OUTAGES:
        raise
    except Exception:
        # If one message fails, the sweep must still post the other messages.
        logger.exception("The scheduled message %s could not be posted", scheduled_id)
        return False

"""
The job that fetches the pages of a message's links, and shows their previews in the message.

A job only says that rows of LinkPreview wait. The job may be lost or run twice: a worker claims the rows first, and a
sweep starts lost jobs again. This module writes LinkPreview, and Message through `rooms`.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from chat.models import AdditionBit, LinkPreview, Message, Preview
from chat.services import rooms
from chat.services.free_rows import delete_free_rows

from .fetching import KEEP, get_preview
from .links import find_links_of, start_job

LOCK = timedelta(minutes=2)  # longer than the job may last
OVERDUE_AFTER = timedelta(seconds=90)  # a job that no worker has taken for a minute has expired on the channel
MAX_TRIES = 2  # a page that kills its worker must not kill all workers
MAX_SWEPT = 100


def make_previews(room_id: int, number: int) -> bool:
    """
    Fetch the pages of a message's links that are due, and publish the message with their previews.

    Return whether the message has changed.
    """
    links = _claim(room_id, number)
    message = Message.objects.filter(room_id=room_id, number=number, removed_at=None).first()
    if not links or message is None:
        return False
    is_on = settings.CHAT_LINK_PREVIEWS
    found = {link.id: get_preview(link.url, message.author_id, room_id) if is_on else None for link in links}
    return rooms.change_addition(room_id, number, lambda message: _show(message, found))


def _claim(room_id: int, number: int) -> list[LinkPreview]:
    # Each UPDATE claims a row, so only one of several workers with the same job fetches its page.
    now = timezone.now()
    due = LinkPreview.objects.filter(due_at__lte=now, tries__lt=MAX_TRIES)
    links = find_links_of(room_id, [number]).filter(due_at__lte=now, tries__lt=MAX_TRIES)
    return [link for link in links if due.filter(id=link.id).update(due_at=now + LOCK, tries=F("tries") + 1)]


def _show(message: Message, found: dict[int, Preview | None]) -> bool:
    """Store the previews that were found for the links of a message. Return whether the message shows a new preview."""
    # Meanwhile, an edit may have deleted some of the links, and a person may have removed some of the previews.
    waiting = find_links_of(message.room_id, [message.number]).filter(id__in=list(found), due_at__isnull=False)
    has_changed = False
    for link in waiting:
        preview = found[link.id]
        if preview is None:
            link.delete()
            continue
        # Somebody else may have deleted the preview with the only other message that showed it.
        link.preview = Preview.objects.filter(id=preview.id).first()
        link.due_at = None
        link.save()
        has_changed = has_changed or link.preview is not None
    if not find_links_of(message.room_id, [message.number]).exists():
        message.additions = ((message.additions or 0) & ~AdditionBit.PREVIEWS) or None
        Message.objects.filter(id=message.id).update(additions=message.additions)
    return has_changed


def sweep_previews() -> int:
    """
    Start the jobs of overdue links again. Delete links after MAX_TRIES, and expired previews that no message shows.

    Return the number of started jobs and deleted rows.
    """
    now = timezone.now()
    waiting = LinkPreview.objects.filter(due_at__lt=now - OVERDUE_AFTER)
    # The body of the message still has these links. Only the rows that wait for a preview are deleted.
    given_up = delete_free_rows(waiting.filter(tries__gte=MAX_TRIES), MAX_SWEPT)
    lost = set(waiting.filter(tries__lt=MAX_TRIES).order_by("due_at").values_list("room_id", "number")[:MAX_SWEPT])
    for room_id, number in lost:
        start_job(room_id, number)
    old = Preview.objects.filter(fetched_at__lt=now - KEEP, links__isnull=True).exclude(expires_at__gt=now)
    failed = Preview.objects.filter(is_found=False, expires_at__lt=now)
    return len(given_up) + len(lost) + len(delete_free_rows(old, MAX_SWEPT)) + len(delete_free_rows(failed, MAX_SWEPT))

"""
Announcements of operators and of the site, and the receipts of the people who have dismissed them.
"""

from collections.abc import Collection

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .people import Person
from .rooms import Room
from .statements import Columns


class AnnouncementQuerySet(models.QuerySet):
    def current(self) -> models.QuerySet:
        """Select the announcements that have not expired."""
        return self.filter(expires_at__gt=timezone.now())

    def expired(self) -> models.QuerySet:
        """Select the announcements that have expired."""
        return self.filter(expires_at__lte=timezone.now())


class Announcement(models.Model):
    """
    A text of an operator for everybody, for everybody in `room`, or (a whisper) for `person` only.

    The site itself sends reminders and notices as whispers.

    Each person sees it until they dismiss it, or until `expires_at`. A Receipt records that the person has dismissed
    it.
    """

    INFO, WARNING, URGENT = "info", "warning", "urgent"
    LEVELS = [
        (INFO, pgettext_lazy("level of an announcement", "info")),
        (WARNING, pgettext_lazy("level of an announcement", "warning")),
        (URGENT, pgettext_lazy("level of an announcement", "urgent")),
    ]

    id = models.BigAutoField(primary_key=True)
    text = models.TextField()
    level = models.CharField(max_length=10, choices=LEVELS, default=INFO)
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, null=True, related_name="whispers", on_delete=models.CASCADE)
    # `reminder` is the id of the Reminder that this whisper delivers. `link` is the path of the room or message that
    # this whisper is about. Both may be null.
    reminder = models.BigIntegerField(null=True, editable=False)
    link = models.CharField(max_length=200, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(Person, null=True, related_name="+", editable=False, on_delete=models.SET_NULL)
    # Every handshake of a room or a person's stream selects the announcements that have not expired. They are few.
    expires_at = models.DateTimeField(db_index=True)

    objects = AnnouncementQuerySet.as_manager()

    def __str__(self):
        return self.text[:60]


class Receipt(models.Model):
    """The record that a person has dismissed an announcement, in any tab or on any device."""

    id = models.BigAutoField(primary_key=True)
    announcement = models.ForeignKey(Announcement, related_name="receipts", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, db_index=False, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["announcement", "person"], name="told_once")]


def get_newest_announcement_id() -> int:
    """Return the id of the newest announcement, or 0. This statement runs for each `workspace` event."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM chat_announcement")
        return cursor.fetchone()[0]


def find_announcements(
    person_id: int | None, room_ids: Collection[int], since: int | None, limit: int
) -> list[Announcement]:
    """
    Return the newest announcements that have not expired, and that a person has not dismissed, the newest first.

    These are the announcements to everybody, to the person (None: a stranger), and to these rooms. Return at most
    `limit`, with ids above `since` (None: any).
    """
    rooms = ", ".join(["%s"] * len(room_ids)) or "NULL"
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_FIND_CURRENT.format(rooms=rooms), [now, since or 0, person_id, *room_ids, person_id, limit])
        return [_COLUMNS.make_row(iter(row)) for row in cursor.fetchall()]


_COLUMNS = Columns(Announcement, "announcement")
_FIND_CURRENT = f"""
    SELECT {_COLUMNS.sql} FROM chat_announcement announcement
    WHERE announcement.expires_at > %s AND announcement.id > %s
    AND (
        announcement.person_id = %s
        OR (announcement.person_id IS NULL AND (announcement.room_id IS NULL OR announcement.room_id IN ({{rooms}})))
    )
    AND NOT EXISTS (
        SELECT 1 FROM chat_receipt receipt
        WHERE receipt.announcement_id = announcement.id AND receipt.person_id = %s
    )
    ORDER BY announcement.id DESC LIMIT %s
"""

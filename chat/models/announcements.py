"""
Announcements of operators, and the receipts of the people who have dismissed them.
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .people import Person
from .rooms import Room


class AnnouncementQuerySet(models.QuerySet):
    def current(self) -> models.QuerySet:
        """Select the announcements that have not expired."""
        return self.filter(expires_at__gt=timezone.now())

    def expired(self) -> models.QuerySet:
        """Select the announcements that have expired."""
        return self.filter(expires_at__lte=timezone.now())

    def for_person(self, person_id: int | None, room_id: int | None = None) -> models.QuerySet:
        """
        Select the announcements to everybody, to a person, and to the room that the person enters.

        With None for the person or the room, leave out the announcements to people or to rooms.
        """
        to_many = models.Q(person=None, room=None)
        if room_id is not None:
            to_many |= models.Q(person=None, room=room_id)
        return self.filter(to_many if person_id is None else to_many | models.Q(person=person_id))

    def undismissed(self, person_id: int) -> models.QuerySet:
        """Select the announcements without a receipt of the person."""
        receipts = Receipt.objects.filter(person=person_id, announcement=models.OuterRef("id"))
        return self.annotate(has_receipt=models.Exists(receipts)).filter(has_receipt=False)


class Announcement(models.Model):
    """
    A text that an operator sends to everybody, to everybody in `room`, or (a whisper) to `person` only.

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
    # The id of the Reminder that this whisper delivers, and the path of what it is about. Null for other announcements.
    reminder = models.BigIntegerField(null=True, editable=False)
    link = models.CharField(max_length=200, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(Person, null=True, related_name="+", editable=False, on_delete=models.SET_NULL)
    # Every handshake selects the announcements that have not expired. There are few of them.
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

"""
Reminders: texts that a person or a room gets at a later time.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class ReminderQuerySet(models.QuerySet):
    def waiting(self) -> models.QuerySet:
        """Select the reminders that have been neither sent nor refused."""
        return self.filter(state=Reminder.WAITING)

    def shown(self) -> models.QuerySet:
        """Select the reminders that their authors see: waiting and refused reminders."""
        return self.exclude(state=Reminder.SENT)


class Reminder(models.Model):
    """
    A text that is sent when it is due: as a private announcement to the person, or as the person's message to a room.

    A job sends the reminder. A job may be lost or run twice, so the row records whether the reminder is still to be
    sent.
    """

    WAITING, SENT, REFUSED = "waiting", "sent", "refused"
    STATES = [(state, state) for state in (WAITING, SENT, REFUSED)]

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, related_name="reminders", on_delete=models.CASCADE)
    # The room that gets the message or, for a private reminder, the room in which the person asked for it. A private
    # reminder is sent even if the room was deleted.
    room = models.ForeignKey(Room, null=True, related_name="reminders", on_delete=models.SET_NULL)
    is_private = models.BooleanField()
    # The message that the reminder is about.
    number = models.BigIntegerField(null=True)
    text = models.TextField(blank=True)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    why = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="reminders_waiting", condition=models.Q(state="waiting"))]

    def __str__(self):
        return f"{self.person}, {self.due_at}"

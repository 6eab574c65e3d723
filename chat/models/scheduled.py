"""
Messages that are written now and posted at a later time.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class ScheduledMessageQuerySet(models.QuerySet):
    def waiting(self) -> models.QuerySet:
        """Select the messages that have been neither posted nor refused."""
        return self.filter(state=ScheduledMessage.WAITING)

    def shown(self) -> models.QuerySet:
        """Select the messages that their authors see: waiting and refused messages."""
        return self.exclude(state=ScheduledMessage.POSTED)


class ScheduledMessage(models.Model):
    """
    A message that waits until it is due. `why` is the reason if the message was refused.

    A job posts the message. A job may be lost or run twice, so the row records whether the message is still to be
    posted.
    """

    WAITING, POSTED, REFUSED = "waiting", "posted", "refused"
    STATES = [(state, state) for state in (WAITING, POSTED, REFUSED)]

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, related_name="scheduled", on_delete=models.CASCADE)
    author = models.ForeignKey(Person, related_name="scheduled", on_delete=models.CASCADE)
    body = models.TextField()
    reply_to = models.BigIntegerField(null=True)
    # The first message of the thread in which the message is posted; null for the room's timeline.
    thread_root = models.BigIntegerField(null=True)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    why = models.CharField(max_length=300, blank=True)
    # This is the id of the posted message; null before the message is posted.
    number = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ScheduledMessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="scheduled_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self):
        return f"{self.author} in {self.room}, {self.due_at}"

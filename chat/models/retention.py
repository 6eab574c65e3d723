"""
What the site keeps: rules that delete old messages, holds that stop every deletion, and the log of the runs.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class RetentionRule(models.Model):
    """
    Messages older than `days` are deleted in `room`; without a room, in all rooms of the kind `access`; without both,
    in all rooms.

    The most specific rule decides. If `days` is null, the messages are kept without a limit of time.
    """

    room = models.OneToOneField(Room, null=True, related_name="+", on_delete=models.CASCADE)
    # Empty for the rule of a room, and for the rule of all rooms.
    access = models.CharField(max_length=10, choices=Room.ACCESS, blank=True)
    days = models.PositiveIntegerField(null=True)
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["access"], condition=models.Q(room__isnull=True), name="one_retention_rule_per_kind"
            )
        ]

    def __str__(self):
        return f"{self.room or self.access or 'all'}: {self.days}"


class Hold(models.Model):
    """
    Nothing may be deleted in `room`, or in all rooms in which `person` is a member or has written.

    While a hold applies, the body of a message that a person removes is kept as an EarlierBody.
    """

    room = models.OneToOneField(Room, null=True, related_name="+", on_delete=models.PROTECT)
    person = models.OneToOneField(Person, null=True, related_name="+", on_delete=models.PROTECT)
    reason = models.CharField(max_length=500)
    placed_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"hold of {self.room or self.person}"


class RetentionEntry(models.Model):
    """One act of an operator, or one run that deleted messages. Entries are never changed."""

    SET, REMOVE, HOLD, RELEASE, RUN = "set", "remove", "hold", "release", "run"
    ACTS = [(act, act) for act in (SET, REMOVE, HOLD, RELEASE, RUN)]

    id = models.BigAutoField(primary_key=True)
    act = models.CharField(max_length=10, choices=ACTS)
    # What the act is about: a room's slug, a kind of rooms, `all`, or @ and a handle.
    target = models.CharField(max_length=60)
    days = models.PositiveIntegerField(null=True)
    messages = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)
    # The user of the operating system who ran the command, or `monitor`.
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"{self.act} {self.target}"

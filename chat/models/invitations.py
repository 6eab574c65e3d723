"""
Invitations: links that make people members of a private room.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class InvitationQuerySet(models.QuerySet):
    def open(self) -> models.QuerySet:
        """Select the invitations that have not expired and are not used up."""
        has_uses = models.Q(uses_left=None) | models.Q(uses_left__gt=0)
        return self.filter(has_uses, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """
    A link into a room. Only the digest of the link's key is stored.

    `uses_left` is the number of people who may still join with the link; None for any number.
    """

    room = models.ForeignKey(Room, related_name="invitations", on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    uses_left = models.PositiveIntegerField(null=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self):
        return f"into {self.room}, by {self.created_by}"

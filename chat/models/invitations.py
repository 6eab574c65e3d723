"""
Invitations: links that make people members of a room, or let them create an account.
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
    A link into a room, or into the site. Only the digest of the link's key is stored.

    - `room`: the room that people join with the link; None for a link that is only for a new account.
    - `handle`: the reserved handle of the account that the link creates; None for a handle that the person chooses.
    - `is_from_site`: True for a link that a command made, which has no creator and stays valid without one; False for a
      link for accounts that a person made; null for a link that a moderator made for a room.
    - `uses_left`: the number of people who may still use the link; None for any number.
    """

    room = models.ForeignKey(Room, null=True, related_name="invitations", on_delete=models.CASCADE)
    handle = models.CharField(max_length=32, null=True)
    is_from_site = models.BooleanField(null=True)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    uses_left = models.PositiveIntegerField(null=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self):
        return f"into {self.room or 'the site'}, by {self.created_by or 'the site'}"

"""
External logins: the accounts at an OpenID Connect provider with which people sign in.
"""

from django.db import models
from django.utils import timezone

from .people import Person

MAX_SUBJECT = 255  # characters; OpenID Connect allows no longer subject


class ExternalLogin(models.Model):
    """
    An account at a provider that signs a person in.

    The issuer and the subject identify the account, and never change. The provider may give a name or an e-mail address
    to somebody else later, so nothing here depends on them.
    """

    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=MAX_SUBJECT)
    person = models.ForeignKey(Person, related_name="external_logins", on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject"),
            models.UniqueConstraint(fields=["issuer", "person"], name="one_subject_per_person"),
        ]

    def __str__(self):
        return f"{self.person} at {self.issuer}"

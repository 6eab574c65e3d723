"""
People, and the keys of their bots.
"""

import unicodedata

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone


def make_handle_key(handle):
    """Returns what is unique of a handle: two handles with one key look alike but for case or width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle).casefold())


class PersonManager(BaseUserManager):
    """Finds people by the key of their handle, since handles are unique ignoring case."""

    def get_by_natural_key(self, handle):
        return self.get(handle_key=make_handle_key(handle))

    def operators(self):
        """Those who may use the admin."""
        return self.filter(is_staff=True, is_active=True)

    def lock(self, person_id):
        """Within a transaction: others that lock the person wait for its end."""
        # Not SELECT FOR UPDATE: PostgreSQL would let nobody refer to the person meanwhile. Who holds a room and notes
        # what was done to them would wait for us, and we for the room.
        self.filter(id=person_id).update(seen_at=models.F("seen_at"))

    def create_superuser(self, handle, password):
        """Makes the operator. What `manage.py createsuperuser` calls; raises ValidationError where it cannot."""
        key = make_handle_key(handle)
        if self.filter(handle_key=key).exists():
            raise ValidationError(f"The handle {handle!r} is taken.")
        person = self.model(handle=handle, handle_key=key, is_staff=True, is_superuser=True)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """
    Someone who may speak: an account with a password, or a guest who only picked a handle.

    `handle_key` is what is unique of the handle. It is empty once a guest is gone: the rows of their messages
    stay and keep the name they were written under, and somebody else may take it.
    """

    handle = models.CharField(max_length=32)
    # NFKC makes up to 18 characters of one (U+FDFA), so a key may be longer than its handle.
    handle_key = models.CharField("handle, ignoring case", max_length=600, unique=True, null=True, editable=False)
    is_guest = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may use the admin", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PersonManager()

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name_plural = "people"

    def __str__(self):
        return self.handle


class Token(models.Model):
    """A bot's key to its person's account. Only the digest of the key is kept."""

    person = models.ForeignKey(Person, related_name="tokens", on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self):
        return f"{self.name} of {self.person}"

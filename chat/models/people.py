"""
People, and the tokens of their bots.
"""

import unicodedata
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone


def make_handle_key(handle: str) -> str:
    """Return the key of a handle, which must be unique. Handles that differ only in case or width have the same key."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle).casefold())


class PersonManager(BaseUserManager):
    """Finds people by the keys of their handles. The case of a handle does not matter."""

    def get_by_natural_key(self, handle: str) -> "Person":
        """Return the person with this handle, ignoring case. Raise Person.DoesNotExist."""
        return self.get(handle_key=make_handle_key(handle))

    def operators(self) -> models.QuerySet:
        """Select the people who may use the admin."""
        return self.filter(is_staff=True, is_active=True)

    def lock(self, person_id: int) -> None:
        """Lock a person until the end of the transaction. Other transactions that call this for the person wait."""
        # SELECT FOR UPDATE is not used: on PostgreSQL it blocks every insert of a row that refers to the person. This
        # can cause a deadlock. Another transaction locks a room and then inserts an audit entry for the person, while
        # this transaction holds the lock of the person and waits for the room.
        self.filter(id=person_id).update(seen_at=models.F("seen_at"))

    def create_superuser(self, handle: str, password: str | None) -> "Person":
        """Create an operator, for `manage.py createsuperuser`. Raise ValidationError if the handle is taken."""
        key = make_handle_key(handle)
        if self.filter(handle_key=key).exists():
            raise ValidationError(f"The handle {handle!r} is taken.")
        person = self.model(handle=handle, handle_key=key, is_staff=True, is_superuser=True)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """
    The author of messages: an account with a password, or a guest who only has a handle.

    `handle_key` makes the handle unique. The key is null after a guest has left: the guest's messages still show the
    handle, and another person may take the handle.
    """

    handle = models.CharField(max_length=32)
    # NFKC turns one character into up to 18 (U+FDFA), so a key may be longer than its handle.
    handle_key = models.CharField("handle, ignoring case", max_length=600, unique=True, null=True, editable=False)
    is_guest = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may use the admin", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PersonManager()

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name_plural = "people"

    def __str__(self):
        return self.handle


class Token(models.Model):
    """A key with which a bot uses a person's account. Only the digest of the key is stored."""

    person = models.ForeignKey(Person, related_name="tokens", on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self):
        return f"{self.name} of {self.person}"

"""
People, and the keys of their bots.
"""

import unicodedata
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone


def make_handle_key(handle: str) -> str:
    """Return the key by which handles are unique. Two handles with the same key differ only in case or width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle).casefold())


class PersonManager(BaseUserManager):
    """Finds people by the keys of their handles, because handles are unique ignoring case."""

    def get_by_natural_key(self, handle: str) -> "Person":
        """Return the person with this handle, ignoring case. Raise Person.DoesNotExist."""
        return self.get(handle_key=make_handle_key(handle))

    def operators(self) -> models.QuerySet:
        """Select the people who may use the admin."""
        return self.filter(is_staff=True, is_active=True)

    def lock(self, person_id: int) -> None:
        """Lock a person until the end of the transaction: other transactions that call this wait."""
        # Not SELECT FOR UPDATE: with that, PostgreSQL lets no other transaction store a row that refers to the person.
        # A transaction that holds a room and writes an audit entry for the person would wait for this one, and this
        # one for the room.
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

    `handle_key` makes the handle unique. It is empty when a guest has left: the guest's messages stay and keep the
    handle, and another person may take it.
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
    """A bot's key to the account of its person. Only the digest of the key is stored."""

    person = models.ForeignKey(Person, related_name="tokens", on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self):
        return f"{self.name} of {self.person}"

"""
People, the people whom they block, and the places from which they have signed in.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from typing import ClassVar, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils import timezone

from chat.protocol.lookalikes import make_skeleton

from .grants import Grant
from .statements import Columns, CredentialStatement, RowStatement

MAX_SKELETON = 128  # characters; an index cannot contain long values
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")


def make_handle_key(handle: str) -> str:
    """
    Return the key of a handle. Keys are unique. The key is the same for handles that differ only by case, by the
    width of characters, or by the variation selectors of emoji.
    """
    if handle.isascii():
        # The list of present people contains many handles, and this takes a fifth of the time.
        return handle.lower()
    text = _VARIATIONS.sub("", handle)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def make_handle_skeleton(handle: str) -> str:
    """Return a text that is the same for handles that look alike, of at most MAX_SKELETON characters."""
    skeleton = make_skeleton(handle) or make_handle_key(handle)
    return skeleton if len(skeleton) <= MAX_SKELETON else hashlib.sha256(skeleton.encode()).hexdigest()


# Other people may take the handle of a person with these keys.
NO_HANDLE_KEYS: dict[str, str | None] = {"handle_key": None, "handle_skeleton": None}


def make_handle_keys(handle: str) -> dict[str, str | None]:
    """Return the two columns that make a handle unique: {"handle_key", "handle_skeleton"}."""
    return {"handle_key": make_handle_key(handle), "handle_skeleton": make_handle_skeleton(handle)}


class Login(NamedTuple):
    """What a sign-in with a password needs of a person: the id, the encoded password, and whether the row is active."""

    id: int
    password: str
    is_active: bool


def _select_handle(handle, or_alike):
    """Return the keys of a handle, the best first, and the condition that selects the people who may be meant."""
    keys = [make_handle_key(handle), make_handle_key(" ".join(handle.split()))]
    is_meant = models.Q(handle_key__in=keys)
    if or_alike:
        is_meant |= models.Q(handle_skeleton=make_handle_skeleton(handle), is_guest=False)
    return keys, is_meant


def _choose_meant(found, keys):
    """Return the value of the best key of a handle, or of a handle that looks alike, or None."""
    return found.get(keys[0]) or found.get(keys[1]) or next(iter(found.values()), None)


class PersonManager(BaseUserManager):
    """Finds people by the keys of their handles. The case of a handle does not matter."""

    def get_by_natural_key(self, handle: str) -> "Person":
        """Return the person with this handle, ignoring case. Raise Person.DoesNotExist."""
        return self.get(handle_key=make_handle_key(handle))

    def find_by_handle(self, handle: str, or_alike: bool = False) -> "Person | None":
        """
        Return the person with this handle, ignoring case and repeated spaces, or None.

        With `or_alike`, return the account whose handle looks like this one if nobody has the handle itself. Run one
        query.
        """
        keys, is_meant = _select_handle(handle, or_alike)
        return _choose_meant({person.handle_key: person for person in self.filter(is_meant)}, keys)

    def find_login(self, handle: str) -> "Login | None":
        """
        Return the login of the person whom `find_by_handle` finds with `or_alike`, or None. Run one query.

        It takes the same time whether there is such a person or not: no instance of a model is made.
        """
        keys, is_meant = _select_handle(handle, or_alike=True)
        rows = self.filter(is_meant).values_list("handle_key", "id", "password", "is_active")
        return _choose_meant({key: Login(*login) for key, *login in rows}, keys)

    def find_with_credential(
        self, person_id: int, session_key: str | None = None, token_id: int | None = None
    ) -> "Person | None":
        """
        Return a person with `is_signed_in` (whether the login session or token is valid) and `grant`, or None.

        This runs one statement for every frame of a person's own stream, like `Member.objects.find_with_credential`.
        """
        found = _FIND.fetch(person_id, session_key, token_id)
        if found is None:
            return None
        person = _PERSON.make_row(found.values)
        person.is_signed_in, person.grant = found.is_valid, found.grant
        return person

    def find_all(self, person_ids: Collection[int]) -> "dict[int, Person]":
        """
        Return {id: a person}, with the same columns as `find_with_credential`. Run one statement.

        The people have no `is_signed_in`, and no `grant`.
        """
        marks = ", ".join(["%s"] * len(person_ids))
        with connection.cursor() as cursor:
            cursor.execute(_FIND_ALL.format(marks=marks), list(person_ids))
            people = [_PERSON.make_row(iter(row)) for row in cursor.fetchall()]
        return {person.id: person for person in people}

    def find_by_id(self, person_id: int) -> "Person | None":
        """Return a person, or None. Every handshake and every request with a login run this statement."""
        return _FIND_BY_ID.fetch(person_id)

    def operators(self) -> models.QuerySet:
        """Select the people who may use the admin."""
        return self.filter(is_staff=True, is_active=True)

    def lock(self, person_id: int) -> None:
        """Lock a person until the end of the transaction. Other transactions that call this for the person wait."""
        # SELECT FOR UPDATE is not used: on PostgreSQL it blocks every insert of a row that refers to the person. This
        # can cause a deadlock: another transaction locks a room and then inserts an audit entry for the person. At the
        # same time, this transaction holds the lock of the person and waits for the room.
        self.filter(id=person_id).update(seen_at=models.F("seen_at"))

    def create_superuser(self, handle: str, password: str | None) -> "Person":
        """
        Create an operator, for `manage.py createsuperuser`.

        Raise ValidationError if somebody has the handle, or one that looks like it.
        """
        keys = make_handle_keys(handle)
        is_same = models.Q(handle_key=keys["handle_key"]) | models.Q(handle_skeleton=keys["handle_skeleton"])
        if self.filter(is_same).exists():
            raise ValidationError(f"The handle {handle!r} is taken.")
        person = self.model(handle=handle, **keys, is_staff=True, is_superuser=True)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """
    The author of messages: an account with a password, a guest who only has a handle, or the bot of a hook.

    `handle_key` and `handle_skeleton` make the handle unique: nobody else has the same handle, ignoring case, or a
    handle that looks like it. In these cases, one or both are null:

    - A guest has left, and no room's history shows the guest: both are null. Another person may take the handle.
    - A guest exists on one board only: both are null.
    - An account was deleted: it has a skeleton, but no key.
    - Some accounts had handles that look alike before there were skeletons. They keep their handles, and only the first
      of them has the skeleton.
    """

    handle = models.CharField(max_length=32)
    # NFKC turns one character into up to 18 (U+FDFA), so a key may be longer than its handle.
    handle_key = models.CharField("handle, ignoring case", max_length=600, unique=True, null=True, editable=False)
    handle_skeleton = models.CharField(max_length=MAX_SKELETON, unique=True, null=True, editable=False)
    # This is the digest of the id of the browser in which the person picked the handle; null if it is not known.
    browser = models.CharField(max_length=64, null=True, db_index=True, editable=False)
    is_guest = models.BooleanField(default=False)
    # The author of what a hook posts. Nobody can sign in as a bot. Null means False.
    is_bot = models.BooleanField(null=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may use the admin", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)

    # What the token of this request or connection allows; None without a token. This is not a column.
    grant: Grant | None = None

    objects = PersonManager()

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name_plural = "people"

    def __str__(self):
        return self.handle


_FIND_BY_ID = RowStatement(Person, "id = %s")
_PERSON = Columns(Person, "person", "id", "handle", "password", "is_guest", "is_active")
_FIND = CredentialStatement(f"SELECT {_PERSON.sql}, {{proof}} FROM chat_person person {{join}} WHERE person.id = %s")
_FIND_ALL = f"SELECT {_PERSON.sql} FROM chat_person person WHERE person.id IN ({{marks}})"


class Block(models.Model):
    """`person` gets no direct messages from `blocked`, and no notices of mentions by `blocked`."""

    person = models.ForeignKey(Person, related_name="blocks", db_index=False, on_delete=models.CASCADE)
    blocked = models.ForeignKey(Person, related_name="+", on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "blocked"], name="one_block_per_pair")]

    def __str__(self):
        return f"{self.person} blocks {self.blocked}"


class KnownPlace(models.Model):
    """
    A browser or an address from which a person has signed in.

    Wrong passwords from other places do not lock the person out at a known place.

    `digest` is the digest of the browser's id, or of the address.
    """

    person = models.ForeignKey(Person, related_name="known_places", on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="one_place_per_person")]

    def __str__(self):
        return f"a place of {self.person}"

"""
The rows: people, rooms, their members, messages and what was changed in them.

Constraints here make double storage impossible, whatever the code above does; QuerySets know how rows are found.
Nothing here publishes, decides who may do what, or speaks the wire. Imports nothing of ours.
"""
import unicodedata
from contextlib import contextmanager

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils import timezone


def make_handle_key(handle):
    """Returns what is unique of a handle: two handles with one key look alike but for case or width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle).casefold())


class PersonManager(BaseUserManager):
    """Finds people by the key of their handle, since handles are unique ignoring case."""

    def get_by_natural_key(self, handle):
        return self.get(handle_key=make_handle_key(handle))

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


class RoomQuerySet(models.QuerySet):
    def take_offset(self, room_id, at=None):
        """
        Raises the room's counter by one and returns the new offset; `at` becomes the time of its last message.

        It must be the first statement of the transaction that stores the change: the row's lock is held until
        the commit, so offsets become visible in their own order and no reader's cursor can skip one.
        """
        with connection.cursor() as cursor:
            # One statement instead of two (SQLite >= 3.35 and every PostgreSQL know RETURNING; Django 2.2 does not).
            cursor.execute(
                'UPDATE chat_room SET "offset" = "offset" + 1, last_at = COALESCE(%s, last_at)'
                ' WHERE id = %s RETURNING "offset"',
                [connection.ops.adapt_datetimefield_value(at), room_id],
            )
            row = cursor.fetchone()
        if row is None:
            raise self.model.DoesNotExist(f"There is no room {room_id}.")
        return row[0]

    def give_back_offset(self, room_id):
        """Undoes `take_offset` within its transaction: the change turned out to change nothing."""
        self.filter(id=room_id).update(offset=models.F("offset") - 1)


class Room(models.Model):
    """A place to talk. `offset` counts the durable changes of its messages: 1, 2, 3, without gaps."""

    slug = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=80)
    topic = models.CharField(max_length=500, blank=True)
    offset = models.BigIntegerField(default=0, editable=False)
    last_at = models.DateTimeField("last message at", null=True, editable=False, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(Person, null=True, editable=False, on_delete=models.SET_NULL)

    objects = RoomQuerySet.as_manager()

    def __str__(self):
        return self.slug


class MemberQuerySet(models.QuerySet):
    def with_credential(self, session_key=None, token_id=None):
        """
        Brings person and room along, and whether the member's login session or token still holds: one query that
        answers, for every frame, whether this connection may still speak.
        """
        if token_id is not None:
            proof = Token.objects.filter(id=token_id, person=models.OuterRef("person"))
        else:
            proof = Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now())
        return self.select_related("person", "room").annotate(is_signed_in=models.Exists(proof))


class Member(models.Model):
    """One person's standing in one room."""

    GUEST, MEMBER, MODERATOR, OWNER, MUTED, BANNED = "guest", "member", "moderator", "owner", "muted", "banned"
    ROLES = [(role, role) for role in (GUEST, MEMBER, MODERATOR, OWNER, MUTED, BANNED)]

    room = models.ForeignKey(Room, related_name="members", on_delete=models.CASCADE)
    person = models.ForeignKey(Person, related_name="memberships", on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=ROLES, default=MEMBER)
    read_offset = models.BigIntegerField(default=0, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="one_standing_per_room")]

    def __str__(self):
        return f"{self.person} in {self.room}"

    @property
    def handle(self):
        return self.person.handle

    @property
    def is_moderator(self):
        return self.role in (self.MODERATOR, self.OWNER)


class MessageQuerySet(models.QuerySet):
    def complete(self):
        """Everything that the wire tells of a message, in two queries however many there are."""
        reactions = Reaction.objects.select_related("person").order_by("id")
        return self.select_related("author").prefetch_related(
            models.Prefetch("reactions", queryset=reactions, to_attr="all_reactions")
        )

    def changed_after(self, offset):
        return self.filter(offset__gt=offset).order_by("offset")

    def before(self, number):
        """The messages older than `number` (None: all), the newest first."""
        older = self if number is None else self.filter(number__lt=number)
        return older.order_by("-number")


class Message(models.Model):
    """
    Something said in a room, in its present state.

    `number` is the room's offset that created it (the wire calls it `id`), `offset` that of its latest change.
    A removed message keeps its row and loses its body.
    """

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, related_name="messages", on_delete=models.CASCADE)
    number = models.BigIntegerField(editable=False)
    offset = models.BigIntegerField(editable=False)
    author = models.ForeignKey(Person, related_name="messages", on_delete=models.PROTECT)
    ref = models.CharField(max_length=64, editable=False)
    body = models.TextField(blank=True)
    reply_to = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="one_message_per_number"),
            # Also the index behind every backlog.
            models.UniqueConstraint(fields=["room", "offset"], name="one_change_per_offset"),
        ]

    def __str__(self):
        return f"{self.room_id}/{self.number}"

    @property
    def is_removed(self):
        return self.removed_at is not None


class Reaction(models.Model):
    """One emoji of one person on one message."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, related_name="reactions", on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    emoji = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "person", "emoji"], name="one_of_each_emoji_per_person")
        ]


class Change(models.Model):
    """
    A ref that is used up: the change that it stands for, and the answer it got.

    `digest` is the fingerprint of what was asked, so that the same change sent again gets the same answer and
    another one under the same ref is a conflict, even when the message was edited since.
    """

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    ref = models.CharField(max_length=64)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    number = models.BigIntegerField()
    offset = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "ref"], name="one_change_per_ref")]


class Token(models.Model):
    """A bot's key to its person's account. Only the digest of the key is kept."""

    person = models.ForeignKey(Person, related_name="tokens", on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self):
        return f"{self.name} of {self.person}"


@contextmanager
def snapshot():
    """
    Within it, all reads see the rows of one moment, and nobody who writes is kept waiting.

    SQLite gives that to a transaction which begins without taking the write lock (the flag is our backend's),
    PostgreSQL to one at REPEATABLE READ. Inside another transaction it changes nothing.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.read_snapshot = True
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
    finally:
        connection.read_snapshot = False

"""
Rooms, and who stands how in them.
"""

from django.db import connection, models
from django.utils import timezone

from .people import Person
from .statements import Columns


class RoomManager(models.Manager):
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

    def visible_to(self, person):
        """The rooms of the lobby's list: the public ones, and the private ones in which the person has a standing."""
        if not person.is_authenticated:
            return self.filter(access=Room.PUBLIC)
        standing = Member.objects.filter(person=person).exclude(role=Member.BANNED)
        return self.filter(
            models.Q(access=Room.PUBLIC) | models.Q(access=Room.PRIVATE, id__in=standing.values("room_id"))
        )


class Room(models.Model):
    """
    A place to talk. `offset` counts the durable changes of its messages: 1, 2, 3, without gaps.

    `access` says how one becomes a member: of a public room by opening it, of a private one by an invitation, and a
    board's room is open to the board's visitors alone.
    """

    PUBLIC, PRIVATE, BOARD = "public", "private", "board"
    ACCESS = [(access, access) for access in (PUBLIC, PRIVATE, BOARD)]

    slug = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=80)
    topic = models.CharField(max_length=500, blank=True)
    access = models.CharField(max_length=10, choices=ACCESS, default=PUBLIC)
    offset = models.BigIntegerField(default=0, editable=False)
    # No index: the lobby's order, with rooms that have no message last, could not use one.
    last_at = models.DateTimeField("last message at", null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the list of rooms would last have shown it otherwise, but for its messages and who is there.
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(Person, null=True, editable=False, on_delete=models.SET_NULL)

    objects = RoomManager()

    def __str__(self):
        return self.slug


class MemberManager(models.Manager):
    def find_with_credential(self, member_id, session_key=None, token_id=None):
        """
        Returns a member with person, room, and `is_signed_in`: whether their login session or token still holds; or
        None. One statement that answers, for every frame, whether its connection may still speak.
        """
        with connection.cursor() as cursor:
            if token_id is not None:
                cursor.execute(_FIND_BY_TOKEN, [token_id, member_id])
            else:
                now = connection.ops.adapt_datetimefield_value(timezone.now())
                cursor.execute(_FIND_BY_SESSION, [session_key, now, member_id])
            found = cursor.fetchone()
        return None if found is None else _make_member(found)


class Member(models.Model):
    """One person's standing in one room."""

    GUEST, MEMBER, MODERATOR, OWNER, MUTED, BANNED = "guest", "member", "moderator", "owner", "muted", "banned"
    ROLES = [(role, role) for role in (GUEST, MEMBER, MODERATOR, OWNER, MUTED, BANNED)]

    room = models.ForeignKey(Room, related_name="members", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, related_name="memberships", on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=ROLES, default=MEMBER)
    # Until when a mute lasts; None: until somebody ends it.
    muted_until = models.DateTimeField(null=True, blank=True)
    read_offset = models.BigIntegerField(default=0, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MemberManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="one_standing_per_room")]
        # For those who look for mutes that are over. Almost no member is in it, so it costs the others nothing.
        indexes = [
            models.Index(
                name="mutes_with_an_end", fields=["muted_until"], condition=models.Q(muted_until__isnull=False)
            )
        ]

    def __str__(self):
        return f"{self.person} in {self.room}"

    @property
    def handle(self):
        return self.person.handle

    @property
    def is_moderator(self):
        return self.role in (self.MODERATOR, self.OWNER)

    @property
    def is_muted(self):
        """Whether the mute still holds. One more query after `find_with_credential`, for those with that role only."""
        return self.role == self.MUTED and (self.muted_until is None or self.muted_until > timezone.now())


# Only what frames are judged by; the rest of these rows is read where somebody asks for it.
_MEMBER = Columns(Member, "member", "id", "room_id", "person_id", "role", "read_offset")
_PERSON = Columns(Person, "person", "id", "handle", "password", "is_guest", "is_active")
_ROOM = Columns(Room, "room", "id", "slug", "offset")
_FIND = f"""
    SELECT {_MEMBER.sql}, {_PERSON.sql}, {_ROOM.sql}, EXISTS ({{proof}})
    FROM chat_member member
    JOIN chat_person person ON person.id = member.person_id
    JOIN chat_room room ON room.id = member.room_id
    WHERE member.id = %s
"""
_FIND_BY_TOKEN = _FIND.format(
    proof="SELECT 1 FROM chat_token WHERE id = %s AND chat_token.person_id = member.person_id"
)
_FIND_BY_SESSION = _FIND.format(proof="SELECT 1 FROM django_session WHERE session_key = %s AND expire_date > %s")


def _make_member(found):
    values = iter(found)
    member = _MEMBER.make_row(values)
    member.person, member.room = _PERSON.make_row(values), _ROOM.make_row(values)
    member.is_signed_in = bool(next(values))
    return member

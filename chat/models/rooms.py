"""
Rooms, their former slugs, and the roles of their members.
"""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .people import Person
from .relations import make_quick
from .statements import Columns, CredentialStatement, RowStatement, fetch_values, set_related


class RoomManager(models.Manager):
    def take_offset(self, room_id: int) -> int:
        """
        Add one to the room's counter, and return the new offset.

        Call this as the first statement of the transaction that stores the change. The room's row stays locked until
        the commit. So offsets become visible in ascending order, and no reader's cursor can skip an offset. Raise
        Room.DoesNotExist if there is no such room.
        """
        return self._fetch(_TAKE_OFFSET, [room_id])[0]

    def take_post(self, room_id: int, at: datetime) -> tuple[int, int]:
        """
        Do what `take_offset` does for a new message, and count the message. Return (the new offset, the new `posts`).

        `at` becomes the time of the room's last message.
        """
        offset, posts = self._fetch(_TAKE_POST, [connection.ops.adapt_datetimefield_value(at), room_id])
        return offset, posts

    def take_posts(self, room_id: int, number: int, posts: int, at: datetime | None) -> int:
        """
        Do what `take_post` does for `number` messages, and return the last offset.

        `posts` is how many of them are not replies in threads. `at` is the time of the last of these `posts` messages.
        """
        moment = at and connection.ops.adapt_datetimefield_value(at)
        (offset,) = self._fetch(_TAKE_POSTS, [number, posts, moment, room_id])
        return offset

    def _fetch(self, statement: str, parameters: list) -> tuple:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            row = cursor.fetchone()
        if row is None:
            raise self.model.DoesNotExist("There is no such room.")
        return row

    def find_by_slug(self, slug: str) -> "Room | None":
        """Return the room with a slug, or None."""
        return _FIND_BY_SLUG.fetch(slug)

    def find_with_member(self, slug: str, person_id: int | None) -> "tuple[Room | None, Member | None]":
        """Return (the room with a slug, the Member of a person in it), or None for each. Room handshakes run this."""
        values = fetch_values(_FIND_WITH_MEMBER, [person_id, slug])
        if values is None:
            return None, None
        room, (member_id, *others) = _WHOLE_ROOM.make_row(values), values
        return room, None if member_id is None else _WHOLE_MEMBER.make_row(iter([member_id, *others]))

    def make_missing(self, slug: str) -> "Room":
        """
        Return a private room with the id 0, which is not stored, in place of a room that does not exist.

        This takes as long as to read a room that exists, so that the time does not tell which rooms exist.
        """
        room = _WHOLE_ROOM.make_row(iter(_get_missing_values()))
        room.slug = slug
        return room

    def read_offset(self, room_id: int) -> int:
        """Return the present offset of a room. Raise Room.DoesNotExist if there is no such room."""
        (offset,) = self._fetch(_READ_OFFSET, [room_id])
        return offset

    def give_back_offset(self, room_id: int) -> None:
        """Undo `take_offset` within its transaction, for a request that changes nothing."""
        self.filter(id=room_id).update(offset=models.F("offset") - 1)

    def visible_to(self, person: Person | AnonymousUser) -> models.QuerySet:
        """
        Select the rooms that the lobby may list for a person: public rooms, and private rooms that the person is in.

        A token for certain rooms selects only these. Include archived rooms, which the lobby lists only on request.
        """
        if not person.is_authenticated:
            return self.filter(access=Room.PUBLIC)
        memberships = Member.objects.filter(person=person).exclude(role=Member.BANNED)
        found = self.filter(
            models.Q(access=Room.PUBLIC) | models.Q(access=Room.PRIVATE, id__in=memberships.values("room_id"))
        )
        grant = person.grant
        return found if grant is None or grant.room_ids is None else found.filter(id__in=grant.room_ids)


class Room(models.Model):
    """
    A place to talk. `offset` counts the durable changes of its messages: 1, 2, 3, without gaps.

    `access` says how a person becomes a member:

    - public: by opening the room;
    - private: by an invitation;
    - board: when the board's owner admits the person;
    - direct: when the conversation is created. Nobody joins it later.
    """

    PUBLIC, PRIVATE, BOARD, DIRECT = "public", "private", "board", "direct"
    ACCESS = [
        (PUBLIC, pgettext_lazy("access", "public")),
        (PRIVATE, pgettext_lazy("access", "private")),
        (BOARD, pgettext_lazy("access", "board")),
        (DIRECT, pgettext_lazy("access", "direct")),
    ]
    EVERYONE, MODERATORS, OWNERS, NOBODY = "everyone", "moderators", "owners", "nobody"
    CALLERS = [
        (EVERYONE, pgettext_lazy("who may call everybody", "everyone")),
        (MODERATORS, pgettext_lazy("who may call everybody", "moderators and owners")),
        (OWNERS, pgettext_lazy("who may call everybody", "owners")),
        (NOBODY, pgettext_lazy("who may call everybody", "nobody")),
    ]
    # Strangers and outsiders must not learn that a room of one of these kinds exists.
    HIDDEN = (PRIVATE, DIRECT)

    slug = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=80)
    topic = models.CharField(max_length=500, blank=True)
    access = models.CharField(max_length=10, choices=ACCESS, default=PUBLIC)
    # Null means the same as False: workers of an older version insert rows without this column.
    closed_to_guests = models.BooleanField(null=True)
    # People can read an archived room, but nobody can write in it. The lobby lists it on request only. Null is False.
    archived = models.BooleanField(null=True)
    # This says who may call everybody with `@all` and `@here`. Null means `moderators`. Read it with `get_callers`.
    callers = models.CharField(max_length=10, choices=CALLERS, null=True)
    offset = models.BigIntegerField(default=0, editable=False)
    # This counts the messages ever posted, without replies in threads, edits, reactions and removals. Only differences
    # have a meaning: the count began when the column was added, and null means 0.
    posts = models.BigIntegerField(null=True, editable=False)
    # In a direct conversation, this names its people; null in other rooms. So the same people have one conversation.
    people_key = models.CharField(max_length=200, unique=True, null=True, editable=False)
    # This column has no index: the lobby's order puts rooms without a message last, and could not use an index.
    last_at = models.DateTimeField("last message at", null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # At this time, the room's entry in the list of rooms last changed. Messages and presence do not count.
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(Person, null=True, editable=False, on_delete=models.SET_NULL)
    # Messages older than this number of days are deleted. Null means that they are kept. The rules of retention set it.
    kept_days = models.PositiveIntegerField(null=True, editable=False)
    # Retention has deleted the messages with smaller numbers. Null means that it has deleted none.
    kept_from = models.BigIntegerField(null=True, editable=False)
    # This changes when the database is restored from a backup: then cursors and cached messages are worthless.
    epoch = models.CharField(max_length=32, null=True, editable=False)
    # Whether the room has hooks that send its messages elsewhere. Null is False. Only such a room looks for its hooks.
    is_hooked = models.BooleanField(null=True, editable=False)
    # The epoch of rooms that were never restored.
    FIRST_EPOCH = "0"

    objects = RoomManager()

    def __str__(self):
        return self.slug

    def is_closed_to(self, person: Person) -> bool:
        """Return whether the room refuses the person as a guest. On a board, its owner decides about guests."""
        return bool(self.closed_to_guests) and person.is_guest and self.access != self.BOARD

    def get_epoch(self) -> str:
        """Return the epoch of the room's data."""
        return self.epoch or self.FIRST_EPOCH

    def get_callers(self) -> str:
        """Return who may call everybody with `@all` and `@here`. In a direct conversation, everyone may."""
        return self.EVERYONE if self.access == self.DIRECT else self.callers or self.MODERATORS


class FormerSlug(models.Model):
    """A slug that a private room had before the room got another one. It leads the room's members to the room."""

    slug = models.CharField(max_length=50, db_index=True)
    room = models.ForeignKey(Room, related_name="former_slugs", on_delete=models.CASCADE)

    def __str__(self):
        return f"{self.slug}, now {self.room}"


class MemberManager(models.Manager):
    def find_with_credential(
        self, member_id: int, session_key: str | None = None, token_id: int | None = None
    ) -> "Member | None":
        """
        Return a member with person, room and `is_signed_in` (whether the login session or token is valid), or None.

        The person has the `grant` of the token. This runs one statement for every frame, to decide whether the
        connection may still send.
        """
        found = _FIND.fetch(member_id, session_key, token_id)
        return None if found is None else _make_member(found)

    def find_all(self, member_ids: Collection[int]) -> "dict[int, Member]":
        """
        Return {id: a member with person and room}, with the same columns as `find_with_credential`. Run one statement.

        The members have no `is_signed_in`, and their people have no `grant`.
        """
        marks = ", ".join(["%s"] * len(member_ids))
        with connection.cursor() as cursor:
            cursor.execute(_FIND_ALL.format(marks=marks), list(member_ids))
            members = [_read_member(iter(row)) for row in cursor.fetchall()]
        return {member.id: member for member in members}

    def find_in_room(self, room_id: int, person_id: int | None) -> "Member | None":
        """Return the Member of a person in a room, or None."""
        return _FIND_IN_ROOM.fetch(room_id, person_id)

    def find_by_former_slug(self, slug: str, person_id: int | None) -> "Member | None":
        """
        Return the Member of a person in a private room that had this slug before, or None.

        This statement runs for every room that a person may not know about. It takes 20 us. A query of
        Django's ORM takes 700 us, and such a difference in time would tell which rooms exist.
        """
        return _FIND_BY_FORMER_SLUG.fetch(person_id, slug)

    def held_guests_of_browser(self, person: Person) -> models.QuerySet:
        """
        Select the muted and banned Members of other guests of a person's browser, whose mutes and bans hold for the
        person too. For an account, only guests who are older than the account count.
        """
        guests = self.filter(role__in=Member.HELD_ROLES, person__is_guest=True, person__browser=person.browser)
        others = guests.exclude(person=person)
        return others if person.is_guest else others.filter(person__created_at__lt=person.created_at)

    def has_held_guest(self, room_id: int, browser: str) -> bool:
        """
        Return whether a guest of this browser is muted or banned in a room.

        This statement runs at each handshake of a room, except for moderators and owners. It takes 11 us, and 540 us as
        a query of Django's ORM.
        """
        with connection.cursor() as cursor:
            cursor.execute(_FIND_HELD_GUEST, [browser, room_id, *Member.HELD_ROLES])
            return cursor.fetchone() is not None


class Member(models.Model):
    """The membership of one person in one room, with a role."""

    GUEST, MEMBER, MODERATOR, OWNER, MUTED, BANNED = "guest", "member", "moderator", "owner", "muted", "banned"
    ROLES = [
        (GUEST, pgettext_lazy("role", "guest")),
        (MEMBER, pgettext_lazy("role", "member")),
        (MODERATOR, pgettext_lazy("role", "moderator")),
        (OWNER, pgettext_lazy("role", "owner")),
        (MUTED, pgettext_lazy("role", "muted")),
        (BANNED, pgettext_lazy("role", "banned")),
    ]
    MODERATOR_ROLES = (MODERATOR, OWNER)
    # A person must not escape one of these roles by leaving, or with another handle.
    HELD_ROLES = (MUTED, BANNED)
    ALL, MENTIONS, NONE = "all", "mentions", "none"
    LEVELS = [(level, level) for level in (ALL, MENTIONS, NONE)]

    room = models.ForeignKey(Room, related_name="members", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, related_name="memberships", on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=ROLES, default=MEMBER)
    # A mute ends at this time. If it is None, the mute lasts until a moderator ends it.
    muted_until = models.DateTimeField(null=True, blank=True)
    read_offset = models.BigIntegerField(default=0, editable=False)
    # This says for which messages the person wants to be notified. Null means `all`.
    level = models.CharField(max_length=10, choices=LEVELS, null=True, editable=False)
    # The position among the person's favourite rooms; null if the room is not a favourite.
    favourite = models.IntegerField(null=True, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MemberManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="one_standing_per_room")]
        # This index finds the expired mutes. It contains only muted members, so it costs nothing for others.
        indexes = [
            models.Index(
                name="mutes_with_an_end", fields=["muted_until"], condition=models.Q(muted_until__isnull=False)
            )
        ]

    def __str__(self):
        return f"{self.person} in {self.room}"

    @property
    def handle(self) -> str:
        """Return the handle of the member's person."""
        return self.person.handle

    @property
    def is_moderator(self) -> bool:
        """Return whether the member may moderate the room."""
        return self.role in self.MODERATOR_ROLES

    @property
    def is_muted(self) -> bool:
        """Return whether the member is muted now. After `find_with_credential`, only a muted member costs a query."""
        return self.role == self.MUTED and (self.muted_until is None or self.muted_until > timezone.now())


make_quick(Member, "person", "room")

# RETURNING saves a second statement. SQLite >= 3.35 and every PostgreSQL have it. Django 2.2 cannot use it.
_TAKE_OFFSET = 'UPDATE chat_room SET "offset" = "offset" + 1 WHERE id = %s RETURNING "offset"'
_TAKE_POST = (
    'UPDATE chat_room SET "offset" = "offset" + 1, posts = COALESCE(posts, 0) + 1, last_at = %s'
    ' WHERE id = %s RETURNING "offset", posts'
)
_TAKE_POSTS = (
    'UPDATE chat_room SET "offset" = "offset" + %s, posts = COALESCE(posts, 0) + %s, last_at = COALESCE(%s, last_at)'
    ' WHERE id = %s RETURNING "offset"'
)

_FIND_BY_SLUG = RowStatement(Room, "slug = %s")


@cache
def _get_missing_values() -> list:
    missing = Room(id=0, access=Room.PRIVATE)
    return [getattr(missing, attribute) for attribute in _WHOLE_ROOM.attributes]


_WHOLE_ROOM, _WHOLE_MEMBER = Columns(Room, "room"), Columns(Member, "member")
_FIND_WITH_MEMBER = f"""
    SELECT {_WHOLE_ROOM.sql}, {_WHOLE_MEMBER.sql}
    FROM chat_room room LEFT JOIN chat_member member ON member.room_id = room.id AND member.person_id = %s
    WHERE room.slug = %s
"""
_READ_OFFSET = 'SELECT "offset" FROM chat_room WHERE id = %s'
_FIND_IN_ROOM = RowStatement(Member, "room_id = %s AND person_id = %s")
_FIND_BY_FORMER_SLUG = RowStatement(
    Member,
    "person_id = %s AND room_id IN ("
    " SELECT former.room_id FROM chat_formerslug former JOIN chat_room room ON room.id = former.room_id"
    f" WHERE former.slug = %s AND room.access = '{Room.PRIVATE}'"
    ") ORDER BY id LIMIT 1",
)

# These are only the columns that every frame needs. Each other attribute is read with one more query.
_MEMBER = Columns(Member, "member", "id", "room_id", "person_id", "role", "read_offset")
_PERSON = Columns(Person, "person", "id", "handle", "password", "is_guest", "is_bot", "is_active")
_ROOM = Columns(
    Room, "room", "id", "slug", "access", "closed_to_guests", "archived", "callers", "offset", "posts", "is_hooked"
)
_COLUMNS = f"{_MEMBER.sql}, {_PERSON.sql}, {_ROOM.sql}"
_TABLES = """
    chat_member member
    JOIN chat_person person ON person.id = member.person_id
    JOIN chat_room room ON room.id = member.room_id
"""
_FIND = CredentialStatement(f"SELECT {_COLUMNS}, {{proof}} FROM {_TABLES} {{join}} WHERE member.id = %s")
_FIND_ALL = f"SELECT {_COLUMNS} FROM {_TABLES} WHERE member.id IN ({{marks}})"

_FIND_HELD_GUEST = """
    SELECT 1 FROM chat_person person JOIN chat_member member ON member.person_id = person.id
    WHERE person.browser = %s AND person.is_guest AND member.room_id = %s AND member.role IN (%s, %s) LIMIT 1
"""


def _make_member(found):
    member = _read_member(found.values)
    member.is_signed_in, member.person.grant = found.is_valid, found.grant
    return member


def _read_member(values):
    member = _MEMBER.make_row(values)
    set_related(member, person=_PERSON.make_row(values), room=_ROOM.make_row(values))
    return member

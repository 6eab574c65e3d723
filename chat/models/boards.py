"""
Boards: rooms that only people with their link can find, and the visitors in their waiting rooms.
"""

import uuid

from django.db import connection, models
from django.utils import timezone

from .people import MAX_SKELETON, Person
from .rooms import Room
from .statements import Columns, fetch_values, set_related


class BoardManager(models.Manager):
    def find_open(self, board_uuid: uuid.UUID) -> "Board | None":
        """Return the open board with this UUID and its room, or None. Every handshake of a board runs this."""
        value = board_uuid if connection.features.has_native_uuid_field else board_uuid.hex
        values = fetch_values(_FIND_OPEN, [value])
        if values is None:
            return None
        board = _BOARD.make_row(values)
        board.uuid = board_uuid
        set_related(board, room=_ROOM.make_row(values))
        return board


class VisitorManager(models.Manager):
    def find_by_digest(self, digest: str) -> "Visitor | None":
        """
        Return the visitor with this digest of a session id, with the person, or None.

        Every handshake of a board and every frame of a waiting room run this statement.
        """
        values = fetch_values(_FIND_BY_DIGEST, [digest])
        if values is None:
            return None
        visitor = _VISITOR.make_row(values)
        set_related(visitor, person=_PERSON.make_row(values))
        return visitor


class Board(models.Model):
    """A room behind a waiting room. A visitor who knows `uuid` may knock; an admitted visitor is a member of `room`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    room = models.OneToOneField(Room, related_name="board", on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # This is the time of the last visit, exact to an hour.
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    shut_at = models.DateTimeField(null=True, editable=False)

    objects = BoardManager()

    def __str__(self):
        return str(self.uuid)


class Visitor(models.Model):
    """
    One browser on one board: its owner, or a visitor who has knocked.

    `digest` is the digest of the browser's secret session id. `key` is the visitor's public id. `handle_key` and
    `handle_skeleton` make the handle unique on this board, as for a Person; they are null when another visitor may take
    the handle.
    """

    OWNER, WAITING, ADMITTED, REFUSED, REMOVED = "owner", "waiting", "admitted", "refused", "removed"
    STATES = [(state, state) for state in (OWNER, WAITING, ADMITTED, REFUSED, REMOVED)]

    board = models.ForeignKey(Board, related_name="visitors", db_index=False, on_delete=models.CASCADE)
    key = models.CharField(max_length=32, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    # This is the author of the messages: the person who is signed in, or a person who exists only on this board.
    person = models.ForeignKey(Person, related_name="visits", on_delete=models.CASCADE)
    is_signed_in = models.BooleanField()
    handle_key = models.CharField(max_length=600, null=True)
    handle_skeleton = models.CharField(max_length=MAX_SKELETON, null=True)
    # This is the digest of the id of the visitor's browser; null if it is not known. A removal holds for the browser.
    browser = models.CharField(max_length=64, null=True, editable=False)
    state = models.CharField(max_length=10, choices=STATES)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = VisitorManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["board", "handle_key"], name="one_handle_per_board"),
            models.UniqueConstraint(fields=["board", "handle_skeleton"], name="one_skeleton_per_board"),
        ]

    def __str__(self):
        return f"{self.person} at {self.board}"

    @property
    def handle(self) -> str:
        """Return the handle of the visitor's person."""
        return self.person.handle

    @property
    def is_owner(self) -> bool:
        """Return whether this browser owns the board."""
        return self.state == self.OWNER

    @property
    def is_inside(self) -> bool:
        """Return whether the visitor may enter the board's room."""
        return self.state in (self.OWNER, self.ADMITTED)


_BOARD, _ROOM = Columns(Board, "board"), Columns(Room, "room")
_FIND_OPEN = f"""
    SELECT {_BOARD.sql}, {_ROOM.sql} FROM chat_board board JOIN chat_room room ON room.id = board.room_id
    WHERE board.uuid = %s AND board.shut_at IS NULL
"""
_VISITOR, _PERSON = Columns(Visitor, "visitor"), Columns(Person, "person")
_FIND_BY_DIGEST = f"""
    SELECT {_VISITOR.sql}, {_PERSON.sql}
    FROM chat_visitor visitor JOIN chat_person person ON person.id = visitor.person_id
    WHERE visitor.digest = %s
"""

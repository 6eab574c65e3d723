"""
The index of the search: a document for each message that can be found, the ids of each day, and how far each room is
indexed.

The index follows the messages, seconds later. Its rows may be deleted at any time: `manage.py index_messages` builds
them again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, models

from .messages import Message
from .rooms import Room


class WordsField(models.TextField):
    """The tokens and labels of a document, in the form that `full_text.make_words` gives them."""

    def db_type(self, connection: object) -> str:
        """Return `tsvector` in PostgreSQL, and the type of a text in other databases."""
        return "tsvector" if connection.vendor == "postgresql" else super().db_type(connection)  # type: ignore[attr-defined]


class Document(NamedTuple):
    """What the index stores about one message."""

    message_id: int
    digest: int
    words: str


class SearchDocumentManager(models.Manager):
    def get_digests(self, message_ids: Sequence[int]) -> dict[int, int]:
        """Return {id of a message: digest of its document}. The caller passes at most 500 ids."""
        return dict(self.filter(message_id__in=message_ids).values_list("message_id", "digest"))

    def replace(self, outdated_ids: Sequence[int], documents: Sequence[Document]) -> None:
        """Delete the documents of the messages `outdated_ids`. Then store `documents` of messages that have none."""
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM chat_searchdocument WHERE message_id = %s", [(id,) for id in outdated_ids])
            if connection.vendor == "postgresql":
                _insert_with_arrays(cursor, documents)
            else:
                # FTS5 writes fastest in ascending order.
                cursor.executemany(
                    "INSERT INTO chat_searchdocument (message_id, digest, words) VALUES (%s, %s, %s)",
                    sorted(documents),
                )


def _insert_with_arrays(cursor, documents):
    # psycopg2 sends each statement of an `executemany` by itself. This is one statement.
    columns = [list(column) for column in zip(*documents, strict=True)] or [[], [], []]
    cursor.execute(
        """
        INSERT INTO chat_searchdocument (message_id, digest, words)
        SELECT id, digest, words::tsvector
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS given (id, digest, words)
        """,
        columns,
    )


class SearchDocument(models.Model):
    """The tokens and labels of one message. `digest` changes when a token or a label changes."""

    message = models.OneToOneField(Message, primary_key=True, related_name="+", on_delete=models.CASCADE)
    digest = models.BigIntegerField()
    words = WordsField()

    objects = SearchDocumentManager()


class SearchDayManager(models.Manager):
    def record(self, bounds: dict[date, tuple[int, int]]) -> None:
        """Widen the ids of days, in a transaction. `bounds` is {day: (smallest id, largest id)}."""
        adapt = connection.ops.adapt_datefield_value
        # Two processes take the locks of the days in the same order.
        rows = [(adapt(day), first, last) for day, (first, last) in sorted(bounds.items())]
        with connection.cursor() as cursor:
            cursor.executemany(_WIDEN, rows)

    def get_bounds(self, first_day: date, last_day: date) -> tuple[int, int] | None:
        """Return (smallest id, largest id) of the indexed messages of a period, or None if there are none."""
        found = self.filter(day__gte=first_day, day__lte=last_day)
        bounds = found.aggregate(first=models.Min("first_id"), last=models.Max("last_id"))
        return None if bounds["first"] is None else (bounds["first"], bounds["last"])


class SearchDay(models.Model):
    """
    The ids of the messages of a day in UTC: none is smaller than `first_id`, and none is larger than `last_id`.

    Messages have no index by time. They get their ids in the order of their times, unless somebody imports old ones.
    """

    day = models.DateField(primary_key=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    objects = SearchDayManager()


_WIDEN = """
    INSERT INTO chat_searchday (day, first_id, last_id) VALUES (%s, %s, %s)
    ON CONFLICT (day) DO UPDATE SET
        first_id = CASE
            WHEN excluded.first_id < chat_searchday.first_id THEN excluded.first_id ELSE chat_searchday.first_id
        END,
        last_id = CASE
            WHEN excluded.last_id > chat_searchday.last_id THEN excluded.last_id ELSE chat_searchday.last_id
        END
"""


class Due(NamedTuple):
    """A room with changes that are not indexed: those after `after` and up to `offset`."""

    room_id: int
    slug: str
    access: str
    offset: int
    after: int


class SearchProgressManager(models.Manager):
    def get_due(self, version: int, slug: str | None = None) -> list[Due]:
        """
        Return the rooms with changes that are not indexed, for a version of the documents. Leave out boards.

        Rooms with few changes come first: a new message need not wait for a room that was never indexed.
        """
        where, parameters = ("AND r.slug = %s", [slug]) if slug else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(_SELECT_DUE.format(where=where), [version, *parameters])
            return [Due(*row) for row in cursor.fetchall()]

    def move(self, due: Due, version: int, offset: int) -> bool:
        """
        Record in a transaction that a room is indexed up to `offset`.

        Return False if another process did this first, or, in PostgreSQL, if the room has been deleted.

        The statement locks the room's SearchProgress until the commit. In PostgreSQL, another statement also keeps the
        room from being deleted before the commit.
        """
        if connection.vendor == "postgresql":
            # `delete_room` locks the room first, too. Without this lock, the two transactions could deadlock.
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM chat_room WHERE id = %s FOR KEY SHARE", [due.room_id])
                if cursor.fetchone() is None:
                    return False
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [due.room_id, offset, version, due.access, due.after, due.room_id, due.after])
            return cursor.rowcount == 1


class SearchProgress(models.Model):
    """
    How far a room is indexed: all changes up to `offset`.

    The documents have the form of `version`, and say whether the room was public (`access`). If the version or the
    access of the room has changed since, the room is indexed again from the beginning.
    """

    room = models.OneToOneField(Room, primary_key=True, related_name="+", on_delete=models.CASCADE)
    offset = models.BigIntegerField()
    version = models.IntegerField()
    access = models.CharField(max_length=10)

    objects = SearchProgressManager()


_SELECT_DUE = """
    SELECT r.id, r.slug, r.access, r."offset", COALESCE(p."offset", 0)
    FROM chat_room r
    LEFT JOIN chat_searchprogress p ON p.room_id = r.id AND p.version = %s AND p.access = r.access
    WHERE r.access <> 'board' AND r."offset" > COALESCE(p."offset", 0) {where}
    ORDER BY r."offset" - COALESCE(p."offset", 0), r.id
"""


_MOVE = """
    INSERT INTO chat_searchprogress (room_id, "offset", version, access)
    SELECT %s, %s, %s, %s WHERE %s = 0 OR EXISTS (SELECT 1 FROM chat_searchprogress WHERE room_id = %s)
    ON CONFLICT (room_id) DO UPDATE
    SET "offset" = excluded."offset", version = excluded.version, access = excluded.access
    WHERE %s = CASE
        WHEN chat_searchprogress.version = excluded.version AND chat_searchprogress.access = excluded.access
        THEN chat_searchprogress."offset" ELSE 0
    END
"""


class Changed(NamedTuple):
    """A message as the index needs it. `created_at` is in UTC, without a time zone in SQLite."""

    id: int
    author_id: int
    offset: int
    created_at: datetime
    body: str
    is_removed: bool
    number: int
    additions: int | None


def get_changed_messages(room_id: int, after: int, upto: int, limit: int) -> list[Changed]:
    """Return the first `limit` messages of a room with offsets after `after` and up to `upto`, in ascending order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, author_id, "offset", created_at, body, removed_at IS NOT NULL, number, additions
            FROM chat_message
            WHERE room_id = %s AND "offset" > %s AND "offset" <= %s ORDER BY "offset" LIMIT %s
            """,
            [room_id, after, upto, limit],
        )
        return [Changed(*row) for row in cursor.fetchall()]

"""
Find messages: the newest ones that match a query and that the person may read.

The index may be seconds behind the messages. So each hit is compared with the message as it is now: a message that was
removed or changed since then is not found by its earlier text. This module writes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from chat.models import Condition, Message, Person, Room, Rows, find_ids, snapshot
from chat.protocol import ChatError
from chat.services import rooms

from .documents import LINK, author_label, has_link, period_labels, room_label
from .queries import Query
from .scope import limit_to_scope
from .snippets import make_snippet

RESULTS_PER_PAGE = 20
MAX_PAGES = 50
FIRST_YEAR = 2000  # no message is older


@dataclass(frozen=True)
class Result:
    """A message that was found, as a `message` event, its room, and the words around the hits as HTML."""

    room: Room
    message: dict
    snippet: str


def search(person: Person, query: Query, page: int = 0) -> tuple[list[Result], bool]:
    """
    Return (a page of results with the newest message first, whether there are more).

    A page has at most RESULTS_PER_PAGE results, and fewer if messages have changed since they were indexed. There are
    at most MAX_PAGES pages.

    Raise `not_found` for an unknown author, or for a room that the person may not know about; `forbidden` for a room
    that the person must not read.
    """
    if page >= MAX_PAGES:
        return [], False
    if query.after and query.before and query.after >= query.before:
        return [], False
    with snapshot():
        condition = _make_condition(person, query)
        first = page * RESULTS_PER_PAGE
        ids = find_ids(condition, _make_rows(person, query), first + RESULTS_PER_PAGE + 1)[first:]
        more = len(ids) > RESULTS_PER_PAGE and page + 1 < MAX_PAGES
        return _read_results(ids[:RESULTS_PER_PAGE], query), more


def _make_condition(person, query) -> Condition:
    labels = []
    if query.author is not None:
        labels.append(author_label(_get_author(query.author).id))
    if query.has == "link":
        labels.append(LINK)
    if query.room is not None:
        labels.append(room_label(_get_room(person, query.room).id))
    days = _find_days(query) if query.after or query.before else None
    condition = Condition(tuple(query.phrases), tuple(labels), any_of=() if days is None else (tuple(days),))
    return condition if query.room is not None else limit_to_scope(condition, person)


def _get_author(handle):
    author = Person.objects.find_by_handle(handle)
    if author is None:
        raise ChatError("not_found", "There is no person with this handle.")
    return author


def _get_room(person, slug):
    room = rooms.get_readable_room(person, slug)
    if room.access == Room.BOARD:
        raise ChatError("not_found", "There is no such room.")
    return room


def _find_days(query) -> list[str]:
    """Return the labels of the days in UTC that the times of a query touch."""
    oldest, newest = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), timezone.now() + timedelta(days=1)
    first, last = max(query.after or oldest, oldest), min(query.before or newest, newest)
    return period_labels(first.astimezone(UTC).date(), last.astimezone(UTC).date())


def _make_rows(person, query) -> Rows:
    """Return which rows may be found. The labels of the index say nearly the same, but may be outdated."""
    sql = ["m.removed_at IS NULL", f"(r.access = '{Room.PUBLIC}' OR (r.access <> '{Room.BOARD}' AND {_IS_MEMBER}))"]
    parameters = [person.id]
    for moment, comparison in ((query.after, ">="), (query.before, "<")):
        if moment is not None:
            sql.append(f"m.created_at {comparison} %s")
            parameters.append(connection.ops.adapt_datetimefield_value(moment))
    return Rows(" AND ".join(sql), tuple(parameters))


_IS_MEMBER = "EXISTS (SELECT 1 FROM chat_member WHERE room_id = m.room_id AND person_id = %s AND role <> 'banned')"


def _read_results(ids, query):
    found = Message.objects.complete().select_related("room").filter(id__in=ids).order_by("-id")
    hits = [(message, snippet) for message in found if (snippet := _make_snippet(message, query)) is not None]
    events = rooms.describe_messages([message for message, _ in hits])
    return [Result(message.room, event, snippet) for (message, snippet), event in zip(hits, events, strict=True)]


def _make_snippet(message, query):
    """Return the snippet of a hit, or None if the message does not match the query any longer."""
    if query.has == "link" and not has_link(message.body):
        return None
    return make_snippet(message.body, query.phrases)

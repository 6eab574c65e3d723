"""
Find messages: the newest ones that match a query and that the person may read.

The index may be seconds behind the messages. So each hit is compared with the message as it is now: a message that was
removed or changed since then is not found by its earlier text. This module writes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date

from django.db import connection

from chat.models import (
    Condition,
    Message,
    Person,
    Room,
    Rows,
    SearchDay,
    find_allowed,
    find_ids,
    has_replica,
    read_from_replica,
    snapshot,
)
from chat.protocol import MAX_INTEGER, ChatError
from chat.services import numbers, rooms
from chat.services.rights import Action
from chat.services.scopes import get_room_ids

from .documents import FILE, IMAGE, LINK, author_label, has_link, room_label
from .files import NO_FILES, add_names, find_files
from .queries import Query
from .scope import limit_to_scope
from .snippets import make_snippet

RESULTS_PER_PAGE = 20
MAX_PAGES = 50
_LABELS = {"link": LINK, "file": FILE, "image": IMAGE}
_IS_MEMBER = "EXISTS (SELECT 1 FROM chat_member WHERE room_id = m.room_id AND person_id = %s AND role <> 'banned')"


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
    with numbers.timing_search():
        return _search(person, query, page)


def _search(person, query, page):
    with snapshot():
        room = None if query.room is None else rooms.get_room_for(person, query.room, Action.SEARCH)
        condition, rows = _make_condition(person, query, room), _make_rows(person, query, room)
        if not has_replica():
            ids, more = _find_page(condition, rows, page)
            return _read_results(ids, query), more
    ids, more = read_from_replica(lambda: _find_page(condition, rows, page))
    with snapshot():
        # A replica may not know yet that a message was removed, or that the person has left a room.
        return _read_results(find_allowed(ids, rows), query), more


def _find_page(condition, rows, page) -> tuple[list[int], bool]:
    first = page * RESULTS_PER_PAGE
    ids = find_ids(condition, rows, first + RESULTS_PER_PAGE + 1)[first:]
    return ids[:RESULTS_PER_PAGE], len(ids) > RESULTS_PER_PAGE and page + 1 < MAX_PAGES


def _make_condition(person, query, room) -> Condition:
    labels = []
    if query.author is not None:
        labels.append(author_label(_get_author(query.author).id))
    if query.has is not None:
        labels.append(_LABELS[query.has])
    if room is not None:
        labels.append(room_label(room.id))
    condition = Condition(tuple(query.phrases), tuple(labels))
    return condition if room is not None else limit_to_scope(condition, person)


def _get_author(handle):
    author = Person.objects.find_by_handle(handle)
    if author is None:
        raise ChatError("not_found", "There is no person with this handle.")
    return author


def _make_rows(person, query, room) -> Rows:
    """Return which rows may be found. The labels of the index say the same about rooms, but may be outdated."""
    sql = ["m.removed_at IS NULL", f"(r.access = '{Room.PUBLIC}' OR (r.access <> '{Room.BOARD}' AND {_IS_MEMBER}))"]
    parameters = [person.id]
    room_ids = get_room_ids(person)
    if room_ids is not None:
        sql.append(f"m.room_id IN ({', '.join(['%s'] * len(room_ids)) or 'NULL'})")
        parameters += sorted(room_ids)
    for moment, comparison in ((query.after, ">="), (query.before, "<")):
        if moment is not None:
            sql.append(f"m.created_at {comparison} %s")
            parameters.append(connection.ops.adapt_datetimefield_value(moment))
    first_of_days, end_of_days = _find_bounds_of_days(query)
    first_of_room, end_of_room = (0, MAX_INTEGER) if room is None else _find_bounds_of_room(room)
    first, end = max(first_of_days, first_of_room), min(end_of_days, end_of_room)
    return Rows(" AND ".join(sql), tuple(parameters), first, end)


def _find_bounds_of_days(query) -> tuple[int, int]:
    """Return (first, end): the ids that the times of a query allow."""
    if query.after is None and query.before is None:
        return 0, MAX_INTEGER
    first = query.after.astimezone(UTC).date() if query.after else date.min
    last = query.before.astimezone(UTC).date() if query.before else date.max
    bounds = SearchDay.objects.get_bounds(first, last)
    return (0, 0) if bounds is None else (bounds[0], bounds[1] + 1)


def _find_bounds_of_room(room) -> tuple[int, int]:
    """Return (first, end): the ids of the messages of a room. In a room, the ids ascend with the numbers."""
    ids = Message.objects.filter(room=room).values_list("id", flat=True)
    first, last = ids.order_by("number").first(), ids.order_by("-number").first()
    return (0, 0) if first is None else (first, last + 1)


def _read_results(ids, query):
    found = list(Message.objects.complete().select_related("room").filter(id__in=ids).order_by("-id"))
    files = _find_files(found)
    hits = [
        (message, snippet)
        for message in found
        if (snippet := _make_snippet(message, query, files.get(message.id, NO_FILES))) is not None
    ]
    events = rooms.describe_messages([message for message, _ in hits])
    return [Result(message.room, event, snippet) for (message, snippet), event in zip(hits, events, strict=True)]


def _find_files(messages):
    """Return {id of a message: its files}. Run one query for each room with such messages."""
    found = {}
    for room_id in {message.room_id for message in messages}:
        in_room = [message for message in messages if message.room_id == room_id]
        files = find_files(room_id, in_room)
        found.update({message.id: files[message.number] for message in in_room if message.number in files})
    return found


def _make_snippet(message, query, files):
    """Return the snippet of a hit, or None if the message does not match the query any longer."""
    has = {"link": lambda: has_link(message.body), "file": lambda: files.names, "image": lambda: files.has_image}
    if query.has is not None and not has[query.has]():
        return None
    return make_snippet(add_names(message.body, files), query.phrases)

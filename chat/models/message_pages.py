"""
The statements that read messages of a room for a client: the newest ones, changes after an offset, and parts of the
history.

Each function runs at most two statements for any number of messages. Most handshakes of a room run one of these
functions, so their statements are built only once: statements.py gives the reason.
"""

from collections.abc import Sequence

from .messages import Message, Reaction
from .people import Person
from .read_connection import get_read_connection
from .statements import Columns, set_related


def read_newest_messages(room_id: int, before: int | None, limit: int) -> list[Message]:
    """Return at most `limit` messages older than the number `before` (None: the newest ones), the newest first."""
    if before is None:
        return _read(_NEWEST, room_id, limit)
    return _read(_BEFORE, room_id, before, limit)


def read_changed_messages(room_id: int, after: int, limit: int) -> list[Message]:
    """Return at most `limit` messages that changed after an offset, in ascending order of their latest changes."""
    return _read(_CHANGED, room_id, after, limit)


def read_messages_between(room_id: int, first: int, last: int) -> list[Message]:
    """Return the messages with the numbers from `first` to `last`, in ascending order of number."""
    return _read(_BETWEEN, room_id, first, last)


def _read(select: str, *parameters: object) -> list[Message]:
    """Return the messages of a statement with everything that a `message` event contains, as `complete()` does."""
    with get_read_connection().cursor() as cursor:
        cursor.execute(select, parameters)
        people: dict[int, Person] = {}
        messages = [_make_message(row, people) for row in cursor.fetchall()]
        if messages:
            by_id = {message.id: message for message in messages}
            marks = ", ".join(["%s"] * len(by_id))
            cursor.execute(_REACTIONS.format(marks=marks), list(by_id))
            for row in cursor.fetchall():
                reaction = _make_reaction(row, people)
                by_id[reaction.message_id].all_reactions.append(reaction)
    return messages


def _make_message(row: Sequence, people: dict[int, Person]) -> Message:
    values = iter(row)
    message = _MESSAGE.make_row(values)
    message.all_reactions = []
    set_related(message, author=_find_person(message.author_id, values, people))
    return message


def _make_reaction(row: Sequence, people: dict[int, Person]) -> Reaction:
    values = iter(row)
    reaction = _REACTION.make_row(values)
    set_related(reaction, person=_find_person(reaction.person_id, values, people))
    return reaction


def _find_person(person_id, values, people):
    """Return the person of a row. All rows that `_read` returns share one instance for each person."""
    person = people.get(person_id)
    if person is None:
        person = people[person_id] = _PERSON.make_row(values)
    return person


_MESSAGE, _REACTION = Columns(Message, "message"), Columns(Reaction, "reaction")
# Each other attribute of a person is read with one more query.
_PERSON = Columns(Person, "person", "id", "handle", "is_guest")
_IN_ROOM = f"""
    SELECT {_MESSAGE.sql}, {_PERSON.sql}
    FROM chat_message message JOIN chat_person person ON person.id = message.author_id
    WHERE message.room_id = %s
"""
_NEWEST = f"{_IN_ROOM} ORDER BY message.number DESC LIMIT %s"
_BEFORE = f"{_IN_ROOM} AND message.number < %s ORDER BY message.number DESC LIMIT %s"
_CHANGED = f'{_IN_ROOM} AND message."offset" > %s ORDER BY message."offset" LIMIT %s'
_BETWEEN = f"{_IN_ROOM} AND message.number BETWEEN %s AND %s ORDER BY message.number"
_REACTIONS = f"""
    SELECT {_REACTION.sql}, {_PERSON.sql}
    FROM chat_reaction reaction JOIN chat_person person ON person.id = reaction.person_id
    WHERE reaction.message_id IN ({{marks}}) ORDER BY reaction.id
"""

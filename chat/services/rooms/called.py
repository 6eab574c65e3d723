"""
Calls: which people the body of a message calls, by their handles or by `@all` and `@here`.

chat/markup/mentions.py says where a body has names; this module finds the people who have these names. It writes and
publishes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from channels_transport import OUTAGES
from chat.markup import mentions
from chat.models import Member, Message, Person, Room, Visitor, make_handle_key
from chat.services import presence
from chat.services.rights import Action, may

KEYS_PER_QUERY = 500  # SQLite allows 999 parameters


@dataclass
class Called:
    """
    The people whom a body calls.

    - `people`: those whose handles it contains, in the order of the body.
    - `audience`: `all` or `here` if it calls all members, or the people who are present; else None.
    - `present`: the members who are present, for `here`.
    """

    people: list[Person] = field(default_factory=list)
    audience: str | None = None
    present: list[Person] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return the number of references that a message with this body has."""
        return len(self.people) + len(self.present)


def find_called(author: Member, body: str) -> Called:
    """
    Return the people whom a new body calls. If the body has no @, run no query.

    The room says who can call everybody: in the bodies of other people, `@all` and `@here` are plain text.
    """
    called = find_named(author, body)
    if called.audience == Message.HERE:
        called.present = leave_out_named(called, _find_present(author.room))
    return called


def find_named(author: Member, body: str) -> Called:
    """Return the people whom a body calls, with an empty list `present`."""
    keys_of_body = _make_keys(body)
    if not keys_of_body:
        return Called()
    people = _find_people(author.room_id, sorted({key for keys_at in keys_of_body for key in keys_at}))
    called = Called(_choose(keys_of_body, people))
    if may(author.person, Action.CALL_ALL, author.room, author):
        called.audience = _find_audience(keys_of_body, people)
    return called


def leave_out_named(called: Called, people: list[Person]) -> list[Person]:
    """Return `people` without the people whom the body calls by their handles."""
    named = {person.id for person in called.people}
    return [person for person in people if person.id not in named]


def _find_audience(keys_of_body, people):
    """Return `all` or `here` if an @ stands before this word, and not before the handle of a person; else None."""
    found = set()
    for keys_at in keys_of_body:
        first = next((key for key in keys_at if key in people or key in (Message.ALL, Message.HERE)), None)
        if first is not None and first not in people:
            found.add(first)
    return next((audience for audience in (Message.ALL, Message.HERE) if audience in found), None)


def _find_present(room: Room) -> list[Person]:
    try:
        return presence.find_present_people(room.id, room.access == room.BOARD)
    except OUTAGES:
        return []  # the message must be stored, even if it cannot notify the people who are present


def find_handles_in_bodies(messages: list[Message]) -> list[list[str]]:
    """Return the handles that the body of each message calls. The messages are of one room."""
    keys_of_bodies = [_make_keys(message.body) for message in messages]
    all_keys = {key for keys_of_body in keys_of_bodies for keys_at in keys_of_body for key in keys_at}
    people = _find_people(messages[0].room_id, sorted(all_keys)) if all_keys else {}
    return [[person.handle for person in _choose(keys_of_body, people)] for keys_of_body in keys_of_bodies]


def find_people_in_bodies(bodies: list[str]) -> list[list[Person]]:
    """
    Return the people whom each body calls by their handles, in the order of the body. No body may come from a board.
    """
    keys_of_bodies = [_make_keys(body) for body in bodies]
    all_keys = sorted({key for keys_of_body in keys_of_bodies for keys_at in keys_of_body for key in keys_at})
    people = {person.handle_key: person for part in split(all_keys) for person in _find_accounts(part)}
    return [_choose(keys_of_body, people) for keys_of_body in keys_of_bodies]


def _make_keys(body: str) -> list[list[str]]:
    """Return, for each @ that may begin a mention, the keys of the names that may follow it, the longest name first."""
    return [[make_handle_key(name) for name in names_at] for names_at in mentions.find_names(body)]


def _find_people(room_id: int, keys: list[str]) -> dict[str, Person]:
    """Return {key: person} of the people who exist. On a board, prefer its visitor to another person."""
    found: dict[str, Person] = {}
    for part in split(keys):
        found.update((person.handle_key, person) for person in _find_accounts(part))
        visitors = Visitor.objects.filter(board__room_id=room_id, handle_key__in=part).select_related("person")
        found.update((visitor.handle_key, visitor.person) for visitor in visitors)
    return found


def _find_accounts(keys: list[str]) -> Iterable[Person]:
    people = Person.objects.filter(handle_key__in=keys, is_active=True)
    return people.only("id", "handle", "handle_key", "is_guest")


def split(values: list) -> Iterator[list]:
    """Yield the values in parts of at most KEYS_PER_QUERY, each for one query."""
    for start in range(0, len(values), KEYS_PER_QUERY):
        yield values[start : start + KEYS_PER_QUERY]


def _choose(keys_of_body: Iterable[list[str]], people: dict[str, Person]) -> list[Person]:
    """Return the person of the longest existing name at each @. Return each person only once."""
    chosen = (next((people[key] for key in keys_at if key in people), None) for keys_at in keys_of_body)
    return list({person.id: person for person in chosen if person is not None}.values())

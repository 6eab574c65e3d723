"""
Mentions: which people the bodies of messages mention.

This module reads the handles of people and writes nothing. chat/markup/mentions.py says where a body has names.
"""

from collections.abc import Iterable, Iterator

from chat.markup import mentions
from chat.models import Message, Person, Visitor, make_handle_key

LOOKED_UP = 500  # keys in one query; SQLite allows 999 parameters


def find_mentions(messages: list[Message]) -> list[list[str]]:
    """
    Return the handles that each message mentions, in the order of the body. The messages are of one room.

    If no body has an @, run no query. Otherwise run two queries for each LOOKED_UP different names.
    """
    names = [_make_keys(message.body) for message in messages]
    keys = {key for of_message in names for at in of_message for key in at}
    handles = _find_handles(messages[0].room_id, sorted(keys)) if keys else {}
    return [_choose(of_message, handles) for of_message in names]


def _make_keys(body):
    return [[make_handle_key(name) for name in at] for at in mentions.find_names(body)]


def _find_handles(room_id: int, keys: list[str]) -> dict[str, str]:
    """Return {key: handle} of the people who exist. On a board, its visitors come before other people."""
    handles: dict[str, str] = {}
    for some in _split(keys):
        people = Person.objects.filter(handle_key__in=some, is_active=True)
        handles.update(people.values_list("handle_key", "handle"))
        visitors = Visitor.objects.filter(board__room_id=room_id, handle_key__in=some)
        handles.update(visitors.values_list("handle_key", "person__handle"))
    return handles


def _split(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), LOOKED_UP):
        yield keys[start : start + LOOKED_UP]


def _choose(names: Iterable[list[str]], handles: dict[str, str]) -> list[str]:
    """Return the handle of the longest name at each @, each handle once."""
    chosen = (next((handles[key] for key in at if key in handles), None) for at in names)
    return list(dict.fromkeys(handle for handle in chosen if handle is not None))

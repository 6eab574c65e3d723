"""
Mentions: which people the bodies of messages mention.

This module reads the handles of people and writes nothing. chat/markup/mentions.py says where a body has names.
"""

from collections.abc import Iterable, Iterator

from chat.markup import mentions
from chat.models import Message, Person, Visitor, make_handle_key

KEYS_PER_QUERY = 500  # SQLite allows 999 parameters


def find_mentions(messages: list[Message]) -> list[list[str]]:
    """
    Return the handles that each message mentions, in the order of the body. The messages are of one room.

    If no body has an @, run no query. Otherwise run two queries for each KEYS_PER_QUERY different names.
    """
    keys_of_bodies = [_make_keys(message.body) for message in messages]
    all_keys = {key for keys_of_body in keys_of_bodies for keys_at in keys_of_body for key in keys_at}
    handles = _find_handles(messages[0].room_id, sorted(all_keys)) if all_keys else {}
    return [_choose(keys_of_body, handles) for keys_of_body in keys_of_bodies]


def _make_keys(body: str) -> list[list[str]]:
    """Return, for each @ of a body, the keys of the names that may begin there, the longest name first."""
    return [[make_handle_key(name) for name in names_at] for names_at in mentions.find_names(body)]


def _find_handles(room_id: int, keys: list[str]) -> dict[str, str]:
    """Return {key: handle} of the people who exist. On a board, its visitors come before other people."""
    handles: dict[str, str] = {}
    for part in _split(keys):
        people = Person.objects.filter(handle_key__in=part, is_active=True)
        handles.update(people.values_list("handle_key", "handle"))
        visitors = Visitor.objects.filter(board__room_id=room_id, handle_key__in=part)
        handles.update(visitors.values_list("handle_key", "person__handle"))
    return handles


def _split(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), KEYS_PER_QUERY):
        yield keys[start : start + KEYS_PER_QUERY]


def _choose(keys_of_body: Iterable[list[str]], handles: dict[str, str]) -> list[str]:
    """Return the handle of the longest existing name at each @. Return each handle only once."""
    chosen = (next((handles[key] for key in keys_at if key in handles), None) for keys_at in keys_of_body)
    return list(dict.fromkeys(handle for handle in chosen if handle is not None))

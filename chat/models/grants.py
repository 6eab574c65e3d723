"""
Grants: what a token allows. A person with a login session has no grant, and nothing here limits this person.

A request or connection with a token has a Person whose `grant` is set. The services read it there. This module knows no
rights of people: a token never allows more than its person may do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .times import make_aware

READ, POST, ROOMS = "read", "post", "rooms"
SCOPES = (READ, POST, ROOMS)

# The columns of a grant, for a SELECT in which the table of tokens is called `token`. {rooms} is the list of the
# token's rooms as text: the databases have different functions for this.
_COLUMNS = (
    "token.id, token.scopes, token.used_at, token.only_rooms,"
    " (SELECT {rooms} FROM chat_token_rooms limits WHERE limits.token_id = token.id)"
)
GRANT_COLUMNS = {
    "sqlite": _COLUMNS.format(rooms="group_concat(limits.room_id)"),
    "postgresql": _COLUMNS.format(rooms="string_agg(limits.room_id::text, ',')"),
}


@dataclass(frozen=True)
class Grant:
    """
    What one token allows.

    - `scopes`: some of SCOPES;
    - `room_ids`: the rooms that the token reaches; None for all rooms. Rooms that were deleted are missing, so the set
      may be empty;
    - `used_at`: the stored time of the token's last use.
    """

    token_id: int
    scopes: frozenset[str]
    room_ids: frozenset[int] | None
    used_at: datetime | None = None

    def reaches(self, room_id: int) -> bool:
        """Return whether the token reaches a room."""
        return self.room_ids is None or room_id in self.room_ids


def read_grant(values: Iterator[Any]) -> Grant | None:
    """Return the Grant in the next values of a row, one for each column of a grant, or None if there is no token."""
    token_id, scopes, used_at, only_rooms, rooms = (next(values) for _ in range(5))
    if token_id is None:
        return None
    room_ids = frozenset(int(room_id) for room_id in rooms.split(",")) if rooms else frozenset()
    return Grant(token_id, parse_scopes(scopes), room_ids if only_rooms else None, make_aware(used_at))


def parse_scopes(text: str | None) -> frozenset[str]:
    """Return the scopes in a column. Null means every scope: tokens that are older than scopes have null."""
    return frozenset(SCOPES if text is None else text.split())

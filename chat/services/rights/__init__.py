"""
Rights: may a person do an action in a room? `may` answers, from one table.

Every service that lets a person do something in a room, or with a room, asks `may` or `check_may`. Lists of messages
and rooms select by queries what `may` would allow: `rooms.get_readable_rooms`, the search, mentions and the workspace.

Some rules are not about a room, and are elsewhere:

- who may create a room or a profile: accounts, not guests;
- who may use the pages of operators: `operators`;
- who may write to whom: `directs`;
- what the owner of a board decides in its waiting room: `boards`.

This package writes nothing.
"""

from .decisions import check_may, check_not_held, check_visit, find_refusal, has_role_for, may
from .refusals import make_not_found_error
from .standings import get_default_role, get_standing, is_operator
from .table import KINDS, TABLE, WRITES, Action, Standing, get_allowed, get_roles

__all__ = [
    "Action",
    "KINDS",
    "Standing",
    "TABLE",
    "WRITES",
    "check_may",
    "check_not_held",
    "check_visit",
    "find_refusal",
    "get_allowed",
    "get_default_role",
    "get_roles",
    "get_standing",
    "has_role_for",
    "is_operator",
    "make_not_found_error",
    "may",
]

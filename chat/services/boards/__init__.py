"""
Boards: rooms that only a link leads to, with a waiting room where the owner says who comes in.

Every write of boards and visitors is here. All that counts stands in rows; the store only knows who is at the door
right now, and what it forgets costs nobody a right.
"""

from .door import (
    AT_THE_DOOR_SECONDS,
    arrive,
    decide,
    depart,
    get_greeting,
    get_member,
    knock,
    shut,
)
from .places import (
    Visit,
    create_board,
    find_owner,
    find_visit,
    get_board,
    get_visitors,
    is_newcomer,
    make_session_id,
    return_visit,
    sweep_boards,
)

__all__ = [
    "AT_THE_DOOR_SECONDS",
    "Visit",
    "arrive",
    "create_board",
    "decide",
    "depart",
    "find_owner",
    "find_visit",
    "get_board",
    "get_greeting",
    "get_member",
    "get_visitors",
    "is_newcomer",
    "knock",
    "make_session_id",
    "return_visit",
    "shut",
    "sweep_boards",
]

"""
Boards: rooms that people reach only by a link, with a waiting room where the owner admits or refuses visitors.

All writes of boards and visitors are in this package. The package reads every right from the database. The shared
store holds only the visitors' connections to the waiting room. If the store loses them, no visitor loses a right.
"""

from .browsers import is_new_browser, make_session_id
from .decisions import close_board, decide_on_visitor, find_visiting_member, get_member
from .join_requests import request_to_join
from .lifecycle import create_board, get_board, sweep_boards
from .visits import Visit, find_owner, get_visit, get_visitors, recheck_visit
from .waiting_room import (
    CONNECTION_LIFETIME_SECONDS,
    enter_waiting_room,
    get_first_events,
    leave_waiting_room,
)

__all__ = [
    "CONNECTION_LIFETIME_SECONDS",
    "Visit",
    "close_board",
    "create_board",
    "decide_on_visitor",
    "enter_waiting_room",
    "find_owner",
    "find_visiting_member",
    "get_board",
    "get_first_events",
    "get_member",
    "get_visit",
    "get_visitors",
    "is_new_browser",
    "leave_waiting_room",
    "make_session_id",
    "recheck_visit",
    "request_to_join",
    "sweep_boards",
]

"""
Rooms, and what is said in them: every write of rooms, members, messages and reactions is here.

What is stored is published to the room once it has committed. Whoever enters here (socket, API, admin, shell) is heard
in every browser.
"""

from chat.models import look_around

from .changes import (
    MAX_REACTIONS,
    Outcome,
    edit_message,
    post_message,
    record_once,
    remove_as_operator,
    remove_message,
    set_reaction,
)
from .places import (
    create_first_room,
    create_room,
    delete_room,
    find_member,
    find_rooms,
    get_readable_room,
    get_room,
    join_room,
    save_room,
    tell_lobby,
)
from .reading import Backlog, catch_up, describe, get_backlog, get_changes, get_page, mark_read
from .standings import (
    check_may_speak,
    delete_member,
    end_mutes,
    plain_role,
    set_role,
    tell_moderators,
)

__all__ = [
    "Backlog",
    "MAX_REACTIONS",
    "Outcome",
    "catch_up",
    "check_may_speak",
    "create_first_room",
    "create_room",
    "delete_member",
    "delete_room",
    "describe",
    "edit_message",
    "end_mutes",
    "find_member",
    "find_rooms",
    "get_backlog",
    "get_changes",
    "get_page",
    "get_readable_room",
    "get_room",
    "join_room",
    "look_around",
    "mark_read",
    "plain_role",
    "post_message",
    "record_once",
    "remove_as_operator",
    "remove_message",
    "save_room",
    "set_reaction",
    "set_role",
    "tell_lobby",
    "tell_moderators",
]

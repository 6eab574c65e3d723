"""
Rooms, their members and their messages. Every change of a message that takes an offset of its room goes through this
package.

Except during an import, it publishes each stored change to the room after the commit. So a change reaches every
browser, whether a socket, the API, the admin or a command makes the change.
"""

from chat.models import get_join_state, get_news
from chat.services.rights import get_default_role

from .access import (
    find_member,
    find_members,
    find_room,
    find_rooms,
    find_visitor,
    get_readable_room,
    get_room,
    get_room_for,
    join_room,
    lock_room,
    return_to_room,
)
from .addition_changes import change_addition
from .additions import Addition, delete_additions, describe_additions, register_addition, remove_additions
from .called import find_named
from .changes import (
    MAX_REACTIONS,
    edit_message,
    get_editable_message,
    get_present_message,
    post_message,
    register_listener,
    remove_as_operator,
    remove_message,
    set_reaction,
)
from .epochs import renew_epochs
from .first_view import get_first_view
from .history import Version, get_history, make_no_message_error
from .imported import (
    NewMessage,
    Opening,
    begin_imported_room,
    find_newest_time,
    find_next_numbers,
    open_imported_room,
    refresh_imported_room,
    store_imported_messages,
)
from .lifecycle import (
    MAX_SLUG,
    change_address,
    change_room,
    create_first_room,
    create_room,
    delete_own_room,
    delete_room,
    make_hidden_slug,
    notify_lobby,
    save_room,
    set_archived,
    set_callers,
    set_guests,
)
from .memberships import (
    apply_role,
    check_member_may,
    delete_member,
    end_bans_of_browser,
    end_mutes,
    find_members_held_by_browser,
    hold_others_of_browser,
    notify_moderators,
)
from .old_refs import get_refs_kept_seconds, sweep_old_refs
from .pins import MAX_PINS, Pin, get_pins, set_pin
from .readable import ReadableRooms, get_readable_rooms
from .reading import (
    Backlog,
    catch_up,
    describe,
    describe_messages,
    get_backlog,
    get_changes,
    get_page,
    get_page_around,
    get_page_at,
    mark_read,
    preview_body,
)
from .refs import Outcome, change_message, record_once

__all__ = [
    "Addition",
    "Backlog",
    "MAX_PINS",
    "MAX_REACTIONS",
    "MAX_SLUG",
    "NewMessage",
    "Opening",
    "Outcome",
    "Pin",
    "ReadableRooms",
    "Version",
    "apply_role",
    "begin_imported_room",
    "change_addition",
    "change_address",
    "change_message",
    "change_room",
    "catch_up",
    "check_member_may",
    "create_first_room",
    "create_room",
    "delete_additions",
    "delete_member",
    "delete_own_room",
    "delete_room",
    "describe",
    "describe_additions",
    "describe_messages",
    "edit_message",
    "end_bans_of_browser",
    "end_mutes",
    "find_member",
    "find_members",
    "find_members_held_by_browser",
    "find_named",
    "find_newest_time",
    "find_next_numbers",
    "find_room",
    "find_rooms",
    "find_visitor",
    "get_backlog",
    "get_changes",
    "get_default_role",
    "get_editable_message",
    "get_first_view",
    "get_history",
    "get_join_state",
    "get_news",
    "get_page",
    "get_page_around",
    "get_page_at",
    "get_pins",
    "get_present_message",
    "get_readable_room",
    "get_readable_rooms",
    "get_refs_kept_seconds",
    "get_room",
    "get_room_for",
    "hold_others_of_browser",
    "join_room",
    "lock_room",
    "make_hidden_slug",
    "make_no_message_error",
    "mark_read",
    "notify_lobby",
    "notify_moderators",
    "open_imported_room",
    "post_message",
    "preview_body",
    "record_once",
    "refresh_imported_room",
    "register_addition",
    "register_listener",
    "remove_additions",
    "remove_as_operator",
    "remove_message",
    "renew_epochs",
    "return_to_room",
    "save_room",
    "set_archived",
    "set_callers",
    "set_guests",
    "set_pin",
    "set_reaction",
    "store_imported_messages",
    "sweep_old_refs",
]

"""
Refusals: the error of each action for each standing that does not allow the action.

The error `not_found` is the same for all rooms that the person may not know about, and for rooms that do not exist.
"""

from collections.abc import Callable

from chat import protocol
from chat.models import Member, Room
from chat.protocol import ChatError

from .table import OPERATORS, WRITES, Action, Standing, get_allowed

Make = Callable[[], ChatError]


def _make_moderators_error() -> ChatError:
    return ChatError("forbidden", "Only the moderators of this room can do this.")


def _make_owners_error() -> ChatError:
    return ChatError("forbidden", "Only the owners of this room can do this.")


def _make_operators_error() -> ChatError:
    return ChatError("forbidden", "Only operators of this site can do this.")


def _make_authors_error() -> ChatError:
    return ChatError("forbidden", "Only the author of a message and moderators can change it.")


def _make_private_rooms_error() -> ChatError:
    return ChatError("forbidden", "Only a private room can get another address.")


def _make_no_hooks_error() -> ChatError:
    return ChatError("forbidden", "Webhooks are not available in direct conversations and on boards.")


# The errors for people whose standing does not allow an action. Other actions have the error of `_make_owners_error`.
# Each text is in a call of ChatError, where the translators' tools find it.
_FORBIDDEN: dict[Action, Make] = {
    Action.SEE_PEOPLE: lambda: ChatError("forbidden", "Only members of this room can see its members."),
    Action.LEAVE: lambda: ChatError(
        "forbidden", "You cannot leave this room: you are its owner, you are muted, or you are not in it."
    ),
    Action.EDIT_OTHERS: _make_authors_error,
    Action.REMOVE_OTHERS: _make_authors_error,
    Action.PIN: lambda: ChatError("forbidden", "Only the moderators of this room can pin messages."),
    Action.INVITE: lambda: ChatError("forbidden", "Only owners and moderators of this room can invite people."),
    Action.SEE_ROLES: _make_moderators_error,
    Action.SEE_REPORTS: _make_moderators_error,
    Action.SEE_HISTORY: _make_moderators_error,
    Action.SEE_AUDIT: _make_moderators_error,
    Action.MAKE_HOOKS: _make_moderators_error,
    Action.CHANGE_ROLES: _make_moderators_error,
}
# The errors for an action that nobody can do in this kind of room.
_IMPOSSIBLE: dict[tuple[Action, str], Make] = {
    (Action.SCHEDULE, Room.BOARD): lambda: ChatError("forbidden", "Scheduled messages are not available on boards."),
    (Action.REPLY, Room.BOARD): lambda: ChatError("forbidden", "Threads are not available on boards."),
    (Action.START_TASK, Room.BOARD): lambda: ChatError("forbidden", "Tasks are not available on boards."),
    (Action.LEAVE, Room.DIRECT): lambda: ChatError(
        "forbidden", "Nobody can leave a direct conversation. Choose its level 'none' instead."
    ),
    (Action.INVITE, Room.DIRECT): lambda: ChatError(
        "forbidden", "Nobody can join a direct conversation. Open one with more people instead."
    ),
    (Action.INVITE, Room.PUBLIC): lambda: ChatError(
        "forbidden", "This room is public. Send people its address instead."
    ),
    (Action.INVITE, Room.BOARD): lambda: ChatError(
        "forbidden", "Nobody can be invited to a board. Send people its link instead."
    ),
    (Action.CHANGE_ROLES, Room.DIRECT): lambda: ChatError(
        "forbidden", "The people of a direct conversation have no roles."
    ),
    (Action.MAKE_HOOKS, Room.DIRECT): _make_no_hooks_error,
    (Action.MAKE_HOOKS, Room.BOARD): _make_no_hooks_error,
    (Action.SEND_OUT, Room.DIRECT): _make_no_hooks_error,
    (Action.SEND_OUT, Room.BOARD): _make_no_hooks_error,
    (Action.CHANGE_ADDRESS, Room.PUBLIC): _make_private_rooms_error,
    (Action.CHANGE_ADDRESS, Room.DIRECT): _make_private_rooms_error,
    (Action.CHANGE_ADDRESS, Room.BOARD): _make_private_rooms_error,
}
# The errors for all other actions that nobody can do in this kind of room.
_IMPOSSIBLE_IN: dict[str, Make] = {
    Room.DIRECT: lambda: ChatError("forbidden", "This is not available in direct conversations."),
    Room.BOARD: lambda: ChatError("forbidden", "This is not available on boards."),
}


def make_not_found_error() -> ChatError:
    """Return the error for a room that does not exist, or that the person may not know about."""
    return ChatError("not_found", "There is no such room.")


def make_refusal(action: Action, standing: Standing, room: Room, member: Member | None) -> ChatError:
    """
    Return the error for a person who knows the room, but whose standing does not allow an action.

    `member` is the person's Member of the room, or None.
    """
    if standing == Standing.STRANGER:
        return ChatError("not_signed_in", "Sign in, or pick a handle as a guest.")
    if standing == Standing.BANNED:
        return ChatError("forbidden", "You are banned from this room. Ask its moderators to lift the ban.")
    if standing == Standing.SHUT_OUT:
        return ChatError("forbidden", "This room is closed to guests. Create an account to enter it.")
    if action in WRITES and room.archived:
        return ChatError("forbidden", "This room is archived. You can read it, but not write in it.")
    if action in WRITES and standing == Standing.MUTED and member is not None:
        return _make_muted_error(member)
    return _choose(action, room.access)()


def _choose(action: Action, kind: str) -> Make:
    if (action, kind) in _IMPOSSIBLE:
        return _IMPOSSIBLE[action, kind]
    allowed = get_allowed(action, kind)
    if allowed == OPERATORS:
        return _make_operators_error
    return _FORBIDDEN.get(action, _make_owners_error) if allowed else _IMPOSSIBLE_IN[kind]


def _make_muted_error(member: Member) -> ChatError:
    if member.muted_until is None:
        return ChatError("muted", "You are muted in this room: you can read, but not write.")
    return ChatError(
        "muted",
        "You are muted in this room until %(time)s: you can read, but not write.",
        time=protocol.format_time(member.muted_until),
    )

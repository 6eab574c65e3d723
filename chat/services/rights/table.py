"""
The table of rights: which standing allows which action in which kind of room.

This module is data. `decisions` reads the table, and docs/rights.md shows it.
"""

import enum

from chat.models import Member, Room


class _Choice(enum.Enum):
    """An Enum whose hash needs no Python: each value is one object, and the function of Enum would hash its name."""

    __hash__ = object.__hash__


class Standing(_Choice):
    """
    What a person is in a room. A person has exactly one standing in a room; OPERATOR comes in addition.

    For the roles, the value is that of `Member.role`, so queries can use it.
    """

    STRANGER = "stranger"  # not signed in
    OUTSIDER = "outsider"  # signed in, but not a member
    SHUT_OUT = "shut out"  # a guest in a room that is closed to guests
    GUEST = Member.GUEST
    MEMBER = Member.MEMBER
    MUTED = Member.MUTED
    BANNED = Member.BANNED
    MODERATOR = Member.MODERATOR
    OWNER = Member.OWNER
    OPERATOR = "operator"  # may use the admin; the shell is an operator too


class Action(_Choice):
    """Everything that a person can do in a room, or with a room. The value completes the sentence "a person may"."""

    KNOW = "know that the room exists"
    READ = "read the messages, pins and pages"
    ENTER = "connect to the room, and become a member"
    SEARCH = "find messages by the search"
    SEE_PEOPLE = "see the list of members"
    BOOKMARK = "bookmark a message"
    REPORT = "report another person's message"
    TYPE = "publish that they are typing"
    POST = "post a message"
    UPLOAD = "upload a file for a message"
    REPLY = "reply in a thread"
    REACT = "put an emoji on a message, or vote in a poll"
    EDIT_OWN = "edit an own message"
    REMOVE_OWN = "remove an own message"
    CALL_ALL = "call everybody with @all and @here"
    SCHEDULE = "schedule a message or a reminder"
    START_TASK = "export the messages, or count them"
    KEEP = "choose the level and favourite, and move the read marker"
    LEAVE = "leave the room"
    EDIT_OTHERS = "edit another person's message"
    REMOVE_OTHERS = "remove another person's message"
    PIN = "pin a message"
    INVITE = "create, list and revoke invitations"
    SEE_ROLES = "see the roles, bans and mutes of members"
    SEE_REPORTS = "read reports, and decide on them"
    SEE_HISTORY = "read earlier bodies of messages"
    SEE_AUDIT = "read the audit log"
    MAKE_HOOKS = "make, list and change incoming webhooks"
    SEND_OUT = "make, list and change webhooks that send the messages elsewhere"
    CHANGE_ROLES = "mute, ban and readmit people below moderators"
    CHANGE_ALL_ROLES = "give and take every role"
    REMOVE_MEMBER = "delete the membership of a person"
    ADMIT = "give a role to a person who is not in the room"
    CHANGE_ROOM = "change the name and the topic"
    SET_GUESTS = "open the room to guests, or close it"
    SET_CALLERS = "choose who may call everybody"
    ARCHIVE = "archive the room, or restore it"
    CHANGE_ADDRESS = "give the room another address"
    DELETE = "delete the room"


Standings = frozenset[Standing]

NOBODY: Standings = frozenset()
OPERATORS: Standings = frozenset({Standing.OPERATOR})
OWNERS: Standings = frozenset({Standing.OWNER})
MODERATORS: Standings = OWNERS | {Standing.MODERATOR}
# The members who may write. A muted member may not.
WRITERS: Standings = MODERATORS | {Standing.GUEST, Standing.MEMBER}
INSIDE: Standings = WRITERS | {Standing.MUTED}
SIGNED_IN: Standings = INSIDE | {Standing.OUTSIDER}
# Members know the room, even if they are banned, or are guests and the room is closed to guests now.
FORMER: Standings = INSIDE | {Standing.BANNED, Standing.SHUT_OUT}
EVERYBODY: Standings = SIGNED_IN | FORMER | {Standing.STRANGER}
LEAVERS: Standings = frozenset({Standing.GUEST, Standing.MEMBER, Standing.MODERATOR})

KINDS = (Room.PUBLIC, Room.PRIVATE, Room.DIRECT, Room.BOARD)

# Notes on single cells:
# - People enter a board's room by the link of the board. The slug leads nobody to the room: see `rooms.get_room_for`.
# - A visitor of a board may have no login, and could then fetch neither the result of a task nor a scheduled message.
# - An owner cannot leave, because the room needs an owner. A muted member cannot leave, because a return would end the
#   mute. Nobody joins or leaves a direct conversation.
# - An outgoing webhook reads every message. So not even an operator may make one in a room of other people.
# - Operators read reports, also of direct conversations, which have no moderators. They do not read what nobody
#   reported in a direct conversation, so they may not read its earlier bodies.
TABLE: dict[Action, tuple[Standings, Standings, Standings, Standings]] = {
    # action                   public                  private                 direct      board
    Action.KNOW: (EVERYBODY, FORMER, FORMER, FORMER),
    Action.READ: (SIGNED_IN, INSIDE, INSIDE, INSIDE),
    Action.ENTER: (SIGNED_IN, INSIDE, INSIDE, INSIDE),
    Action.SEARCH: (SIGNED_IN, INSIDE, INSIDE, NOBODY),
    Action.SEE_PEOPLE: (INSIDE, INSIDE, INSIDE, NOBODY),
    Action.BOOKMARK: (SIGNED_IN, INSIDE, INSIDE, NOBODY),
    Action.REPORT: (SIGNED_IN, INSIDE, INSIDE, NOBODY),
    Action.TYPE: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.POST: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.UPLOAD: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.REPLY: (WRITERS, WRITERS, WRITERS, NOBODY),
    Action.REACT: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.EDIT_OWN: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.REMOVE_OWN: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.CALL_ALL: (WRITERS, WRITERS, WRITERS, WRITERS),
    Action.SCHEDULE: (INSIDE, INSIDE, INSIDE, NOBODY),
    Action.START_TASK: (INSIDE, INSIDE, INSIDE, NOBODY),
    Action.KEEP: (INSIDE, INSIDE, INSIDE, INSIDE),
    Action.LEAVE: (LEAVERS, LEAVERS, NOBODY, NOBODY),
    Action.EDIT_OTHERS: (MODERATORS, MODERATORS, MODERATORS, MODERATORS),
    Action.REMOVE_OTHERS: (MODERATORS, MODERATORS, MODERATORS, MODERATORS),
    Action.PIN: (MODERATORS, MODERATORS, MODERATORS, MODERATORS),
    Action.INVITE: (NOBODY, MODERATORS, NOBODY, NOBODY),
    Action.SEE_ROLES: (MODERATORS | OPERATORS, MODERATORS | OPERATORS, OPERATORS, OPERATORS),
    Action.SEE_REPORTS: (MODERATORS | OPERATORS, MODERATORS | OPERATORS, OPERATORS, OPERATORS),
    Action.SEE_HISTORY: (MODERATORS | OPERATORS, MODERATORS | OPERATORS, NOBODY, OPERATORS),
    Action.SEE_AUDIT: (MODERATORS | OPERATORS, MODERATORS | OPERATORS, OPERATORS, OPERATORS),
    Action.MAKE_HOOKS: (MODERATORS, MODERATORS, NOBODY, NOBODY),
    Action.SEND_OUT: (OWNERS, OWNERS, NOBODY, NOBODY),
    Action.CHANGE_ROLES: (MODERATORS | OPERATORS, MODERATORS | OPERATORS, NOBODY, OPERATORS),
    Action.CHANGE_ALL_ROLES: (OWNERS | OPERATORS, OWNERS | OPERATORS, NOBODY, OPERATORS),
    Action.REMOVE_MEMBER: (OPERATORS, OPERATORS, OPERATORS, OPERATORS),
    Action.ADMIT: (MODERATORS | OPERATORS, OPERATORS, NOBODY, OPERATORS),
    Action.CHANGE_ROOM: (OWNERS | OPERATORS, OWNERS | OPERATORS, OPERATORS, NOBODY),
    Action.SET_GUESTS: (OWNERS | OPERATORS, OWNERS | OPERATORS, OPERATORS, NOBODY),
    Action.SET_CALLERS: (OWNERS | OPERATORS, OWNERS | OPERATORS, NOBODY, NOBODY),
    Action.ARCHIVE: (OWNERS | OPERATORS, OWNERS | OPERATORS, OPERATORS, NOBODY),
    Action.CHANGE_ADDRESS: (NOBODY, OWNERS | OPERATORS, NOBODY, NOBODY),
    Action.DELETE: (OWNERS | OPERATORS, OWNERS | OPERATORS, OPERATORS, NOBODY),
}

# Nobody may do these actions in an archived room.
WRITES = frozenset(
    {
        Action.POST,
        Action.UPLOAD,
        Action.REPLY,
        Action.REACT,
        Action.EDIT_OWN,
        Action.EDIT_OTHERS,
        Action.REMOVE_OWN,
        Action.REMOVE_OTHERS,
        Action.PIN,
        Action.CALL_ALL,
    }
)
# The room itself says which of the standings in the row of CALL_ALL may call everybody.
CALLERS: dict[str, Standings] = {
    Room.EVERYONE: WRITERS,
    Room.MODERATORS: MODERATORS,
    Room.OWNERS: OWNERS,
    Room.NOBODY: NOBODY,
}


def get_allowed(action: Action, kind: str) -> Standings:
    """Return the standings that allow an action in a room of a kind (a value of `Room.access`)."""
    return TABLE[action][KINDS.index(kind)]


def is_for_operators(action: Action) -> bool:
    """Return whether operators can do an action in at least one kind of room without a role in it."""
    return any(Standing.OPERATOR in allowed for allowed in TABLE[action])


def get_roles(action: Action, kind: str) -> list[str]:
    """Return the roles that allow an action in a room of a kind, for queries that select members by `role`."""
    allowed = get_allowed(action, kind)
    return [role for role, _ in Member.ROLES if Standing(role) in allowed]

"""
The scope that a token needs for each type of event, on a room's connection and on a person's own stream.

Every type of event has an entry: a type without an entry is refused to tokens. This module only contains data.
"""

from chat.models import POST, READ, ROOMS

# To edit or remove a message of another person, a token also needs ROOMS: see chat/services/rooms/changes.py.
ROOM_SCOPES = {
    "post": POST,
    "edit": POST,
    "remove": POST,
    "react": POST,
    "pin": ROOMS,
    "typing": POST,
    "read": POST,
    "sync": READ,
    "fetch": READ,
    "start": READ,
    "schedule": POST,
    "dismiss": POST,
    # A command needs the scopes of what it does, too: see chat/services/commands/registry.py.
    "command": POST,
    "vote": POST,
    "close_poll": POST,
    "remind": POST,
}

STREAM_SCOPES = {
    "sync": READ,
    "level": POST,
    "read": POST,
    "read_all": POST,
    "favourite": POST,
    "dismiss": POST,
}

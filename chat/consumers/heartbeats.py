"""
Answer the heartbeats of many rooms' sockets at once. An interface has gathered them in one message.

A heartbeat is answered here if `_sync` in `frames.py` would only renew leases and answer `synced`. All others are
passed on, one by one, and `_sync` answers them. So this module sends no backlog, adds nothing to a group or a roster,
and closes no socket. The limit of a person's frames does not count these heartbeats: an interface gathers at most one
in 15 s of each socket.
"""

import logging

from channels_transport import OUTAGES, GatheredFrames, LogThrottle, count
from chat import broadcast, protocol
from chat.connections import Connection
from chat.services import access, presence

from .admission import get_groups
from .frames import parse_frame

throttle = LogThrottle(logging.getLogger(__name__))


def answer_heartbeats(message):
    """
    Answer the heartbeats of sockets for which nothing has changed, and renew their leases.

    The number of statements and of trips to Redis is the same for any number of sockets.
    """
    gathered = GatheredFrames(message)
    try:
        texts = _answer(gathered.frames)
    except OUTAGES as outage:
        throttle.warning("Heartbeats cannot be answered together for now: %s", outage)
        texts = {}
    count("events", ("sync",), len(texts))
    gathered.answer(texts)


def _answer(frames):
    """Return {reply channel: the answer} of the heartbeats that need no more than that."""
    cursors = _read_cursors(frames)
    connections = [Connection(channel, session, session["address"]) for channel, _, session in frames]
    speaking = access.find_speaking_members(connection for connection in connections if connection.name in cursors)
    current = [pair for pair in speaking if cursors[pair[0].name] == pair[1].room.offset]
    if not current:
        return {}
    lapsed = set(broadcast.resubscribe_many({connection.name: get_groups(connection) for connection, _ in current}))
    present = presence.touch_all(current)
    return {
        connection.name: protocol.encode(protocol.synced(member.room.offset, more=False))
        for connection, member in current
        if connection.name in present and connection.name not in lapsed
    }


def _read_cursors(frames):
    """Return {reply channel: the cursor of its `sync`} of the sockets that are in a room."""
    cursors = {}
    for channel, text, session in frames:
        if "member" in session:
            event, _ = parse_frame(text, {"sync": protocol.EVENTS["sync"]})
            if event is not None:
                cursors[channel] = event.cursor
    return cursors

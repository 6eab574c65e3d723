"""
Answer the heartbeats of many sockets at once. An interface has gathered them in one message.

A heartbeat is answered here if `_sync` in `frames.py` or in `me.py` would only renew leases and answer `synced`. All
others are passed on, one by one, and `_sync` answers them. So this module sends no backlog, adds nothing to a group or
a roster, and closes no socket. The limit of a person's frames does not count these heartbeats: an interface gathers at
most one in 15 s of each socket.
"""

import logging

from channels_transport import OUTAGES, GatheredFrames, LogThrottle, count
from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import may_be_cut_off
from chat.services import access, limits, presence, workspace

from . import admission, me
from .frames import parse_frame

throttle = LogThrottle(logging.getLogger(__name__))

ROOM_EVENTS = {"sync": protocol.EVENTS["sync"]}
STREAM_EVENTS = {"sync": protocol.WORKSPACE_EVENTS["sync"]}


def answer_heartbeats(message):
    """
    Answer the heartbeats of sockets for which nothing has changed, and renew their leases.

    The number of statements and of trips to Redis is the same for any number of sockets.
    """
    gathered = GatheredFrames(message)
    try:
        texts = {**_answer_rooms(gathered.frames), **_answer_streams(gathered.frames)}
    except OUTAGES as outage:
        throttle.warning("Heartbeats cannot be answered together for now: %s", outage)
        texts = {}
    count("events", ("sync",), len(texts))
    gathered.answer(texts)


def _read_heartbeats(frames, key, events):
    """Return ([the connections whose session has this key], {reply channel: the event}) of valid heartbeats."""
    connections, found = [], {}
    for channel, text, session in frames:
        if key in session:
            event, _ = parse_frame(text, events)
            if event is not None:
                connections.append(Connection(channel, session, session["address"]))
                found[channel] = event
    return connections, found


def _answer_rooms(frames):
    """Return {reply channel: the answer} of the heartbeats of rooms that need no more than that."""
    connections, events = _read_heartbeats(frames, "member", ROOM_EVENTS)
    speaking = access.find_speaking_members(connections)
    current = [pair for pair in speaking if events[pair[0].name].cursor == pair[1].room.offset]
    if not current:
        return {}
    memberships = {connection.name: admission.get_groups(connection) for connection, _ in current}
    renewed = presence.touch_all(current) - set(broadcast.resubscribe_many(memberships))
    return {
        connection.name: protocol.encode(protocol.synced(member.room.offset, more=False))
        for connection, member in current
        if connection.name in renewed
    }


def _answer_streams(frames):
    """Return {reply channel: the answer} of the heartbeats of people's own streams that need no more than that."""
    connections, events = _read_heartbeats(frames, "rooms", STREAM_EVENTS)
    # The heartbeat of an active person delays pushes. Of many rooms, `_sync` reads a limited number.
    eligible = [
        connection
        for connection in connections
        if not events[connection.name].active and not may_be_cut_off(connection.session["rooms"])
    ]
    speaking = access.find_speaking_people(eligible)
    posts = workspace.get_posts_of_all({person.id for _, person in speaking}) if speaking else {}
    current = [
        (person.id, connection)
        for connection, person in speaking
        if person.id in posts and me.is_current(connection.session, posts[person.id], events[connection.name])
    ]
    if not current:
        return {}
    memberships = {connection.name: me.get_groups(connection) for _, connection in current}
    renewed = limits.renew_sockets(current) - set(broadcast.resubscribe_many(memberships))
    return dict.fromkeys(renewed, protocol.encode(protocol.workspace_synced()))

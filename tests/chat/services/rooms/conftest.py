"""Fixtures for the tests of rooms: the events that a room receives, and its members."""

import pytest

from chat import broadcast
from chat.services import rooms
from tests import wire


@pytest.fixture
def read_events(room):
    """Return a function that returns the events published to `garden` and the lobby since its last call."""
    socket = wire.Socket("/nowhere/")
    broadcast.subscribe(socket.channel, [broadcast.room_group(room.id), broadcast.LOBBY_GROUP])
    socket.read()
    return socket.read


@pytest.fixture
def member_of(room):
    """Return a function that returns a person's Member of `garden`, with a role if one is given."""

    def member_of(person, role=None):
        member = rooms.join_room(person, "garden")
        if role is not None:
            rooms.apply_role(member, role)
            member.role = role
        return member

    return member_of
